import { contains } from '../hash-range.js';
import { cutOf } from './cut.js';
import { HISTORY_S, type ShardStat } from './shard-load.js';

/** When to split and when to merge. Loads are shares of what one shard takes; times are race-clock milliseconds. */
export interface ReshardPolicy {
  minShards: number;
  maxShards: number;
  /** A shard above it for `splitAfterS` is split… */
  splitLoad: number;
  splitAfterS: number;
  /** …and so is one that refused a record within this time. */
  throttledWithinMs: number;
  /** Neighbours whose loads together stayed below it for `mergeAfterS` (at most `HISTORY_S`) become one. */
  mergeLoad: number;
  mergeAfterS: number;
  /** Rests after growing and after shrinking. */
  growRestMs: number;
  shrinkRestMs: number;
  /**
   * A key with more than this share of its shard cannot be helped by a split. A key that does not hash into the shard was
   * sent there by an explicit hash key (every KPL aggregate is called "a"): it says nothing of where its load lies.
   */
  hotKeyShare: number;
  /** A shard that nobody has observed for so long is neither split nor merged. */
  staleMs: number;
  /** Known peaks: this many shards at least, from `atMs - leadMs` on until `atMs + holdMs`. */
  peaks: readonly { atMs: number; shards: number }[];
  leadMs: number;
  holdMs: number;
}

export const DEFAULT_RESHARD_POLICY: ReshardPolicy = {
  minShards: 1,
  maxShards: 64,
  splitLoad: 0.7,
  splitAfterS: 10,
  throttledWithinMs: 3_000,
  mergeLoad: 0.35,
  mergeAfterS: 120,
  growRestMs: 30_000,
  shrinkRestMs: 300_000,
  hotKeyShare: 0.5,
  staleMs: 10_000,
  peaks: [],
  leadMs: 120_000,
  holdMs: 60_000,
};

export interface ReshardInput {
  nowMs: number;
  /** AWS takes one operation at a time, and only on an ACTIVE stream. */
  active: boolean;
  /** Open shards, in any order. */
  shards: readonly ShardStat[];
  grownMs?: number;
  shrunkMs?: number;
}

export type ReshardAction =
  | { kind: 'split'; shardId: string; newStartingHashKey: string; why: 'load' | 'throttled' | 'peak' | 'minimum' }
  | { kind: 'merge'; shardId: string; adjacentShardId: string; why: 'cold' };

export type ReshardAdvice =
  /** One key is the load: give it a range of its own, or spread it over several keys. */
  | { kind: 'hotKey'; shardId: string; key: string; share: number }
  /** It would be split, but there are as many shards as may be. */
  | { kind: 'atMaximum'; shardId: string }
  /** Nobody reads the shard: nothing is decided about it. */
  | { kind: 'unobserved'; shardId: string }
  /** It would be done, but not before `untilMs`. */
  | { kind: 'resting'; untilMs: number };

export interface ReshardPlan {
  /** In the order in which they should be done; after each, the stream has to become ACTIVE and the plan is made anew. */
  actions: ReshardAction[];
  advice: ReshardAdvice[];
}

/**
 * What to do about a stream's shards now. Pure: the same input gives the same plan. Growing goes first, hottest shard
 * first; a stream that has to grow is not shrunk at the same time.
 *
 * On the rule path records carry neither an explicit hash key nor aggregates, so balance comes from where shards are
 * cut: at the weighted median of the keys that were seen (`cut.ts`), not at the middle of the range.
 *
 * @example
 * plan({ nowMs, active: true, shards: loads.map((load) => load.stat()) }, { ...DEFAULT_RESHARD_POLICY, maxShards: 8 });
 */
export function plan(input: ReshardInput, policy: ReshardPolicy): ReshardPlan {
  const { nowMs, shards } = input;
  const advice: ReshardAdvice[] = [];
  const fresh = shards.filter((shard) => {
    const observed = nowMs - shard.observedMs <= policy.staleMs;
    if (!observed) advice.push({ kind: 'unobserved', shardId: shard.shardId });
    return observed;
  });
  const splits = planSplits(input, policy, fresh, advice);
  if (splits.length > 0) return { actions: input.active ? splits : [], advice };
  const merges = planMerges(input, policy, fresh, advice);
  return { actions: input.active ? merges : [], advice };
}

function planSplits(
  { nowMs, shards, grownMs = Number.NEGATIVE_INFINITY }: ReshardInput,
  policy: ReshardPolicy,
  fresh: readonly ShardStat[],
  advice: ReshardAdvice[],
): ReshardAction[] {
  const least = leastShards(policy, nowMs);
  const peak = least > policy.minShards;
  const byLoad = [...fresh].sort((a, b) => presentLoad(b) - presentLoad(a) || (a.shardId < b.shardId ? -1 : 1));
  const actions: ReshardAction[] = [];
  let count = shards.length;
  const resting = nowMs < grownMs + policy.growRestMs;
  for (const shard of byLoad) {
    const why = reasonToSplit(shard, policy, nowMs);
    if (!why) continue;
    const heaviest = shard.keys.find(({ hashKey }) => contains(shard, hashKey));
    if (heaviest && heaviest.share > policy.hotKeyShare) {
      advice.push({ kind: 'hotKey', shardId: shard.shardId, key: heaviest.key, share: heaviest.share });
      continue;
    }
    if (count >= policy.maxShards) {
      advice.push({ kind: 'atMaximum', shardId: shard.shardId });
      continue;
    }
    // A shard that refuses records is not kept waiting; the rest is against growing on the same evidence twice.
    if (resting && why !== 'throttled') {
      advice.push({ kind: 'resting', untilMs: grownMs + policy.growRestMs });
      continue;
    }
    const newStartingHashKey = cutOf(shard);
    if (!newStartingHashKey) continue;
    actions.push({ kind: 'split', shardId: shard.shardId, newStartingHashKey, why });
    count++;
  }
  if (count >= least) return actions;
  // Below the minimum or before a known peak every shard may be cut, whether observed or not: busiest, then widest first.
  const taken = new Set(actions.map((action) => action.shardId));
  const rest = shards.filter((shard) => !taken.has(shard.shardId)).sort(busiestThenWidest);
  for (const shard of rest) {
    if (count >= Math.min(least, policy.maxShards)) break;
    const newStartingHashKey = cutOf(shard);
    if (!newStartingHashKey) continue;
    actions.push({ kind: 'split', shardId: shard.shardId, newStartingHashKey, why: peak ? 'peak' : 'minimum' });
    count++;
  }
  return actions;
}

function planMerges(
  { nowMs, shards, grownMs = Number.NEGATIVE_INFINITY, shrunkMs = Number.NEGATIVE_INFINITY }: ReshardInput,
  policy: ReshardPolicy,
  fresh: readonly ShardStat[],
  advice: ReshardAdvice[],
): ReshardAction[] {
  const least = leastShards(policy, nowMs);
  const inOrder = [...fresh].sort((a, b) => (a.starting < b.starting ? -1 : 1));
  const pairs = inOrder
    .slice(1)
    .map((right, i) => ({ left: inOrder[i], right, load: coldLoad(inOrder[i], right, policy) }))
    .filter(({ left, right, load }) => load !== undefined && touch(left, right))
    .sort((a, b) => a.load! - b.load!);
  if (pairs.length === 0 || shards.length <= least) return [];
  const restsUntilMs = Math.max(grownMs, shrunkMs) + policy.shrinkRestMs;
  if (nowMs < restsUntilMs) {
    advice.push({ kind: 'resting', untilMs: restsUntilMs });
    return [];
  }
  const actions: ReshardAction[] = [];
  const taken = new Set<string>();
  for (const { left, right } of pairs) {
    if (shards.length - actions.length <= least) break;
    if (taken.has(left.shardId) || taken.has(right.shardId)) continue;
    taken.add(left.shardId).add(right.shardId);
    actions.push({ kind: 'merge', shardId: left.shardId, adjacentShardId: right.shardId, why: 'cold' });
  }
  return actions;
}

/** The least number of shards at this moment: the policy's, or that of a peak which is near or not yet over. */
function leastShards({ minShards, maxShards, peaks, leadMs, holdMs }: ReshardPolicy, nowMs: number): number {
  const near = peaks.filter(({ atMs }) => atMs - leadMs <= nowMs && nowMs <= atMs + holdMs);
  return Math.min(maxShards, Math.max(minShards, ...near.map(({ shards }) => shards)));
}

function presentLoad({ loads }: ShardStat): number {
  return loads.at(-1) ?? 0;
}

function reasonToSplit(shard: ShardStat, policy: ReshardPolicy, nowMs: number): 'load' | 'throttled' | undefined {
  if (shard.throttledMs !== undefined && nowMs - shard.throttledMs <= policy.throttledWithinMs) return 'throttled';
  const last = shard.loads.slice(-policy.splitAfterS);
  return last.length === policy.splitAfterS && last.every((load) => load > policy.splitLoad) ? 'load' : undefined;
}

/** The greatest load of two shards together in the time that a merge looks back on; undefined when that is too much, or too short. */
function coldLoad(left: ShardStat, right: ShardStat, policy: ReshardPolicy): number | undefined {
  const seconds = Math.min(policy.mergeAfterS, HISTORY_S);
  if (left.loads.length < seconds || right.loads.length < seconds) return undefined;
  let greatest = 0;
  for (let i = 1; i <= seconds; i++) greatest = Math.max(greatest, left.loads.at(-i)! + right.loads.at(-i)!);
  return greatest < policy.mergeLoad ? greatest : undefined;
}

function touch(left: ShardStat, right: ShardStat): boolean {
  return BigInt(`0x${left.ending}`) + 1n === BigInt(`0x${right.starting}`);
}

function busiestThenWidest(a: ShardStat, b: ShardStat): number {
  const byLoad = presentLoad(b) - presentLoad(a);
  if (Math.abs(byLoad) > 1e-9) return byLoad;
  const width = ({ starting, ending }: ShardStat) => BigInt(`0x${ending}`) - BigInt(`0x${starting}`);
  const wider = width(b) - width(a);
  if (wider !== 0n) return wider > 0n ? 1 : -1;
  return a.starting < b.starting ? -1 : 1;
}
