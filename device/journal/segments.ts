import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from '../files.js';
import { errorCode } from '../wire/errors.js';
import type { Boot } from '../wire/identity.js';
import type { Log } from '../wire/log.js';
import type { StoredRecord } from './record.js';
import { Segment } from './segment.js';

export interface SegmentsOptions {
  dir: string;
  fsync: 'group' | 'none';
  lossWindowMs: number;
  maxBytes: number;
  segmentBytes: number;
  log: Log;
  /** A segment is given up to make room; what it still holds is to be dropped. */
  onDrop: (segment: Segment) => void;
}

const NAME = /^(\d{8,})\.seg$/;

/** The files of a journal: one is written, sealed ones wait until nothing in them is needed, the oldest goes when full. */
export class Segments {
  /** Bytes in all files. */
  bytes = 0;
  readonly #options: SegmentsOptions;
  /** Oldest first; the last one is written. */
  readonly #all: Segment[] = [];
  #nextNumber = 1;
  #flushTimer: NodeJS.Timeout | undefined;

  constructor(options: SegmentsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#all.length;
  }

  /** Boots that have a segment. */
  get boots(): Set<string> {
    return new Set(this.#all.map(({ bootText }) => bootText));
  }

  /** What earlier runs left, oldest first. A file without a whole header has no record and is left as it is. */
  *recover(): Generator<{ segment: Segment; records: StoredRecord[]; damagedBytes: number }> {
    const found = readdirSync(this.#options.dir)
      .map((name) => ({ name, number: Number(NAME.exec(name)?.[1]) }))
      .filter(({ number }) => number > 0)
      .sort((a, b) => a.number - b.number);
    for (const { name, number } of found) {
      this.#nextNumber = number + 1;
      const recovered = Segment.recover(join(this.#options.dir, name), number);
      if (!recovered) continue;
      this.#all.push(recovered.segment);
      this.bytes += recovered.segment.bytes;
      yield recovered;
    }
  }

  /** Appends to the newest segment, which it returns; undefined when the disk refuses even after room was made. */
  write(bytes: Uint8Array, boot: Boot): Segment | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        const segment = this.#writable(bytes.length, boot);
        segment.append(bytes);
        this.bytes += bytes.length;
        if (this.#options.fsync === 'group') this.#flushSoon();
        return segment;
      } catch (error) {
        this.#logError('write', error);
        // A full disk: the oldest data makes room for the newest, once.
        if (attempt > 1 || errorCode(error) !== 'ENOSPC' || !this.#dropOldest()) return undefined;
      }
    }
  }

  /** Gives up the oldest until the bound is kept. */
  enforceBound(): void {
    while (this.bytes > this.#options.maxBytes && this.#dropOldest());
  }

  /** Removes the segment if nothing in it is needed any more and it is not the one that is written. */
  removeIfSpent(segment: Segment): void {
    if (segment.live === 0 && !segment.isOpen) this.#remove(segment);
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushTimer);
    // A copy: removing takes segments out of the list.
    for (const segment of this.#all.slice()) {
      if (segment.live === 0) this.#remove(segment);
      await segment.seal(this.#options.fsync === 'group');
      await segment.closeReader();
    }
  }

  #writable(moreBytes: number, boot: Boot): Segment {
    const { dir, fsync, segmentBytes } = this.#options;
    const last = this.#all.at(-1);
    if (last?.isOpen && last.bytes + moreBytes <= segmentBytes) return last;
    if (last?.isOpen) this.#retire(last);
    const number = this.#nextNumber++;
    const segment = Segment.create(join(dir, `${String(number).padStart(8, '0')}.seg`), number, boot);
    this.#all.push(segment);
    this.bytes += segment.bytes;
    if (fsync === 'group') syncFolder(dir);
    return segment;
  }

  /** Nothing is appended to it any more. */
  #retire(segment: Segment): void {
    if (segment.live === 0) this.#remove(segment);
    else
      this.#inBackground(
        'seal',
        segment.seal(this.#options.fsync === 'group').then(() => this.removeIfSpent(segment)),
      );
  }

  /** False when there is none but the one that is written. */
  #dropOldest(): boolean {
    if (this.#all.length < 2) return false;
    const [oldest] = this.#all;
    this.#options.onDrop(oldest);
    this.#remove(oldest);
    return true;
  }

  #remove(segment: Segment): void {
    const index = this.#all.indexOf(segment);
    if (index < 0) return;
    this.#all.splice(index, 1);
    this.bytes -= segment.bytes;
    this.#inBackground('remove', segment.remove());
  }

  /** Group commit: one flush for all that was written within the window, the next one only after it ended. */
  #flushSoon(): void {
    if (this.#flushTimer) return;
    this.#flushTimer = setTimeout(() => this.#inBackground('flush', this.#flush()), this.#options.lossWindowMs / 2);
    this.#flushTimer.unref();
  }

  async #flush(): Promise<void> {
    const segment = this.#all.at(-1);
    const bytes = segment?.bytes;
    try {
      await segment?.sync();
    } finally {
      this.#flushTimer = undefined;
      if (segment?.isOpen && segment.bytes !== bytes) this.#flushSoon();
    }
  }

  #inBackground(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#logError(what, error));
  }

  #logError(what: string, error: unknown): void {
    this.#options.log.error(`journal: ${what} failed`, { dir: this.#options.dir, error: errorCode(error) });
  }
}
