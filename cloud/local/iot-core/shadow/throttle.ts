import { TokenBucket } from '../../token-bucket.js';
import type { ShadowLimits } from './limits.js';

/** Things that are looked at again, when there are more, to forget those whose use lies behind them. */
const THINGS_REMEMBERED = 1_024;

interface Use {
  inFlight: number;
  requests: TokenBucket;
}

/** What one thing may ask of its shadows: so many requests unanswered, so many a second (with a second's worth at once). */
export class ShadowThrottle {
  readonly #limits: Pick<ShadowLimits, 'inFlight' | 'requestsPerSecond'>;
  readonly #uses = new Map<string, Use>();
  #sweepAbove = THINGS_REMEMBERED;

  constructor(limits: Pick<ShadowLimits, 'inFlight' | 'requestsPerSecond'>) {
    this.#limits = limits;
  }

  /** Counts a request in, or says why it must be refused with 429. */
  enter(thing: string, nowMs: number): string | undefined {
    const use = this.#useOf(thing, nowMs);
    if (use.inFlight >= this.#limits.inFlight) return 'Too many requests are in flight for this thing';
    if (!use.requests.has(1, nowMs)) return 'Too many requests for this thing in this second';
    use.requests.take(1, nowMs);
    use.inFlight++;
    return undefined;
  }

  /** To be called once for each request that was let in. */
  leave(thing: string): void {
    const use = this.#uses.get(thing);
    if (use) use.inFlight--;
  }

  #useOf(thing: string, nowMs: number): Use {
    let use = this.#uses.get(thing);
    if (use) return use;
    if (this.#uses.size >= this.#sweepAbove) this.#sweep(nowMs);
    use = { inFlight: 0, requests: new TokenBucket(this.#limits.requestsPerSecond, nowMs) };
    this.#uses.set(thing, use);
    return use;
  }

  #sweep(nowMs: number): void {
    for (const [thing, { inFlight, requests }] of this.#uses) {
      if (inFlight === 0 && requests.has(this.#limits.requestsPerSecond, nowMs)) this.#uses.delete(thing);
    }
    // When all are in use, sweeping at each request would cost more than what it frees.
    this.#sweepAbove = Math.max(THINGS_REMEMBERED, this.#uses.size * 2);
  }
}
