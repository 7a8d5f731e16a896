import type { Clock } from '#wire/clock.js';
import { contains, type HashRange } from '../hash-range.js';
import type { ShardRead, ShardSource, StreamRecord } from '../source.js';
import { SHARD_LIMITS, type ShardLimits, ShardLoad, type ShardStat } from './shard-load.js';

/**
 * Loads of a stream's open shards, kept from what a reader of the stream sees. Arrival times are the stream's own, so the
 * figures hold whether the reader is at the tip or behind.
 *
 * @example
 * const loads = new LoadBook();
 * startConsumer({ source: loads.watching(kinesisPolling({ client, streamName }), raceClock), … });
 */
export class LoadBook {
  readonly #limits: ShardLimits;
  readonly #loads = new Map<string, ShardLoad>();

  constructor(limits: ShardLimits = SHARD_LIMITS) {
    this.#limits = limits;
  }

  /** The shards that are open now; what is known of others is forgotten. */
  open(shards: ReadonlyMap<string, HashRange>, nowMs: number): void {
    for (const shardId of this.#loads.keys()) if (!shards.has(shardId)) this.#loads.delete(shardId);
    for (const [shardId, range] of shards) {
      if (!this.#loads.has(shardId)) this.#loads.set(shardId, new ShardLoad(shardId, range, nowMs, this.#limits));
    }
  }

  observe(shardId: string, records: readonly StreamRecord[]): void {
    const load = this.#loads.get(shardId);
    if (!load) return;
    for (const { partitionKey, data, arrivalMs } of records) {
      load.observe(partitionKey, data.length + Buffer.byteLength(partitionKey), arrivalMs);
    }
  }

  /** Everything that the shard took up to then has been observed. */
  caughtUp(shardId: string, atMs: number): void {
    this.#loads.get(shardId)?.advanceTo(atMs);
  }

  /** A writer was refused; by which shard, a PutRecords answer does not say, so the writer's key tells. */
  throttled(hashKey: string, atMs: number): void {
    for (const load of this.#loads.values()) if (contains(load.range, hashKey)) load.throttled(atMs);
  }

  stats(): ShardStat[] {
    return [...this.#loads.values()].map((load) => load.stat());
  }

  /**
   * The same source, watched: each read is booked as it comes, empty ones too, which tell that a shard is idle and not
   * merely unread. A record that is read a second time (its batch failed) is booked once.
   */
  watching(source: ShardSource, raceClock: Clock): ShardSource {
    const booked = new Map<string, bigint>();
    const book = (shardId: string, read: ShardRead, askedMs: number): void => {
      const last = booked.get(shardId) ?? -1n;
      const news = read.records.filter(({ sequenceNumber }) => BigInt(sequenceNumber) > last);
      this.observe(shardId, news);
      const newest = news.at(-1);
      if (newest) booked.set(shardId, BigInt(newest.sequenceNumber));
      if (read.ended) booked.delete(shardId);
      else if (read.millisBehindLatest === 0) this.caughtUp(shardId, askedMs);
    };
    return {
      name: source.name,
      polls: source.polls,
      readBytesMax: source.readBytesMax,
      trimPolicy: source.trimPolicy,
      list: (signal) => source.list(signal),
      open: (shardId, position) => {
        const cursor = source.open(shardId, position);
        return {
          next: async (signal) => {
            const askedMs = raceClock.nowMs();
            const read = await cursor.next(signal);
            // What is pushed was complete when it came, what is polled when it was asked for.
            book(shardId, read, source.polls ? askedMs : raceClock.nowMs());
            return read;
          },
          close: () => cursor.close(),
        };
      },
    };
  }
}
