import type { Random } from './wire/random.js';

/** Bounds of the wait between attempts, ms. */
export interface BackoffBounds {
  minMs: number;
  maxMs: number;
}

/** Past this many doublings the wait is at any sensible ceiling; more would only overflow. */
const DOUBLINGS_MAX = 16;

/**
 * The wait before the next attempt, after `failures` that followed each other: doubled each time, with jitter over the upper
 * half, so that a fleet which lost the same peer does not come back as one.
 */
export function backoffMs(failures: number, { minMs, maxMs }: BackoffBounds, random: Random): number {
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(failures, DOUBLINGS_MAX));
  return ceilingMs * (0.5 + 0.5 * random());
}
