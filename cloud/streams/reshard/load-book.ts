import type { HashRange } from '../hash-range.js';
import type { ShardBatch } from '../shard-reader.js';
import { SHARD_LIMITS, type ShardLimits, ShardLoad, type ShardStat } from './shard-load.js';

/**
 * Loads of a stream's open shards, kept from what a reader of the stream sees. Arrival times are the stream's own, so the
 * figures hold whether the reader is at the tip or behind.
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

  observe({ shardId, records }: ShardBatch): void {
    const load = this.#loads.get(shardId);
    if (!load) return;
    for (const { partitionKey, data, arrivalMs } of records) {
      load.observe(partitionKey, data.length + Buffer.byteLength(partitionKey), arrivalMs);
    }
  }

  /** The reader has seen everything that the shard took up to then. */
  caughtUp(shardId: string, atMs: number): void {
    this.#loads.get(shardId)?.advanceTo(atMs);
  }

  /** A writer was refused; by which shard, a PutRecords answer does not say, so the writer's key tells. */
  throttled(hashKey: string, atMs: number): void {
    for (const load of this.#loads.values()) {
      const { starting, ending } = load.range;
      if (starting <= hashKey && hashKey <= ending) load.throttled(atMs);
    }
  }

  stats(): ShardStat[] {
    return [...this.#loads.values()].map((load) => load.stat());
  }
}
