import { pause } from '#cloud/streams/back-off.js';
import { contains, type HashRange, hashKeyOf, splitEvenly, toDecimal, toHashKey } from '#cloud/streams/hash-range.js';
import type { ShardInfo } from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource } from '#cloud/streams/source.js';

/** A share of all things: those whose hash key lies in the range, in both frame streams (decision 8). */
export interface Slot {
  /** Names its durable state and its lease, e.g. `slot-0-of-2`. */
  key: string;
  range: HashRange;
}

/** Equal shares. Their number is part of the keys: with another number every share is begun anew. */
export function slotsOf(count: number): Slot[] {
  return splitEvenly(count).map((range, index) => ({ key: `slot-${index}-of-${count}`, range }));
}

/** Whether a shard can hold records of the slot: after a split or merge shards and slots need not agree. */
export function overlaps({ range }: Slot, { startingHashKey, endingHashKey }: ShardInfo): boolean {
  // Of Kinesis, where frames are, every shard has a range; one without could hold anything.
  if (startingHashKey === undefined || endingHashKey === undefined) return true;
  const starting = toHashKey(BigInt(startingHashKey));
  const ending = toHashKey(BigInt(endingHashKey));
  return starting <= range.ending && range.starting <= ending;
}

/** Partition keys are few, the names of things; a hash for each record would be waste. Beyond it they are forgotten. */
const MAX_KNOWN_KEYS = 10_000;

/** Tells whose records are the slot's. */
export class SlotFilter {
  readonly #range: HashRange;
  readonly #known = new Map<string, boolean>();

  constructor({ range }: Slot) {
    this.#range = range;
  }

  has(partitionKey: string): boolean {
    let inside = this.#known.get(partitionKey);
    if (inside === undefined) {
      inside = contains(this.#range, hashKeyOf(partitionKey));
      if (this.#known.size >= MAX_KNOWN_KEYS) this.#known.clear();
      this.#known.set(partitionKey, inside);
    }
    return inside;
  }
}

/** A slot has nothing to read by itself; its cursor only shows that it lives. */
const ALIVE_MS = 5_000;

/**
 * Slots as workers share them: like the open shards of a stream that is never split. Their leases, hand-overs and fences
 * are then those of every worker; what is read under them is the reducers' own business.
 */
export function slotSource(slots: readonly Slot[]): ShardSource {
  return {
    name: 'reducer slots',
    polls: false,
    readBytesMax: 0,
    list: async () => new Map(slots.map((slot) => [slot.key, shardOf(slot)])),
    open: () => new QuietCursor(),
  };
}

function shardOf({ key, range }: Slot): ShardInfo {
  return {
    shardId: key,
    parents: [],
    startingHashKey: toDecimal(range.starting),
    endingHashKey: toDecimal(range.ending),
  };
}

class QuietCursor implements ShardCursor {
  async next(signal: AbortSignal): Promise<ShardRead> {
    await pause(ALIVE_MS, signal);
    return { records: [], millisBehindLatest: 0, ended: false, children: [] };
  }

  close(): void {}
}
