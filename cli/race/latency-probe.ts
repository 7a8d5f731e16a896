import { readFeed } from '#cloud/dashboard/feed-client.js';
import type { RaceClock } from '#wire/clock.js';

/** Newest so many measurements; a race at speed 1 brings about 10 a second and car. */
const KEPT = 100_000;

export interface Percentiles {
  p50: number;
  p99: number;
}

/**
 * Time from a sample to a screen: reads the same server-sent events as a browser and takes the age of the newest sample
 * as it arrives. Means something at speed 1 only, where the race clock is the wall clock.
 */
export class LatencyProbe {
  readonly #ages = new Float64Array(KEPT);
  #seen = 0;
  readonly #abort = new AbortController();

  constructor(feedUrl: string, raceClock: RaceClock) {
    void readFeed(feedUrl, {
      signal: this.#abort.signal,
      onSamples: (points) => {
        const newestMs = points.timesMs.at(-1);
        if (newestMs !== undefined && raceClock.rate === 1)
          this.#ages[this.#seen++ % KEPT] = raceClock.nowMs() - newestMs;
      },
    });
  }

  stop(): void {
    this.#abort.abort();
  }

  /** Null when nothing was measured. */
  result(): Percentiles | null {
    const count = Math.min(this.#seen, KEPT);
    if (count === 0) return null;
    const sorted = this.#ages.slice(0, count).sort();
    const at = (share: number) => Math.round(sorted[Math.min(count - 1, Math.floor(share * count))] * 10) / 10;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
