import { hashKeyOf } from '#cloud/streams/hash-range.js';
import type { LaneWork, Outcome, SkippedRecord, SourceRecord } from './batch.js';
import { Lane, type LaneCounters } from './lane.js';
import type { BatchSettings } from './settings.js';
import type { SavedWindow } from './tumbling.js';

/** What is stored of a shard: everything up to the position is done with. */
export interface ShardProgress {
  /** Sequence number of the last record before which, itself included, nothing is left to do. */
  position?: string;
  window?: SavedWindow;
}

/** What waits in memory for one shard; beyond, the stream is not read. */
export interface ShardRoom {
  recordsMax: number;
  bytesMax: number;
}

/** One read of a shard at least fits, and a batch for every lane. */
export const roomFor = ({ batchSize, parallelizationFactor }: BatchSettings): ShardRoom => ({
  recordsMax: batchSize * parallelizationFactor + 10_000,
  bytesMax: 16 * 1024 * 1024,
});

/**
 * One shard as an event source mapping sees it: its records, in as many lanes as the parallelization factor says, the
 * records of a key always in the same one. Pure; see `Lane`.
 *
 * @example
 * const shard = new ShardLanes(settings, (tries) => 250 * 2 ** tries);
 * shard.accept(records, nowMs);
 * for (const { lane, work } of shard.next(nowMs)) … shard.settle(lane, outcome, nowMs);
 */
export class ShardLanes {
  readonly #lanes: Lane[];
  readonly #room: ShardRoom;
  /** Everything accepted from the first record that is not done with, in the shard's order. */
  readonly #order: (SourceRecord | SkippedRecord)[] = [];
  /** Of `#order`, where that first record is: what lies before is cut off now and then. */
  #head = 0;
  readonly #open = new Set<SourceRecord>();
  #openBytes = 0;
  #isEnded = false;
  #position: string | undefined;

  constructor(settings: BatchSettings, backOffMs: (tries: number) => number, saved: ShardProgress = {}) {
    this.#room = roomFor(settings);
    this.#position = saved.position;
    this.#lanes = Array.from(
      { length: settings.parallelizationFactor },
      () => new Lane(settings, backOffMs, saved.window),
    );
  }

  /** Records behind the last that were accepted, in the shard's order. */
  accept(records: readonly (SourceRecord | SkippedRecord)[], nowMs: number): void {
    for (const record of records) {
      this.#order.push(record);
      if ('skipped' in record) continue;
      this.#open.add(record);
      this.#openBytes += record.bytes;
      this.#lanes[this.#laneOf(record)].accept(record, nowMs);
    }
    this.#advance();
  }

  /** The shard is closed and was read to its end. */
  end(): void {
    this.#isEnded = true;
    for (const lane of this.#lanes) lane.end();
  }

  /** Everything that is to be done now; each lane waits for the end of what it gave. */
  next(nowMs: number): { lane: number; work: LaneWork }[] {
    return this.#lanes.flatMap((each, lane) => {
      const work = each.next(nowMs);
      return work === undefined ? [] : [{ lane, work }];
    });
  }

  settle(lane: number, outcome: Outcome, nowMs: number): void {
    this.#close(this.#lanes[lane].settle(outcome, nowMs));
  }

  discarded(lane: number): void {
    this.#close(this.#lanes[lane].discarded());
  }

  /** When `next` may give something though nothing happens until then. */
  wakeAtMs(): number | undefined {
    const times = this.#lanes.flatMap((lane) => lane.wakeAtMs() ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether more may be read. */
  get hasRoom(): boolean {
    const waiting = this.#order.length - this.#head;
    return waiting <= this.#room.recordsMax && this.#openBytes <= this.#room.bytesMax;
  }

  /** The shard has ended and nothing of it is left to do: its children may begin. */
  get isDone(): boolean {
    return this.#isEnded && this.#lanes.every((lane) => lane.isIdle);
  }

  get progress(): ShardProgress {
    // With windows there is one lane.
    const { window } = this.#lanes[0];
    return { ...(this.#position !== undefined && { position: this.#position }), ...(window && { window }) };
  }

  counters(): LaneCounters {
    const sum: LaneCounters = { failures: 0, retries: 0, bisections: 0, partialFailures: 0 };
    for (const { counters } of this.#lanes) {
      sum.failures += counters.failures;
      sum.retries += counters.retries;
      sum.bisections += counters.bisections;
      sum.partialFailures += counters.partialFailures;
    }
    return sum;
  }

  #laneOf({ orderKey }: SourceRecord): number {
    if (this.#lanes.length === 1) return 0;
    return Number.parseInt(hashKeyOf(orderKey).slice(0, 8), 16) % this.#lanes.length;
  }

  #close(records: readonly SourceRecord[]): void {
    for (const record of records) {
      if (this.#open.delete(record)) this.#openBytes -= record.bytes;
    }
    this.#advance();
  }

  /** Moves the position over all that is done with from the front. */
  #advance(): void {
    while (this.#head < this.#order.length) {
      const record = this.#order[this.#head];
      if (!('skipped' in record) && this.#open.has(record)) break;
      this.#position = record.sequenceNumber;
      this.#head++;
    }
    if (this.#head * 2 < this.#order.length && this.#head < 10_000) return;
    this.#order.splice(0, this.#head);
    this.#head = 0;
  }
}
