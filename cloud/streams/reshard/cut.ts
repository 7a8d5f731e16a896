import { toHashKey } from '../hash-range.js';
import type { ShardStat } from './shard-load.js';

/**
 * Where to split a shard so that both halves carry as nearly the same load as its keys allow: between the two
 * neighbouring keys at the weighted median, in the middle of the gap, so that a key not seen yet has an even chance.
 * Without two keys it is the middle of the range. Undefined when the range is a single hash key.
 *
 * @returns the first hash key of the upper half: above `starting`, at most `ending` (SplitShard, "NewStartingHashKey")
 */
export function cutOf({ starting, ending, keys }: Pick<ShardStat, 'starting' | 'ending' | 'keys'>): string | undefined {
  const low = BigInt(`0x${starting}`);
  const high = BigInt(`0x${ending}`);
  if (low === high) return undefined;
  const inside = keys
    .filter(({ hashKey }) => starting <= hashKey && hashKey <= ending)
    .sort((a, b) => (a.hashKey < b.hashKey ? -1 : 1));
  const total = inside.reduce((sum, { share }) => sum + share, 0);
  let best: { gap: number; cut: bigint } | undefined;
  let below = 0;
  for (let i = 1; i < inside.length; i++) {
    below += inside[i - 1].share;
    const left = BigInt(`0x${inside[i - 1].hashKey}`);
    const right = BigInt(`0x${inside[i].hashKey}`);
    if (left === right) continue;
    const gap = Math.abs(total - 2 * below);
    if (!best || gap < best.gap) best = { gap, cut: left + (right - left + 1n) / 2n };
  }
  return toHashKey(best?.cut ?? low + (high - low + 1n) / 2n);
}
