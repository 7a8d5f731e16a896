import { nextBoot } from '../boot.js';
import type { Files } from '../files.js';
import type { Clock } from '../wire/clock.js';
import { errorCode, PitwallError } from '../wire/errors.js';
import { type Boot, formatBoot } from '../wire/identity.js';
import type { Log } from '../wire/log.js';
import type { Family } from '../wire/messages.js';
import type { Range } from '../wire/ranges.js';
import { Batch, entriesOf, type NewRecord } from './batch.js';
import type { Cursor, Delivery, JournalEntry } from './cursor.js';
import { Cursors } from './cursors.js';
import { type DropReason, Drops } from './drops.js';
import { type JournalOptions, type JournalStats, withDefaults } from './options.js';
import { familyOfKind, type Priority, type StoredRecord } from './record.js';
import { Recovery } from './recovery.js';
import { Retention } from './retention.js';
import type { Segment } from './segment.js';
import { Segments } from './segments.js';
import { setAside } from './set-aside.js';
import { ThinOut } from './thin-out.js';

export type { JournalOptions, JournalStats } from './options.js';

/**
 * Everything that an agent publishes, on disk before it is sent, until every destination has acknowledged it end to end
 * (architecture, decision 3).
 *
 * `append` collects, `commit` writes the batch with one write per priority and hands each record to the cursors; between
 * the two nothing is sent. The write is synchronous: a few µs into the page cache, where a round trip to a thread costs
 * more and would let a kill −9 lose what was already sent. Not safe for two processes on one folder.
 */
export class Journal {
  readonly boot: Boot;
  readonly #dir: string;
  readonly #files: Files;
  readonly #raceClock: Clock;
  readonly #log: Log;
  readonly #durable: boolean;
  readonly #segments: Segments;
  readonly #cursors: Cursors;
  readonly #retention: Retention;
  readonly #thinOut: ThinOut;
  readonly #recovery: Recovery;
  readonly #batch = new Batch();
  readonly #drops = new Drops();
  readonly #stats = {
    recoveredRecords: 0,
    recoveredFrames: 0,
    damagedBytes: 0,
    journaledRecords: 0,
    journaledFrames: 0,
  };

  /** Opens the folder, finds what it holds and begins a new boot. Raises PW-JOURNAL-OPEN. */
  constructor(given: JournalOptions) {
    const options = withDefaults(given);
    const { dir, files, raceClock, log, maxBytes } = options;
    this.#dir = dir;
    this.#files = files;
    this.#raceClock = raceClock;
    this.#log = log;
    this.#durable = options.fsync === 'group';
    const segments = new Segments(options);
    this.#segments = segments;
    this.#thinOut = new ThinOut({
      files,
      dir,
      segments,
      held: (segment) => this.#cursors.entriesOf(segment),
      drops: this.#drops,
      durable: this.#durable,
      log,
    });
    this.#retention = new Retention({
      segments,
      maxBytes,
      maxAgeMs: options.maxAgeMs,
      whenFull: options.whenFull,
      raceClock,
      drop: (segment, reason) => this.#drop(segment, reason),
      startThinOut: () => this.#thinOut.start(),
    });
    try {
      files.makeFolder(dir);
      this.#cursors = new Cursors({
        dir,
        destinations: options.destinations,
        files,
        log,
        boots: () => segments.boots.add(formatBoot(this.boot)),
      });
      this.#stats.damagedBytes = segments.find().damagedBytes;
      this.#cursors.know(segments.all);
      const lastCounter = Math.max(0, ...segments.all.map(({ boot }) => boot.counter));
      this.boot = nextBoot(dir, options.random, lastCounter, files);
    } catch (cause) {
      if (cause instanceof PitwallError) throw cause;
      throw new PitwallError('PW-JOURNAL-OPEN', {
        what: `${dir}: ${errorCode(cause)}.`,
        fix: 'Give the folder to the user who runs the agent, and free disk space.',
        cause,
      });
    }
    this.#recovery = new Recovery({
      segments: segments.all,
      log,
      readmit: (segment, records, damagedBytes) => this.#readmit(segment, records, damagedBytes),
      held: () => this.#cursors.held,
    });
    this.#recovery.resume();
  }

  /** One for each destination, in the order in which they are configured. */
  get cursors(): readonly Cursor[] {
    return this.#cursors.all;
  }

  /** Whether earlier runs left something that is not read yet; it comes to the cursors as it is. */
  get recovering(): boolean {
    return !this.#recovery.complete;
  }

  /**
   * Adds to the batch. The payload is kept as it is and must not be changed after, but for a frame's lane. `priority`: by
   * default that of the kind. Raises PW-WIRE-MESSAGE for what AWS IoT would not take.
   */
  append(record: NewRecord & { priority?: Priority }): void {
    this.#batch.add(record, this.#raceClock.nowMs());
  }

  /** Writes the batch. Never throws: records that the disk refuses, or that do not fit, are dropped and counted. */
  commit(): void {
    if (this.#batch.isEmpty) return;
    const entries: JournalEntry[] = [];
    for (const part of this.#batch.take()) {
      const { priority, records, bytes } = part;
      const fits = this.#retention.admits(bytes.length, priority);
      const segment = fits ? this.#write(bytes, priority) : undefined;
      if (segment) entries.push(...entriesOf(part, segment));
      else for (const { kind } of records) this.#drops.count(fits ? 'diskError' : 'rejected', kind);
    }
    // In order of seq again, as the cursors keep them.
    entries.sort((a, b) => a.seq - b.seq);
    for (const entry of entries) this.#admit(entry);
    this.#retention.enforce();
  }

  /** The bytes of an entry, from memory or from its segment. Raises PW-JOURNAL-READ. */
  async read(entry: JournalEntry): Promise<Uint8Array> {
    if (entry.payload) return entry.payload;
    const { segment } = entry;
    try {
      return await segment.read(entry.offset, entry.length);
    } catch (error) {
      // Thinned out while it was read: it stands elsewhere now.
      if (entry.segment === segment) throw error;
      return entry.segment.read(entry.offset, entry.length);
    }
  }

  /**
   * What the journal still has of a run of numbers of a boot, acknowledged or not, segment by segment, by seq within one.
   * What is gone is not named.
   */
  async *find(boot: string, from: number, to: number): AsyncGenerator<NewRecord> {
    for (const segment of this.#segments.all.filter(({ bootText }) => bootText === boot)) {
      const found = await segment.records().catch(() => undefined);
      for (const { seq, kind, offset, length } of found?.records ?? []) {
        if (seq >= from && seq <= to) yield { seq, kind, payload: found!.bytes.slice(offset, offset + length) };
      }
    }
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
    this.#cursors.saveSoon();
  }

  /** Gives up one record for one destination; of a refused one a copy is set aside. */
  async giveUp(cursor: Cursor, delivery: Delivery, reason: 'damaged' | 'refused'): Promise<void> {
    const { entry } = delivery;
    if (reason === 'refused') {
      const name = `${cursor.name}.${entry.segment.bootText}.${entry.seq}.${entry.kind}`;
      try {
        setAside(this.#files, this.#dir, name, await this.read(entry));
      } catch (error) {
        this.#log.warn('journal: no copy kept of a refused record', { name, error: errorCode(error) });
      }
    }
    cursor.dropOne(delivery, () => {
      this.#drops.count(reason, entry.kind);
      this.#release(entry);
    });
    this.#cursors.saveSoon();
  }

  stats(): JournalStats {
    const { bytes, all, keptBytes, flushErrors } = this.#segments;
    const { byReason, frames, thinnedFrames, samples } = this.#drops;
    return {
      ...this.#stats,
      bytes,
      segments: all.length,
      unreadBytes: this.#recovery.unreadBytes,
      keptBytes,
      dropped: byReason,
      droppedFrames: frames,
      thinnedFrames,
      droppedSamples: samples,
      flushErrors,
    };
  }

  /** Race-clock age in ms of the oldest record that is known to lack somewhere; 0 when there is none. */
  oldestUnackedMs(): number {
    const nowMs = this.#raceClock.nowMs();
    return nowMs - Math.min(nowMs, this.#cursors.oldestTimeMs() ?? nowMs);
  }

  /** Writes what is pending, flushes, saves the cursors and lets go of the files. */
  async close(): Promise<void> {
    this.commit();
    this.#cursors.cancelSave();
    await Promise.all([this.#recovery.stop(), this.#thinOut.stop()]);
    await this.#segments.close();
    this.#cursors.save(this.#durable);
  }

  /** Undefined when the disk refuses, also after room was made. */
  #write(bytes: Uint8Array, priority: Priority): Segment | undefined {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#segments.write(bytes, this.boot, priority);
      } catch (error) {
        this.#log.error('journal: write failed', { dir: this.#dir, error: errorCode(error) });
        if (attempt > 1 || errorCode(error) !== 'ENOSPC' || !this.#retention.makeRoom()) return undefined;
      }
    }
  }

  #admit(entry: JournalEntry): void {
    this.#stats.journaledRecords++;
    if (entry.kind === 'frame') this.#stats.journaledFrames++;
    entry.segment.newestMs = entry.timeMs;
    this.#cursors.hold(entry);
  }

  /** Takes in what an earlier run left. */
  #readmit(segment: Segment, records: readonly StoredRecord[], damagedBytes: number): void {
    this.#stats.damagedBytes += damagedBytes;
    segment.newestMs = records.at(-1)?.timeMs ?? segment.newestMs;
    for (const record of records) {
      const lacking = this.#cursors.lacking(segment, record);
      if (lacking.length === 0) continue;
      this.#stats.recoveredRecords++;
      if (record.kind === 'frame') this.#stats.recoveredFrames++;
      const family = familyOfKind(record.kind);
      this.#cursors.hold({ ...record, family, segment, payload: null, holders: 0, waiting: 0 }, lacking);
    }
    // One that cannot be read at all stays for a person to look at.
    if (damagedBytes < segment.bytes) this.#segments.settle(segment);
  }

  #release(entry: JournalEntry): void {
    if (!this.#cursors.release(entry)) return;
    this.#segments.settle(entry.segment);
    this.#recovery.resume();
  }

  #drop(segment: Segment, reason: DropReason): void {
    this.#recovery.readNow(segment);
    this.#cursors.drop(segment, this.#recovery.complete, ({ kind }) => this.#drops.count(reason, kind));
    this.#segments.remove(segment);
    this.#log.warn('journal: oldest records dropped', { dir: this.#dir, reason, ...this.#drops.byReason });
    this.#cursors.saveSoon();
    this.#recovery.resume();
  }
}
