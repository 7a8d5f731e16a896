import type { Batch, BatchWindow, SourceRecord } from './batch.js';
import { STATE_BYTES_MAX, WINDOW_IDLE_MS } from './settings.js';

/** An open window as it is stored with a shard's position. */
export interface SavedWindow {
  startMs: number;
  /** JSON of an object. */
  state: string;
  /** The last record that an invocation of the window has had. */
  last?: { sequenceNumber: string; arrivalMs: number };
  /** The state has become too large: the window ends with its next invocation. */
  isTerminatedEarly?: true;
}

/**
 * The windows of one lane, one open at a time, aligned to the clock. A record belongs to the window that its arrival falls
 * into, or to the open one when that has come and gone.
 */
export class Tumbling {
  readonly #sizeMs: number;
  #open: SavedWindow | undefined;

  constructor(sizeMs: number, saved?: SavedWindow) {
    this.#sizeMs = sizeMs;
    this.#open = saved;
  }

  get open(): SavedWindow | undefined {
    return this.#open;
  }

  /** When the open window is over though nothing comes any more. */
  get closesAtMs(): number | undefined {
    if (this.#open === undefined) return undefined;
    if (this.#open.isTerminatedEarly) return Number.NEGATIVE_INFINITY;
    return this.#open.startMs + this.#sizeMs + WINDOW_IDLE_MS;
  }

  /** What the final invocation is told, when the open window is over. `next` = the record that waits, if any. */
  final(next: SourceRecord | undefined, isEnded: boolean, nowMs: number): BatchWindow | undefined {
    if (this.#open === undefined) return undefined;
    const isPassed = next !== undefined && !this.holds(next);
    const isIdle = next === undefined && (isEnded || nowMs >= (this.closesAtMs ?? 0));
    if (!isPassed && !isIdle && !this.#open.isTerminatedEarly) return undefined;
    return { ...this.current(), isFinal: true };
  }

  /** Opens the record's window, unless one is open. */
  enter({ arrivalMs }: SourceRecord): void {
    this.#open ??= { startMs: Math.floor(arrivalMs / this.#sizeMs) * this.#sizeMs, state: '{}' };
  }

  /** Whether a record belongs to the open window. */
  holds({ arrivalMs }: SourceRecord): boolean {
    return this.#open !== undefined && arrivalMs < this.#open.startMs + this.#sizeMs;
  }

  current(): BatchWindow {
    if (this.#open === undefined) throw new Error('No window is open.');
    const { startMs, state, isTerminatedEarly = false } = this.#open;
    return { startMs, endMs: startMs + this.#sizeMs, state, isFinal: false, isTerminatedEarly };
  }

  /** An invocation went well, at least in part, and gave this state back. */
  answered({ records, window }: Batch, state: string): void {
    if (window?.isFinal) {
      this.close();
      return;
    }
    if (this.#open === undefined) return;
    const last = records.at(-1) ?? this.#open.last;
    this.#open = {
      startMs: this.#open.startMs,
      state,
      ...(last && { last: { sequenceNumber: last.sequenceNumber, arrivalMs: last.arrivalMs } }),
      ...(Buffer.byteLength(state) > STATE_BYTES_MAX && { isTerminatedEarly: true as const }),
    };
  }

  close(): void {
    this.#open = undefined;
  }
}
