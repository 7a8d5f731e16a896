/** Upper bound of what is told apart, ms; what is slower counts as this. */
const MAX_MS = 10_000;
const FINE_MS = 1_000;
const COARSE_STEP_MS = 10;
const FINE_BUCKETS = FINE_MS;
const BUCKETS = FINE_BUCKETS + (MAX_MS - FINE_MS) / COARSE_STEP_MS + 1;

/** Counts of durations in fixed buckets: 1 ms wide up to a second, 10 ms up to ten. */
export class LatencyHistogram {
  count = 0;
  readonly #buckets = new Uint32Array(BUCKETS);

  add(ms: number): void {
    const bounded = Math.min(MAX_MS, Math.max(0, ms));
    const bucket =
      bounded < FINE_MS ? Math.floor(bounded) : FINE_BUCKETS + Math.floor((bounded - FINE_MS) / COARSE_STEP_MS);
    this.#buckets[bucket]++;
    this.count++;
  }

  /** Upper edge of the bucket that holds the q-quantile; null when nothing was counted. */
  quantile(q: number): number | null {
    if (this.count === 0) return null;
    let left = Math.ceil(q * this.count);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket];
      if (left <= 0) return bucket < FINE_BUCKETS ? bucket + 1 : FINE_MS + (bucket - FINE_BUCKETS + 1) * COARSE_STEP_MS;
    }
    return MAX_MS;
  }
}
