import { closeSync, existsSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Reject, RejectReason } from './rejects.js';

/** Held back so that a file of nothing but bad rows is not a write a row. */
const HELD_CHARS_MAX = 64 * 1024;

/** Rows that could not be loaded, as JSON lines `{line, reason, column?, text}`. The file is there once there is one. */
export class RejectFile {
  readonly path: string;
  readonly byReason: Partial<Record<RejectReason, number>>;
  #file: number | undefined;
  #held = '';
  #bytes: number;

  /** @param before how much of an earlier run's file counts, and what is in that; what is behind is written again */
  constructor(path: string, before?: { bytes: number; byReason: Partial<Record<RejectReason, number>> }) {
    this.path = path;
    this.#bytes = before?.bytes ?? 0;
    this.byReason = { ...before?.byReason };
  }

  /** Takes away what an earlier run has written behind its checkpoint. */
  begin(): void {
    if (!existsSync(this.path)) this.#bytes = 0;
    if (this.#bytes > 0) this.#open();
    else rmSync(this.path, { force: true });
  }

  add(reject: Reject): void {
    this.byReason[reject.reason] = (this.byReason[reject.reason] ?? 0) + 1;
    this.#held += `${JSON.stringify(reject)}\n`;
    if (this.#held.length > HELD_CHARS_MAX) this.flush();
  }

  /** Its length, with everything that was added. */
  flush(): number {
    if (this.#held !== '') {
      this.#bytes += writeSync(this.#open(), this.#held, this.#bytes);
      this.#held = '';
    }
    return this.#bytes;
  }

  close(): void {
    this.flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    if (this.#file === undefined) {
      this.#file = openSync(this.path, this.#bytes > 0 ? 'r+' : 'w', 0o600);
      ftruncateSync(this.#file, this.#bytes);
    }
    return this.#file;
  }
}
