import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nextBoot } from '../boot.js';
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
import type { Segment } from './segment.js';
import { Segments } from './segments.js';

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
  /** A segment is closed at this size. Default 4 MiB, and no more than a quarter of `maxBytes`. */
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

/** A record that waits for the next commit. */
interface Pending {
  seq: number;
  kind: RecordKind;
  payload: Uint8Array;
  timeMs: number;
}

/**
 * Everything that an agent publishes, on disk before it is sent, until every destination has acknowledged it end to end
 * (architecture, decision 3).
 *
 * `append` collects, `commit` writes the batch with one write and hands each record to the cursors; between the two
 * nothing is sent. The write is synchronous: a few µs into the page cache, where a round trip to a thread costs more and
 * would let a kill −9 lose what was already sent. Not safe for two processes on one folder.
 */
export class Journal {
  readonly boot: Boot;
  readonly cursors: readonly Cursor[];
  readonly #dir: string;
  readonly #segments: Segments;
  readonly #raceClock: Clock;
  readonly #log: Log;
  #batch: Pending[] = [];
  #scratch = new Uint8Array(16 * 1024);
  #saveTimer: NodeJS.Timeout | undefined;
  readonly #durable: boolean;
  readonly #stats: Omit<JournalStats, 'bytes' | 'segments'> = {
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
    const { dir, raceClock, log, fsync = 'group', maxBytes = DEFAULT_MAX_BYTES } = options;
    this.#dir = dir;
    this.#raceClock = raceClock;
    this.#log = log;
    this.#durable = fsync === 'group';
    this.#segments = new Segments({
      dir,
      fsync,
      lossWindowMs: options.lossWindowMs ?? DEFAULT_LOSS_WINDOW_MS,
      maxBytes,
      segmentBytes: Math.min(options.segmentBytes ?? DEFAULT_SEGMENT_BYTES, Math.floor(maxBytes / SEGMENTS_MIN)),
      log,
      onDrop: (segment) => this.#drop(segment),
    });
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.cursors = (options.destinations ?? ['cloud']).map(
        (name) => new Cursor(name, join(dir, `cursor-${name}.json`)),
      );
      this.boot = nextBoot(dir, options.random, this.#recover());
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
    const segment = this.#segments.write(encoded, this.boot);
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
    }
    this.#segments.enforceBound();
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
    const { bytes, count } = this.#segments;
    return { ...this.#stats, bytes, segments: count, dropped: { ...this.#stats.dropped } };
  }

  /** Race-clock age in ms of the oldest record that a destination lacks; 0 when there is none. */
  oldestUnackedMs(): number {
    let oldestMs = this.#raceClock.nowMs();
    const nowMs = oldestMs;
    for (const cursor of this.cursors) oldestMs = Math.min(oldestMs, cursor.oldestTimeMs() ?? oldestMs);
    return nowMs - oldestMs;
  }

  /** Writes what is pending, flushes, saves the cursors and lets go of the files. */
  async close(): Promise<void> {
    this.commit();
    clearTimeout(this.#saveTimer);
    await this.#segments.close();
    this.#save(this.#durable);
  }

  /** Takes in what earlier runs left; returns the greatest boot counter in it. */
  #recover(): number {
    let lastCounter = 0;
    const spent: Segment[] = [];
    for (const { segment, records, damagedBytes } of this.#segments.recover()) {
      lastCounter = Math.max(lastCounter, segment.boot.counter);
      this.#stats.damagedBytes += damagedBytes;
      for (const record of records) this.#readmit(segment, record);
      if (segment.live === 0) spent.push(segment);
    }
    for (const segment of spent) this.#segments.removeIfSpent(segment);
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
    this.#stats.journaledRecords++;
    if (entry.kind === 'frame') this.#stats.journaledFrames++;
    entry.waiting = this.cursors.length;
    entry.segment.live++;
    for (const cursor of this.cursors) {
      const delivery = cursor.add(entry);
      cursor.onDelivery?.(delivery);
    }
  }

  #encode(batch: readonly Pending[]): Uint8Array {
    let bytes = 0;
    for (const { payload } of batch) bytes += RECORD_HEADER_BYTES + payload.length;
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes);
    let at = 0;
    for (const record of batch) at = encodeRecord(this.#scratch, at, record);
    return this.#scratch.subarray(0, at);
  }

  #release(entry: JournalEntry): void {
    if (--entry.waiting > 0) return;
    entry.payload = null;
    entry.segment.live--;
    this.#segments.removeIfSpent(entry.segment);
  }

  #drop(segment: Segment): void {
    for (const cursor of this.cursors) {
      cursor.drop(segment, ({ entry }) => {
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
    this.#saveSoon();
  }

  #countDrop(reason: DropReason, kind: RecordKind): void {
    this.#stats.dropped[reason] = (this.#stats.dropped[reason] ?? 0) + 1;
    if (kind === 'frame') this.#stats.droppedFrames++;
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
    const keep = this.#segments.boots.add(formatBoot(this.boot));
    try {
      for (const cursor of this.cursors) cursor.save(keep, durable);
    } catch (error) {
      this.#log.error('journal: cursor not saved', { dir: this.#dir, error: errorCode(error) });
    }
  }
}
