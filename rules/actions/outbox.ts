/**
 * Where messages end whose actions failed: one JSON line each, on disk before `put` resolves.
 *
 *     <dir>/errors-00000001.ndjson     line = {"key": object key of the error action, "message": ErrorMessage}
 *
 * Lines that come while a sync is under way share the next one. A new process begins a new segment, so a line torn by a
 * crash stays the last of its segment.
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { PitwallError } from '#wire/errors.js';
import type { ActionFailure } from './action.js';

/** The error action's message, as AWS IoT documents it (iot-sql §8). */
export interface ErrorMessage {
  ruleName: string;
  topic: string;
  cloudwatchTraceId: string;
  clientId: string;
  base64OriginalPayload: string;
  failures: ActionFailure[];
}

/** A durable sink. `key` is the error action's substituted object key. */
export interface ErrorSink {
  /** Resolves when the message survives a crash; rejects when it cannot be kept. */
  put(key: string, message: ErrorMessage): Promise<void>;
}

export interface OutboxLimits {
  /** Bound over all segments, those of earlier processes included. Default 256 MiB. */
  bytesMax?: number;
  /** A segment that has reached this is followed by another. Default 8 MiB. */
  segmentBytes?: number;
}

export interface OutboxStats {
  /** Lines written by this process. */
  written: number;
  /** Bytes on disk, all segments. */
  bytes: number;
  refused: { full: number; store: number };
}

const MIB = 1024 * 1024;
const SEGMENT = /^errors-(\d{8})\.ndjson$/;

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Opens the outbox in a folder, which is made if it is not there.
 *
 * @example const outbox = openOutbox('.pitwall/iot/outbox');
 * @throws PitwallError `PW-OUTBOX-STORE` when the folder cannot be made or read
 */
export function openOutbox(dir: string, limits: OutboxLimits = {}): Outbox {
  const found = { lastSegment: 0, bytes: 0 };
  try {
    mkdirSync(dir, { recursive: true });
    for (const name of readdirSync(dir)) {
      const match = SEGMENT.exec(name);
      if (match === null) continue;
      found.lastSegment = Math.max(found.lastSegment, Number(match[1]));
      found.bytes += statSync(join(dir, name)).size;
    }
  } catch (cause) {
    throw new PitwallError('PW-OUTBOX-STORE', { what: `The outbox ${dir} cannot be opened.`, cause });
  }
  return new Outbox(dir, limits, found);
}

export class Outbox implements ErrorSink {
  readonly #dir: string;
  readonly #bytesMax: number;
  readonly #segmentBytes: number;
  #segment: number;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #bytes: number;
  #written = 0;
  #refused = { full: 0, store: 0 };
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(dir: string, limits: OutboxLimits, found: { lastSegment: number; bytes: number }) {
    this.#dir = dir;
    this.#bytesMax = limits.bytesMax ?? 256 * MIB;
    this.#segmentBytes = limits.segmentBytes ?? 8 * MIB;
    this.#segment = found.lastSegment;
    this.#bytes = found.bytes;
  }

  /** @throws PitwallError `PW-OUTBOX-FULL`, `PW-OUTBOX-STORE` */
  async put(key: string, message: ErrorMessage): Promise<void> {
    const line = `${JSON.stringify({ key, message })}\n`;
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#bytesMax) {
      this.#refused.full++;
      throw new PitwallError('PW-OUTBOX-FULL', {
        what: `The outbox ${this.#dir} holds ${this.#bytes} bytes; it may hold ${this.#bytesMax}.`,
        fix: 'Cure what makes the actions fail, then replay or remove the oldest segments.',
      });
    }
    this.#bytes += bytes;
    const stored = new Promise<void>((resolve, reject) => this.#waiting.push({ line, resolve, reject }));
    this.#writing ??= this.#write();
    return stored;
  }

  stats(): OutboxStats {
    return { written: this.#written, bytes: this.#bytes, refused: { ...this.#refused } };
  }

  /** Writes what is waiting and closes the segment. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const text = group.map(({ line }) => line).join('');
      try {
        const file = await this.#current();
        await file.appendFile(text);
        await file.datasync();
        this.#fileBytes += Buffer.byteLength(text);
        this.#written += group.length;
        for (const { resolve } of group) resolve();
      } catch (cause) {
        await this.#abandonGroup(group, text, cause);
      }
    }
    this.#writing = undefined;
  }

  /** The segment may now end in part of a line: the next group begins another. */
  async #abandonGroup(group: Waiting[], text: string, cause: unknown): Promise<void> {
    this.#bytes -= Buffer.byteLength(text);
    this.#refused.store += group.length;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
    const error = new PitwallError('PW-OUTBOX-STORE', { what: `The outbox ${this.#dir} cannot be written.`, cause });
    for (const { reject } of group) reject(error);
  }

  async #current(): Promise<FileHandle> {
    if (this.#file !== undefined && this.#fileBytes < this.#segmentBytes) return this.#file;
    await this.#file?.close();
    this.#file = undefined;
    this.#segment++;
    const name = `errors-${String(this.#segment).padStart(8, '0')}.ndjson`;
    this.#file = await open(join(this.#dir, name), 'ax', 0o600);
    this.#fileBytes = 0;
    return this.#file;
  }
}
