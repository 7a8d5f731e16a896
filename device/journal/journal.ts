import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nextBoot } from '../boot.js';
import { syncFolder } from '../files.js';
import type { Clock } from '../wire/clock.js';
import { errorCode, PitwallError } from '../wire/errors.js';
import { type Boot, formatBoot } from '../wire/identity.js';
import type { Log } from '../wire/log.js';
import type { Family } from '../wire/messages.js';
import type { Random } from '../wire/random.js';
import type { Range } from '../wire/ranges.js';
import { Cursor, type Delivery, type JournalEntry } from './cursor.js';
import {
  encodeRecord,
  familyOfKind,
  PAYLOAD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  type RecordKind,
  type StoredRecord,
} from './record.js';
import { Segment } from './segment.js';

export interface JournalOptions {
  /** Folder of the journal; made when absent. */
  dir: string;
  /** Draws the 64 random bits of the boot. */
  random: Random;
  raceClock: Clock;
  log: Log;
  /** Who must acknowledge a record before it is freed. Default: `cloud` alone. */
  destinations?: readonly string[];
  /**
   * `group`: flushed to the device at most `lossWindowMs` after the append (a power cut loses no more). `none`: left to
   * the operating system. Either way what was committed survives kill −9. Default `group`.
   */
  fsync?: 'group' | 'none';
  /** Wall ms. Default 200. */
  lossWindowMs?: number;
  /** Bound on all segments together; the oldest goes first. Default 256 MiB. */
  maxBytes?: number;
  /** A segment is closed at this size. Default 4 MiB. */
  segmentBytes?: number;
}

/** Why records were given up. */
export type DropReason = 'journalFull' | 'diskError' | 'damaged';

export interface JournalStats {
  bytes: number;
  segments: number;
  /** Records of former boots that were found unacknowledged at the start, and how many of these were frames. */
  recoveredRecords: number;
  recoveredFrames: number;
  /** Bytes at the ends of segments that a crash cut short. */
  damagedBytes: number;
  /** Records written. */
  journaledRecords: number;
  journaledFrames: number;
  /** Records given up before every destination had them, by reason. */
  dropped: Partial<Record<DropReason, number>>;
  droppedFrames: number;
}

const DEFAULT_LOSS_WINDOW_MS = 200;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const DEFAULT_SEGMENT_BYTES = 4 * 1024 * 1024;
/** A segment must be small against the whole, or dropping the oldest would drop nearly everything. */
const SEGMENTS_MIN = 4;
/** How often a changed cursor is written; what a crash loses of it is sent once more. */
const CURSOR_SAVE_MS = 1000;
const SEGMENT_NAME = /^(\d{8,})\.seg$/;

/**
 * Everything that an agent publishes, on disk before it is sent, until every destination has acknowledged it end to end
 * (architecture, decision 3).
 *
 * `append` collects, `commit` writes the batch with one write and hands each record to the cursors; between the two
 * nothing is sent. Not safe for two processes on one folder.
 */
export class Journal {
  readonly boot: Boot;
  readonly cursors: readonly Cursor[];
  readonly #dir: string;
  readonly #options: Required<Pick<JournalOptions, 'fsync' | 'lossWindowMs' | 'maxBytes' | 'segmentBytes'>>;
  readonly #raceClock: Clock;
  readonly #log: Log;
  /** Oldest first; the last one is appended to. */
  readonly #segments: Segment[] = [];
  #nextSegment = 1;
  #batch: { seq: number; kind: RecordKind; payload: Uint8Array; timeMs: number }[] = [];
  #scratch = new Uint8Array(16 * 1024);
  #flushTimer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #stats: JournalStats = {
    bytes: 0,
    segments: 0,
    recoveredRecords: 0,
    recoveredFrames: 0,
    damagedBytes: 0,
    journaledRecords: 0,
    journaledFrames: 0,
    dropped: {},
    droppedFrames: 0,
  };

  /** Opens the folder, recovers what it holds and begins a new boot. Raises PW-JOURNAL-OPEN. */
  constructor(options: JournalOptions) {
    const { dir, raceClock, log } = options;
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#dir = dir;
    this.#raceClock = raceClock;
    this.#log = log;
    this.#options = {
      fsync: options.fsync ?? 'group',
      lossWindowMs: options.lossWindowMs ?? DEFAULT_LOSS_WINDOW_MS,
      maxBytes,
      segmentBytes: Math.min(options.segmentBytes ?? DEFAULT_SEGMENT_BYTES, Math.floor(maxBytes / SEGMENTS_MIN)),
    };
    const destinations = options.destinations ?? ['cloud'];
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.cursors = destinations.map((name) => new Cursor(name, join(dir, `cursor-${name}.json`)));
      const lastCounter = this.#recover();
      this.boot = nextBoot(dir, options.random, lastCounter);
    } catch (cause) {
      if (cause instanceof PitwallError) throw cause;
      throw new PitwallError('PW-JOURNAL-OPEN', {
        what: `${dir}: ${errorCode(cause)}.`,
        fix: 'Give the folder to the user who runs the agent, and free disk space.',
        cause,
      });
    }
  }

  /** Adds to the batch. The payload is kept as it is and must not be changed after, but for a frame's lane. */
  append(record: { seq: number; kind: RecordKind; payload: Uint8Array }): void {
    if (record.payload.length > PAYLOAD_BYTES_MAX) {
      throw new PitwallError('PW-WIRE-MESSAGE', {
        what: `A ${record.kind} of ${record.payload.length} bytes; AWS IoT takes ${PAYLOAD_BYTES_MAX}.`,
      });
    }
    this.#batch.push({ ...record, timeMs: this.#raceClock.nowMs() });
  }

  /** Writes the batch. Never throws: records that the disk refuses are dropped and counted. */
  commit(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    const encoded = this.#encode(batch);
    const segment = this.#write(encoded);
    if (!segment) {
      for (const { kind } of batch) this.#countDrop('diskError', kind);
      return;
    }
    let offset = segment.bytes - encoded.length;
    for (const { seq, kind, payload, timeMs } of batch) {
      offset += RECORD_HEADER_BYTES;
      const { length } = payload;
      this.#admit({ seq, kind, family: familyOfKind(kind), segment, offset, length, timeMs, payload, waiting: 0 });
      offset += length;
      this.#stats.journaledRecords++;
      if (kind === 'frame') this.#stats.journaledFrames++;
    }
    this.#enforceBound();
    if (this.#options.fsync === 'group') this.#flushSoon();
  }

  /** The bytes of an entry, from memory or from its segment. Raises PW-JOURNAL-READ. */
  async read(entry: JournalEntry): Promise<Uint8Array> {
    return entry.payload ?? entry.segment.read(entry.offset, entry.length);
  }

  /** End-to-end acknowledgement by one destination; `onFreed` gets what it frees there. */
  acknowledge(
    cursor: Cursor,
    ack: { boot: string; family: Family; ranges: readonly Range[] },
    onFreed: (delivery: Delivery) => void,
  ): void {
    cursor.acknowledge(ack.boot, ack.family, ack.ranges, (delivery) => {
      onFreed(delivery);
      this.#release(delivery.entry);
    });
    this.#saveSoon();
  }

  /** Gives up one record for one destination: its bytes cannot be read back. */
  dropDamaged(cursor: Cursor, delivery: Delivery): void {
    cursor.dropOne(delivery, ({ entry }) => {
      this.#countDrop('damaged', entry.kind);
      this.#release(entry);
    });
    this.#saveSoon();
  }

  stats(): JournalStats {
    return { ...this.#stats, segments: this.#segments.length, dropped: { ...this.#stats.dropped } };
  }

  /** Race-clock age in ms of the oldest record that a destination lacks; 0 when there is none. */
  oldestUnackedMs(): number {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const cursor of this.cursors) oldestMs = Math.min(oldestMs, cursor.oldestTimeMs() ?? oldestMs);
    return oldestMs === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#raceClock.nowMs() - oldestMs);
  }

  /** Writes what is pending, flushes, saves the cursors and lets go of the files. */
  async close(): Promise<void> {
    this.commit();
    clearTimeout(this.#flushTimer);
    clearTimeout(this.#saveTimer);
    const durable = this.#options.fsync === 'group';
    for (const segment of [...this.#segments]) {
      if (segment.live === 0) this.#remove(segment);
      await segment.seal(durable);
      await segment.closeReader();
    }
    this.#save(durable);
  }

  /** Reads the segments of earlier runs; returns the greatest boot counter in them. */
  #recover(): number {
    let lastCounter = 0;
    const found = readdirSync(this.#dir)
      .map((name) => ({ name, number: Number(SEGMENT_NAME.exec(name)?.[1]) }))
      .filter(({ number }) => number > 0)
      .sort((a, b) => a.number - b.number);
    for (const { name, number } of found) {
      this.#nextSegment = number + 1;
      const recovered = Segment.recover(join(this.#dir, name), number);
      if (!recovered) continue;
      const { segment, records, damagedBytes } = recovered;
      lastCounter = Math.max(lastCounter, segment.boot.counter);
      this.#stats.damagedBytes += damagedBytes;
      this.#segments.push(segment);
      this.#stats.bytes += segment.bytes;
      for (const record of records) this.#readmit(segment, record);
      if (segment.live === 0) this.#remove(segment);
    }
    return lastCounter;
  }

  #readmit(segment: Segment, record: StoredRecord): void {
    const family = familyOfKind(record.kind);
    const waitingFor = this.cursors.filter(
      (cursor) => !cursor.isSettled(segment.bootText, segment.boot, family, record.seq),
    );
    if (waitingFor.length === 0) return;
    const entry: JournalEntry = { ...record, family, segment, payload: null, waiting: waitingFor.length };
    segment.live++;
    for (const cursor of waitingFor) cursor.add(entry);
    this.#stats.recoveredRecords++;
    if (record.kind === 'frame') this.#stats.recoveredFrames++;
  }

  #admit(entry: JournalEntry): void {
    entry.waiting = this.cursors.length;
    entry.segment.live++;
    for (const cursor of this.cursors) cursor.onDelivery?.(cursor.add(entry));
  }

  #encode(batch: readonly { seq: number; kind: RecordKind; payload: Uint8Array; timeMs: number }[]): Uint8Array {
    let bytes = 0;
    for (const { payload } of batch) bytes += RECORD_HEADER_BYTES + payload.length;
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes);
    let at = 0;
    for (const record of batch) at = encodeRecord(this.#scratch, at, record);
    return this.#scratch.subarray(0, at);
  }

  /** The segment that took the bytes; undefined when the disk refuses even after room was made. */
  #write(bytes: Uint8Array): Segment | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        const segment = this.#openSegment(bytes.length);
        segment.append(bytes);
        this.#stats.bytes += bytes.length;
        return segment;
      } catch (error) {
        this.#log.error('journal: write failed', { dir: this.#dir, error: errorCode(error) });
        // A full disk: the oldest data makes room for the newest, once.
        if (attempt > 1 || errorCode(error) !== 'ENOSPC' || !this.#dropOldest()) return undefined;
      }
    }
  }

  #openSegment(moreBytes: number): Segment {
    const last = this.#segments.at(-1);
    if (last?.isOpen && last.bytes + moreBytes <= this.#options.segmentBytes) return last;
    if (last?.isOpen) this.#retire(last);
    const number = this.#nextSegment++;
    const segment = Segment.create(join(this.#dir, `${String(number).padStart(8, '0')}.seg`), number, this.boot);
    this.#segments.push(segment);
    this.#stats.bytes += segment.bytes;
    if (this.#options.fsync === 'group') syncFolder(this.#dir);
    return segment;
  }

  /** The newest segment is full: nothing is appended to it any more. */
  #retire(segment: Segment): void {
    if (segment.live === 0) {
      this.#remove(segment);
      return;
    }
    segment.seal(this.#options.fsync === 'group').catch((error: unknown) => this.#logFlush(error));
  }

  #release(entry: JournalEntry): void {
    if (--entry.waiting > 0) return;
    entry.payload = null;
    const { segment } = entry;
    if (--segment.live === 0 && segment !== this.#segments.at(-1)) this.#remove(segment);
  }

  #enforceBound(): void {
    while (this.#stats.bytes > this.#options.maxBytes && this.#dropOldest());
  }

  /** Drops the oldest segment but the one that is written; false when there is none. */
  #dropOldest(): boolean {
    if (this.#segments.length < 2) return false;
    const [oldest] = this.#segments;
    for (const cursor of this.cursors) {
      cursor.drop(oldest, ({ entry }) => {
        // One record, however many destinations still wait for it.
        if (entry.waiting > 0) this.#countDrop('journalFull', entry.kind);
        entry.waiting = 0;
        entry.payload = null;
      });
    }
    this.#log.warn('journal: full, oldest records dropped', {
      dir: this.#dir,
      dropped: this.#stats.dropped.journalFull,
    });
    this.#remove(oldest);
    this.#saveSoon();
    return true;
  }

  #remove(segment: Segment): void {
    const index = this.#segments.indexOf(segment);
    if (index >= 0) this.#segments.splice(index, 1);
    this.#stats.bytes -= segment.bytes;
    segment.remove().catch((error: unknown) => this.#logFlush(error));
  }

  #countDrop(reason: DropReason, kind: RecordKind): void {
    this.#stats.dropped[reason] = (this.#stats.dropped[reason] ?? 0) + 1;
    if (kind === 'frame') this.#stats.droppedFrames++;
  }

  /** Group commit: one flush for all that was written within the window, the next one only after it ended. */
  #flushSoon(): void {
    if (this.#flushTimer) return;
    this.#flushTimer = setTimeout(() => {
      const segment = this.#segments.at(-1);
      const written = segment?.bytes;
      const done = () => {
        this.#flushTimer = undefined;
        if (segment?.isOpen && segment.bytes !== written) this.#flushSoon();
      };
      if (segment) segment.sync().then(done, (error: unknown) => (this.#logFlush(error), done()));
      else done();
    }, this.#options.lossWindowMs / 2);
    this.#flushTimer.unref();
  }

  #saveSoon(): void {
    if (this.#saveTimer) return;
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save(false);
    }, CURSOR_SAVE_MS);
    this.#saveTimer.unref();
  }

  #save(durable: boolean): void {
    const boots = new Set(this.#segments.map((segment) => segment.bootText));
    boots.add(formatBoot(this.boot));
    try {
      for (const cursor of this.cursors) cursor.save(boots, durable);
    } catch (error) {
      this.#log.error('journal: cursor not saved', { dir: this.#dir, error: errorCode(error) });
    }
  }

  #logFlush(error: unknown): void {
    this.#log.error('journal: flush failed', { dir: this.#dir, error: errorCode(error) });
  }
}
