/**
 * Scaling by a stream's averages, as tools do that read CloudWatch's minutes: the policy that ours is compared with.
 * Writing and reading vote; growing wins, shrinking needs both. It doubles and halves by UpdateShardCount.
 */
export interface AveragesPolicy {
  /** Share of what all shards take together, and for how many whole minutes. */
  growAbove: number;
  growMinutes: number;
  growRestMinutes: number;
  shrinkBelow: number;
  shrinkMinutes: number;
  shrinkRestMinutes: number;
  minShards: number;
  maxShards: number;
}

export const AVERAGES_POLICY: AveragesPolicy = {
  growAbove: 0.75,
  growMinutes: 5,
  growRestMinutes: 15,
  shrinkBelow: 0.25,
  shrinkMinutes: 15,
  shrinkRestMinutes: 60,
  minShards: 1,
  maxShards: 16,
};

/** Of one minute: shares of what the stream's open shards could have taken and given. */
export interface MinuteAverage {
  put: number;
  get: number;
}

/** How many shards there should be now; undefined = as many as there are. `sinceGrown` and `sinceShrunk` in minutes. */
export function targetByAverages(
  minutes: readonly MinuteAverage[],
  shards: number,
  since: { grown: number; shrunk: number },
  policy: AveragesPolicy,
): number | undefined {
  const { growMinutes, growAbove, shrinkMinutes, shrinkBelow, minShards, maxShards } = policy;
  if (since.grown < policy.growRestMinutes || since.shrunk < policy.shrinkRestMinutes) return undefined;
  const holds = (count: number, of: (minute: MinuteAverage) => boolean) =>
    minutes.length >= count && minutes.slice(-count).every(of);
  let target = shards;
  if (holds(growMinutes, ({ put }) => put > growAbove) || holds(growMinutes, ({ get }) => get > growAbove)) {
    target = Math.min(maxShards, 2 * shards);
  } else if (holds(shrinkMinutes, ({ put, get }) => put < shrinkBelow && get < shrinkBelow)) {
    target = Math.max(minShards, Math.ceil(shards / 2));
  }
  return target === shards ? undefined : target;
}
