import { AwsError } from '../aws-error.js';
import { contains, join, splitAt } from './hash-range.js';
import { Shard, type ShardRecord } from './shard.js';

export type StreamMode = 'PROVISIONED' | 'ON_DEMAND';
export type StreamStatus = 'CREATING' | 'UPDATING' | 'ACTIVE';

/** What is stored of a stream. */
export interface StreamRecord {
  id: number;
  name: string;
  createdAtMs: number;
  mode: StreamMode;
  retentionHours: number;
  shards: ShardRecord[];
  /** A change that is under way until then, race clock. */
  pending?: { status: Exclude<StreamStatus, 'ACTIVE'>; untilMs: number };
}

/** Makes the running shard of a stored one. */
export type MakeShard = (streamId: number, record: ShardRecord) => Shard;

/** One stream: its shards, and which of them a hash key goes to. Changes are in memory; the catalog stores them. */
export class Stream {
  readonly record: StreamRecord;
  readonly shards: Shard[];
  readonly #makeShard: MakeShard;
  #open: Shard[];

  constructor(record: StreamRecord, makeShard: MakeShard) {
    this.record = record;
    this.#makeShard = makeShard;
    this.shards = record.shards.map((shard) => makeShard(record.id, shard));
    this.#open = this.#openShards();
  }

  get name(): string {
    return this.record.name;
  }

  /** Open shards by hash range. */
  get openShards(): readonly Shard[] {
    return this.#open;
  }

  status(nowMs: number): StreamStatus {
    const { pending } = this.record;
    return pending !== undefined && nowMs < pending.untilMs ? pending.status : 'ACTIVE';
  }

  /** The open shard whose range holds the hash key: there is exactly one. */
  route(hashKey: string): Shard {
    let low = 0;
    let high = this.#open.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#open[middle].record.range.ending < hashKey) low = middle + 1;
      else high = middle;
    }
    return this.#open[low];
  }

  shard(id: string): Shard | undefined {
    return this.shards.find((shard) => shard.id === id);
  }

  childrenOf(parent: Shard): Shard[] {
    const { index } = parent.record;
    return this.shards.filter((shard) => shard.record.parent === index || shard.record.adjacentParent === index);
  }

  /** SplitShard: closes the shard, opens two. Throws InvalidArgumentException when the hash key does not lie inside. */
  split(shard: Shard, newStarting: string, nowMs: number): void {
    const halves = splitAt(shard.record.range, newStarting);
    if (!shard.isOpen || halves === undefined) {
      throw new AwsError(
        'InvalidArgumentException',
        `NewStartingHashKey does not lie inside ${shard.id} of stream ${this.name}, or the shard is closed.`,
      );
    }
    shard.close();
    this.#openChildren(
      halves.map((range) => ({ range, parent: shard.record.index })),
      [shard],
      nowMs,
    );
  }

  /** MergeShards: closes two neighbours, opens one. Throws InvalidArgumentException when they do not touch. */
  merge(shard: Shard, adjacent: Shard, nowMs: number): void {
    const range = join(shard.record.range, adjacent.record.range);
    if (shard === adjacent || !shard.isOpen || !adjacent.isOpen || range === undefined) {
      throw new AwsError(
        'InvalidArgumentException',
        `Shards ${shard.id} and ${adjacent.id} of stream ${this.name} are not open neighbours.`,
      );
    }
    shard.close();
    adjacent.close();
    const child = { range, parent: shard.record.index, adjacentParent: adjacent.record.index };
    this.#openChildren([child], [shard, adjacent], nowMs);
  }

  /** Whether every hash key is owned once: what must hold after any change. */
  coversAll(): boolean {
    return this.#open.every((shard, i) => {
      const next = this.#open[i + 1];
      return next === undefined
        ? contains(shard.record.range, 'f'.repeat(32))
        : join(shard.record.range, next.record.range) !== undefined;
    });
  }

  #openChildren(
    children: readonly Pick<ShardRecord, 'range' | 'parent' | 'adjacentParent'>[],
    parents: readonly Shard[],
    nowMs: number,
  ): void {
    // Sequence numbers rise from parent to child even when both are made in the same millisecond.
    const createdAtMs = Math.max(Math.floor(nowMs), ...parents.map((parent) => parent.record.createdAtMs + 1));
    for (const { range, parent, adjacentParent } of children) {
      const record = Shard.fresh(this.shards.length, createdAtMs, range, parent, adjacentParent);
      this.record.shards.push(record);
      this.shards.push(this.#makeShard(this.record.id, record));
    }
    this.#open = this.#openShards();
  }

  #openShards(): Shard[] {
    return this.shards
      .filter((shard) => shard.isOpen)
      .sort((a, b) => (a.record.range.starting < b.record.range.starting ? -1 : 1));
  }
}
