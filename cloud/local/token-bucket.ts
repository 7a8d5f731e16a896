/**
 * A rate limit with a burst, of one second unless told: holds at most that many seconds' tokens and gains `perSecond` in a
 * second. The caller brings the time, so that the rate follows whichever clock it is meant for.
 */
export class TokenBucket {
  #perSecond: number;
  readonly #burstSeconds: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number, burstSeconds = 1) {
    this.#perSecond = perSecond;
    this.#burstSeconds = burstSeconds;
    this.#tokens = perSecond * burstSeconds;
    this.#atMs = nowMs;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** Another rate from now on; what was saved up stays, as far as it fits. */
  changeRate(perSecond: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#size);
  }

  /** Whether that many could be taken now. */
  has(count: number, nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= count;
  }

  /** As `has`, but a full bucket serves what is larger than itself, which could otherwise never pass. */
  hasOrFull(count: number, nowMs: number): boolean {
    return this.has(Math.min(count, this.#size), nowMs);
  }

  /**
   * Takes them, below zero if need be: what was overdrawn is paid back before anything is left again. Kinesis does so
   * with reads: after 10 MB at once, a shard refuses for five seconds.
   */
  take(count: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens -= count;
  }

  get #size(): number {
    return this.#perSecond * this.#burstSeconds;
  }

  #refill(nowMs: number): void {
    // A clock that stands still or is behind gives nothing and takes nothing away.
    if (nowMs <= this.#atMs) return;
    this.#tokens = Math.min(this.#size, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
  }
}
