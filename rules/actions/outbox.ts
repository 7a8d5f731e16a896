/**
 * Where messages end whose actions failed: one JSON line each, on disk before `put` resolves.
 *
 *     <dir>/errors-00000001.ndjson     line = KeptMessage
 *     <dir>/errors-00000001.replayed   line = offset of a line of the segment that needs no replay any more
 *
 * Lines that come while a sync is under way share the next one. A new process begins a new segment, so a line torn by a
 * crash stays the last of its segment. A segment that is replayed whole is removed, its marks with it.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PitwallError } from '#wire/errors.js';
import type { MqttProperties } from '../sql/evaluation.js';
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

/** A line of the outbox. */
export interface KeptMessage {
  /** Object key of the error action, substituted. */
  key: string;
  message: ErrorMessage;
  /** What AWS's document does not say and a replay needs, so that the statement sees the message as it was. */
  replay: { clientId: string; principal: string; timestampMs: number; sourceIp?: string } & MqttProperties;
}

/** A durable sink. */
export interface ErrorSink {
  /** Resolves when the message survives a crash; rejects when it cannot be kept. */
  put(kept: KeptMessage): Promise<void>;
}

/** A closed segment, as whoever replays it finds it. */
export interface OutboxSegment {
  number: number;
  path: string;
  marksPath: string;
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
const MARKS = /^errors-(\d{8})\.replayed$/;
const fileOf = (segment: number, ending: string) => `errors-${String(segment).padStart(8, '0')}.${ending}`;

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
    const names = readdirSync(dir);
    for (const name of names) {
      const match = SEGMENT.exec(name) ?? MARKS.exec(name);
      if (match === null) continue;
      const [, number] = match;
      found.lastSegment = Math.max(found.lastSegment, Number(number));
      const path = join(dir, name);
      if (name.endsWith('.ndjson')) found.bytes += statSync(path).size;
      // Left where a crash came between the removals: they must not speak of another segment of that number.
      else if (!names.includes(fileOf(Number(number), 'ndjson'))) rmSync(path);
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
  /** Segments up to this one are closed for good. */
  #closedUpTo: number;
  #file: FileHandle | undefined;
  #fileBytes = 0;
  #bytes: number;
  #written = 0;
  #refused = { full: 0, store: 0 };
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Who waits for the present segment to be closed. */
  #ending: (() => void)[] = [];

  constructor(dir: string, limits: OutboxLimits, found: { lastSegment: number; bytes: number }) {
    this.#dir = dir;
    this.#bytesMax = limits.bytesMax ?? 256 * MIB;
    this.#segmentBytes = limits.segmentBytes ?? 8 * MIB;
    this.#segment = found.lastSegment;
    this.#closedUpTo = found.lastSegment;
    this.#bytes = found.bytes;
  }

  /** @throws PitwallError `PW-OUTBOX-FULL`, `PW-OUTBOX-STORE` */
  async put(kept: KeptMessage): Promise<void> {
    const line = `${JSON.stringify(kept)}\n`;
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

  /** Segments that nothing is added to any more, oldest first; what is kept from now on goes to another. */
  async closedSegments(): Promise<OutboxSegment[]> {
    await this.close();
    return readdirSync(this.#dir)
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .filter((number) => number <= this.#closedUpTo)
      .sort((a, b) => a - b)
      .map((number) => ({
        number,
        path: join(this.#dir, fileOf(number, 'ndjson')),
        marksPath: join(this.#dir, fileOf(number, 'replayed')),
      }));
  }

  /** Removes a closed segment: nothing in it needs a replay. */
  async remove({ path, marksPath }: OutboxSegment): Promise<void> {
    const { size } = await stat(path);
    await rm(path);
    await rm(marksPath, { force: true });
    this.#bytes -= size;
  }

  /** Closes the segment after what is being written; what comes later begins another. */
  async close(): Promise<void> {
    if (this.#writing === undefined) await this.#endSegment();
    else await new Promise<void>((resolve) => this.#ending.push(resolve));
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
      if (this.#ending.length > 0) {
        await this.#endSegment().catch(() => {});
        for (const resolve of this.#ending.splice(0)) resolve();
      }
    }
    this.#writing = undefined;
  }

  /** The segment may now end in part of a line: the next group begins another. */
  async #abandonGroup(group: Waiting[], text: string, cause: unknown): Promise<void> {
    this.#bytes -= Buffer.byteLength(text);
    this.#refused.store += group.length;
    await this.#endSegment().catch(() => {});
    const error = new PitwallError('PW-OUTBOX-STORE', { what: `The outbox ${this.#dir} cannot be written.`, cause });
    for (const { reject } of group) reject(error);
  }

  async #current(): Promise<FileHandle> {
    if (this.#file !== undefined && this.#fileBytes < this.#segmentBytes) return this.#file;
    await this.#endSegment();
    this.#segment++;
    this.#file = await open(join(this.#dir, fileOf(this.#segment, 'ndjson')), 'ax', 0o600);
    this.#fileBytes = 0;
    return this.#file;
  }

  async #endSegment(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#closedUpTo = this.#segment;
    await file?.close();
  }
}
