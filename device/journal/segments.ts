import { join } from 'node:path';
import type { Files } from '../files.js';
import { errorCode } from '../wire/errors.js';
import type { Boot } from '../wire/identity.js';
import type { Log } from '../wire/log.js';
import { PRIORITIES, type Priority, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import { Segment } from './segment.js';
import { formatSegmentName, parseSegmentName, type SegmentName } from './segment-name.js';

export interface SegmentsOptions {
  files: Files;
  dir: string;
  fsync: 'group' | 'none';
  lossWindowMs: number;
  segmentBytes: number;
  /** Of what everybody has, so much stays to be sent again on request. */
  keepBytes: number;
  log: Log;
}

/** The files of a journal: one per priority is written, sealed ones wait until nothing in them is needed. */
export class Segments {
  /** Bytes in all files. */
  bytes = 0;
  /** Of these, in files that hold nothing that anybody waits for. */
  keptBytes = 0;
  /** Flushes that the device refused. */
  flushErrors = 0;
  readonly #options: SegmentsOptions;
  /** Oldest first; the last one of each priority is written. */
  readonly #all: Segment[] = [];
  /** Spent ones, oldest first. */
  readonly #kept: Segment[] = [];
  #nextNumber = 1;
  readonly #unflushed = new Set<Segment>();
  #flushTimer: NodeJS.Timeout | undefined;

  constructor(options: SegmentsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get all(): readonly Segment[] {
    return this.#all;
  }

  /** Boots that have a segment. */
  get boots(): Set<string> {
    return new Set(this.#all.map(({ bootText }) => bootText));
  }

  /** Finds what earlier runs left by the heads of the files alone. Returns the bytes of those that cannot be read. */
  find(): { damagedBytes: number } {
    const { files, dir } = this.#options;
    let damagedBytes = 0;
    for (const name of this.#names()) {
      this.#nextNumber = name.number + 1;
      const segment = Segment.find(files, dir, name);
      if (segment) {
        this.#all.push(segment);
        this.bytes += segment.bytes;
        continue;
      }
      const path = join(dir, formatSegmentName(name));
      const bytes = files.size(path);
      damagedBytes += bytes;
      // Cut short before its first record. A longer one is left for a person to look at: whose records it holds is lost.
      if (bytes < SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES) files.remove(path);
    }
    return { damagedBytes };
  }

  /** Of a segment that a crash left in two versions the thinner one is whole: it got its name last. */
  #names(): SegmentName[] {
    const { files, dir } = this.#options;
    const found = new Map<number, SegmentName>();
    for (const file of files.names(dir)) {
      const name = parseSegmentName(file);
      if (!name) continue;
      const other = found.get(name.number);
      const spare = other && (other.keepEvery > name.keepEvery ? name : other);
      if (spare) files.remove(join(dir, formatSegmentName(spare)));
      if (spare !== name) found.set(name.number, name);
    }
    return [...found.values()].sort((a, b) => a.number - b.number);
  }

  /** Appends to the newest segment of the priority, which it returns; throws what the system says. */
  write(bytes: Uint8Array, boot: Boot, priority: Priority): Segment {
    const segment = this.#writable(bytes.length, boot, priority);
    try {
      segment.append(bytes);
    } catch (error) {
      // A full disk has room again; a bad file may never take anything more.
      if (errorCode(error) !== 'ENOSPC') this.#retire(segment);
      throw error;
    }
    this.bytes += bytes.length;
    if (this.#options.fsync === 'group') this.#flushSoon(segment);
    return segment;
  }

  /** Puts the thinner version of a sealed segment into its place. */
  replace(segment: Segment, thinner: Segment): void {
    const index = this.#all.indexOf(segment);
    this.#all[index] = thinner;
    this.bytes += thinner.bytes - segment.bytes;
    this.#inBackground('remove', segment.remove());
  }

  /** The one to give up first: of the least priority the oldest that is not written. */
  victim(): Segment | undefined {
    for (let rank = PRIORITIES.length - 1; rank >= 0; rank--) {
      const oldest = this.#all.find((each) => each.name.priority === PRIORITIES[rank] && !each.isOpen);
      if (oldest) return oldest;
    }
    return undefined;
  }

  /** Nothing in it is needed any more: it goes, or stays a while to be sent again on request. */
  settle(segment: Segment): void {
    if (segment.live > 0 || segment.isOpen || !segment.scanned) return;
    if (!this.#all.includes(segment) || this.#kept.includes(segment)) return;
    this.#kept.push(segment);
    this.keptBytes += segment.bytes;
    this.dropKept(this.#options.keepBytes);
  }

  /** Lets go of kept segments, oldest first, until no more than `bytes` are left. */
  dropKept(bytes: number): void {
    while (this.keptBytes > bytes) this.remove(this.#kept[0]);
  }

  remove(segment: Segment): void {
    const index = this.#all.indexOf(segment);
    if (index < 0) return;
    this.#all.splice(index, 1);
    this.bytes -= segment.bytes;
    const kept = this.#kept.indexOf(segment);
    if (kept >= 0) {
      this.#kept.splice(kept, 1);
      this.keptBytes -= segment.bytes;
    }
    this.#unflushed.delete(segment);
    this.#inBackground('remove', segment.remove());
  }

  async close(): Promise<void> {
    clearTimeout(this.#flushTimer);
    // A copy: settling takes segments out of the list.
    for (const segment of this.#all.slice()) {
      await segment.seal(this.#options.fsync === 'group');
      this.settle(segment);
      segment.closeReader();
    }
  }

  #writable(moreBytes: number, boot: Boot, priority: Priority): Segment {
    const { files, dir, fsync, segmentBytes } = this.#options;
    const last = this.#all.findLast((each) => each.isOpen && each.name.priority === priority);
    if (last && last.bytes + moreBytes <= segmentBytes) return last;
    if (last) this.#retire(last);
    const number = this.#nextNumber++;
    const segment = Segment.create(files, dir, { number, priority, keepEvery: 1 }, boot);
    this.#all.push(segment);
    this.bytes += segment.bytes;
    if (fsync === 'group') files.syncFolder(dir);
    return segment;
  }

  /** Nothing is appended to it any more. */
  #retire(segment: Segment): void {
    const sealed = segment.seal(this.#options.fsync === 'group').finally(() => this.settle(segment));
    this.#inBackground('seal', sealed);
  }

  /** Group commit: one flush for all that was written within the window, the next one only after it ended. */
  #flushSoon(segment: Segment): void {
    this.#unflushed.add(segment);
    if (this.#flushTimer) return;
    this.#flushTimer = setTimeout(() => this.#inBackground('flush', this.#flush()), this.#options.lossWindowMs / 2);
    this.#flushTimer.unref();
  }

  async #flush(): Promise<void> {
    const dirty = [...this.#unflushed];
    this.#unflushed.clear();
    try {
      await Promise.all(dirty.map((segment) => segment.sync()));
    } catch (error) {
      this.flushErrors++;
      // The system forgets what it could not flush: only a new file can be trusted again.
      for (const segment of dirty) if (segment.isOpen) this.#retire(segment);
      throw error;
    } finally {
      this.#flushTimer = undefined;
      const [next] = this.#unflushed;
      if (next) this.#flushSoon(next);
    }
  }

  #inBackground(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#options.log.error(`journal: ${what} failed`, { dir: this.#options.dir, error: errorCode(error) });
    });
  }
}
