/**
 * A rate limit with a burst of one second: holds at most `perSecond` tokens and gains as many in a second. The caller
 * brings the time, so that the rate follows whichever clock it is meant for.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#atMs = nowMs;
  }

  /** Whether that many could be taken now. */
  has(count: number, nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= count;
  }

  /** As `has`, but a full bucket serves what is larger than itself, which could otherwise never pass. */
  hasOrFull(count: number, nowMs: number): boolean {
    return this.has(Math.min(count, this.#perSecond), nowMs);
  }

  /**
   * Takes them, below zero if need be: what was overdrawn is paid back before anything is left again. Kinesis does so
   * with reads: after 10 MB at once, a shard refuses for five seconds.
   */
  take(count: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens -= count;
  }

  #refill(nowMs: number): void {
    // A clock that stands still or is behind gives nothing and takes nothing away.
    if (nowMs <= this.#atMs) return;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((nowMs - this.#atMs) / 1000) * this.#perSecond);
    this.#atMs = nowMs;
  }
}
