import { AwsError } from '../aws-error.js';
import { contains, join, splitAt } from './hash-range.js';
import { WriteMeter } from './on-demand.js';
import { Shard, type ShardRecord } from './shard.js';
import { planUniform } from './uniform-scaling.js';

export type StreamMode = 'PROVISIONED' | 'ON_DEMAND';
export type StreamStatus = 'CREATING' | 'UPDATING' | 'DELETING' | 'ACTIVE';

const HOUR_MS = 3_600_000;

/** What is stored of a stream. */
export interface StreamRecord {
  id: number;
  name: string;
  createdAtMs: number;
  mode: StreamMode;
  retentionHours: number;
  shards: ShardRecord[];
  consumers: ConsumerRecord[];
  /** A change that is under way until then, race clock. */
  pending?: { status: Exclude<StreamStatus, 'ACTIVE'>; untilMs: number };
  /** When UpdateShardCount and UpdateStreamMode were last carried out: both are counted over 24 hours. */
  scaledAtMs: number[];
  modeChangedAtMs: number[];
  /** When an on-demand stream last grew by itself. */
  grownAtMs?: number;
}

/** A reader with a rate of its own ("enhanced fan-out"). */
export interface ConsumerRecord {
  name: string;
  createdAtMs: number;
  /** CREATING or DELETING until then, race clock. */
  pending?: { status: 'CREATING' | 'DELETING'; untilMs: number };
}

/** What a change of shards did, in memory. */
export interface Resharding {
  closed: Shard[];
  opened: Shard[];
}

/** Makes the running shard of a stored one. */
export type MakeShard = (streamId: number, record: ShardRecord) => Shard;

/** One stream: its shards, and which of them a hash key goes to. Changes are in memory; the catalog stores them. */
export class Stream {
  readonly record: StreamRecord;
  readonly shards: Shard[];
  /** What came in lately, all shards together. */
  readonly written = new WriteMeter();
  readonly #makeShard: MakeShard;
  /** Children that listings do not show before then: a fault of choice, gone with a restart. */
  readonly #listedFromMs = new Map<Shard, number>();
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
    const shard = this.shards[Number(id.slice(id.lastIndexOf('-') + 1))];
    return shard?.id === id ? shard : undefined;
  }

  /** A deleted stream whose DELETING is over. */
  isGone(nowMs: number): boolean {
    return this.record.pending?.status === 'DELETING' && this.status(nowMs) === 'ACTIVE';
  }

  /** What arrived before it is past its retention. */
  trimHorizonMs(nowMs: number): number {
    return nowMs - this.record.retentionHours * HOUR_MS;
  }

  /** Closed so long ago that all its records are trimmed: AWS knows no such shard any more. */
  isExpired(shard: Shard, nowMs: number): boolean {
    return (shard.record.closedAtMs ?? Number.POSITIVE_INFINITY) < this.trimHorizonMs(nowMs);
  }

  /** The shards that listings show, in the order of their ids. */
  listedShards(nowMs: number): Shard[] {
    return this.shards.filter(
      (shard) => !this.isExpired(shard, nowMs) && (this.#listedFromMs.get(shard) ?? nowMs) <= nowMs,
    );
  }

  /** Keeps the open children of closed shards out of listings until then. */
  listLate(shards: readonly Shard[], fromMs: number): void {
    for (const shard of shards) this.#listedFromMs.set(shard, fromMs);
  }

  childrenOf(parent: Shard): Shard[] {
    const { index } = parent.record;
    return this.shards.filter((shard) => shard.record.parent === index || shard.record.adjacentParent === index);
  }

  /**
   * SplitShard: closes the shard, opens two. Throws InvalidArgumentException when the hash key does not lie inside. Like
   * every change of shards it answers what it closed and opened, for the catalog to store and announce.
   */
  split(shard: Shard, newStarting: string, nowMs: number): Resharding {
    const halves = splitAt(shard.record.range, newStarting);
    if (!shard.isOpen || halves === undefined) {
      throw new AwsError(
        'InvalidArgumentException',
        `Shard ${shard.id} of stream ${this.name} is closed, or the new starting hash key is not inside it.`,
      );
    }
    const children = halves.map((range) => ({ range, parent: shard.record.index }));
    return this.#replace([shard], children, nowMs);
  }

  /** MergeShards: closes two neighbours, opens one. Throws InvalidArgumentException when they do not touch. */
  merge(shard: Shard, adjacent: Shard, nowMs: number): Resharding {
    const range = join(shard.record.range, adjacent.record.range);
    if (shard === adjacent || !shard.isOpen || !adjacent.isOpen || range === undefined) {
      throw new AwsError(
        'InvalidArgumentException',
        `Shards ${shard.id} and ${adjacent.id} of stream ${this.name} are not open neighbours.`,
      );
    }
    const child = { range, parent: shard.record.index, adjacentParent: adjacent.record.index };
    return this.#replace([shard, adjacent], [child], nowMs);
  }

  /** UpdateShardCount: splits and merges until there are that many open shards of equal range. */
  scaleTo(count: number, nowMs: number): Resharding {
    const changes = planUniform(
      this.#open.map((shard) => shard.record.range),
      count,
    ).map((step) => {
      if ('splitAt' in step) return this.split(this.route(step.splitAt), step.splitAt, nowMs);
      const shard = this.route(step.mergeAt);
      return this.merge(this.#open[this.#open.indexOf(shard) - 1], shard, nowMs);
    });
    return { closed: changes.flatMap(({ closed }) => closed), opened: changes.flatMap(({ opened }) => opened) };
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

  #replace(
    parents: readonly Shard[],
    children: readonly Pick<ShardRecord, 'range' | 'parent' | 'adjacentParent'>[],
    nowMs: number,
  ): Resharding {
    // Sequence numbers rise from parent to child even when both are made in the same millisecond.
    const createdAtMs = Math.max(Math.floor(nowMs), ...parents.map((parent) => parent.record.createdAtMs + 1));
    for (const parent of parents) parent.close(createdAtMs);
    const opened = children.map(({ range, parent, adjacentParent }) => {
      const record = Shard.fresh(this.shards.length, createdAtMs, range, parent, adjacentParent);
      const shard = this.#makeShard(this.record.id, record);
      this.record.shards.push(record);
      this.shards.push(shard);
      return shard;
    });
    this.#open = this.#openShards();
    return { closed: [...parents], opened };
  }

  #openShards(): Shard[] {
    return this.shards
      .filter((shard) => shard.isOpen)
      .sort((a, b) => (a.record.range.starting < b.record.range.starting ? -1 : 1));
  }
}
