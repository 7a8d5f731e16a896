import { type HashRange, splitEvenly } from './hash-range.js';

/** One step of a resharding, by hash keys: the shards that it works on are known only when the step's turn comes. */
export type ScalingStep =
  /** Split the open shard that holds this key, so that a new one starts with it. */
  | { splitAt: string }
  /** Merge the open shard that holds this key with the one before it. */
  | { mergeAt: string };

/**
 * The splits, then the merges, that turn the open ranges (sorted, without gaps) into `count` equal ones: UNIFORM_SCALING of
 * UpdateShardCount. First every wanted border is made where there is none, then every other border is removed.
 *
 * @example
 * planUniform(splitEvenly(1), 2); // [{ splitAt: '80000000000000000000000000000000' }]
 */
export function planUniform(open: readonly HashRange[], count: number): ScalingStep[] {
  const wanted = splitEvenly(count).map(({ starting }) => starting);
  const present = open.map(({ starting }) => starting);
  return [
    ...without(wanted, present).map((splitAt) => ({ splitAt })),
    ...without(present, wanted).map((mergeAt) => ({ mergeAt })),
  ];
}

function without(keys: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return keys.filter((key) => !known.has(key));
}
