/** Upper edges of the buckets, ms; the last bucket is open. A factor of about 2 apart, over what a retried action can take. */
const EDGES_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000];

export interface LatencySummary {
  count: number;
  /** Upper edge of the bucket that holds the quantile; of the open bucket the greatest value. null: nothing counted. */
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number;
  /** Upper edge in ms → how many ended at or below it and above the edge before; `more` for the open bucket. */
  buckets: Record<string, number>;
}

/** How long messages took, in fixed buckets: a rule's memory does not grow with its messages. */
export class Latency {
  #count = 0;
  #maxMs = 0;
  readonly #buckets = new Uint32Array(EDGES_MS.length + 1);

  add(ms: number): void {
    let bucket = 0;
    while (bucket < EDGES_MS.length && ms > EDGES_MS[bucket]) bucket++;
    this.#buckets[bucket]++;
    this.#count++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  summary(): LatencySummary {
    const buckets: Record<string, number> = {};
    this.#buckets.forEach((count, i) => {
      if (count > 0) buckets[EDGES_MS[i] ?? 'more'] = count;
    });
    const maxMs = Math.round(this.#maxMs * 10) / 10;
    return { count: this.#count, p50Ms: this.#quantile(0.5), p99Ms: this.#quantile(0.99), maxMs, buckets };
  }

  #quantile(share: number): number | null {
    if (this.#count === 0) return null;
    let left = Math.ceil(share * this.#count);
    for (let i = 0; i < EDGES_MS.length; i++) {
      left -= this.#buckets[i];
      if (left <= 0) return EDGES_MS[i];
    }
    return this.#maxMs;
  }
}
