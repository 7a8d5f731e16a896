import type { Clock } from '#wire/clock.js';

export interface AdaptiveRateOptions {
  /** Units a second to begin with. A provisioned table says what it allows; one on demand does not. */
  initial: number;
  wallClock: Clock;
}

/** What was admitted is measured over so long. */
const WINDOW_MS = 1_000;
/** After a throttle: a little below what was really admitted, so that nearly all of the table's rate stays in use. */
const CUT = 0.95;
/** One cut for all the answers of one moment. */
const CUT_EVERY_MS = 500;
/** Growth a second: doubling until the first throttle, then slowly. */
const GROWTH_FIRST = 1;
const GROWTH = 0.05;
/** Only a rate that is nearly used up grows. */
const USED_SHARE = 0.8;
const RATE_MIN = 1;
/** Not spent at once: a table refills by the second, and what a batch asks beyond that is refused. */
const BUCKET_S = 0.25;

/**
 * How many write units a second may be asked of a table that does not say how many it has left: more while it takes all, less
 * when it throttles. A token bucket whose rate is steered by what was admitted.
 *
 * @example
 * const rate = new AdaptiveRate({ initial: 200, wallClock });
 * const waitMs = rate.take(25); // wait so long, then send
 * rate.admitted(20);
 * rate.throttled();
 */
export class AdaptiveRate {
  readonly #clock: Clock;
  #rate: number;
  /** May go below 0: then it is owed. */
  #tokens: number;
  #atMs: number;
  #cutMs = Number.NEGATIVE_INFINITY;
  #isFirst = true;
  #admissions: { atMs: number; units: number }[] = [];
  #admitted = 0;

  constructor({ initial, wallClock }: AdaptiveRateOptions) {
    this.#clock = wallClock;
    this.#rate = Math.max(RATE_MIN, initial);
    this.#tokens = this.#rate * BUCKET_S;
    this.#atMs = wallClock.nowMs();
  }

  /** Units a second that are asked for now. */
  get unitsPerS(): number {
    return this.#rate;
  }

  /** What one batch should not exceed. */
  get batchUnits(): number {
    return Math.max(1, this.#rate * BUCKET_S);
  }

  /** Takes units; returns how long to wait before they may be spent, ms. */
  take(units: number): number {
    this.#refill();
    this.#tokens -= units;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1000;
  }

  /** Units that the table took. */
  admitted(units: number): void {
    const nowMs = this.#clock.nowMs();
    this.#admissions.push({ atMs: nowMs, units });
    this.#admitted += units;
    this.#forget(nowMs);
  }

  /** The table refused something for its rate. */
  throttled(): void {
    const nowMs = this.#clock.nowMs();
    this.#forget(nowMs);
    if (nowMs - this.#cutMs < CUT_EVERY_MS) return;
    this.#refill();
    this.#cutMs = nowMs;
    this.#isFirst = false;
    this.#rate = Math.max(RATE_MIN, Math.min(this.#rate, this.#admitted / (WINDOW_MS / 1000)) * CUT);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const seconds = Math.min(1, Math.max(0, nowMs - this.#atMs) / 1000);
    this.#atMs = nowMs;
    this.#forget(nowMs);
    const used = this.#admitted / (WINDOW_MS / 1000);
    if (used >= this.#rate * USED_SHARE) this.#rate *= 1 + (this.#isFirst ? GROWTH_FIRST : GROWTH) * seconds;
    this.#tokens = Math.min(this.#rate * BUCKET_S, this.#tokens + this.#rate * seconds);
  }

  #forget(nowMs: number): void {
    let old = 0;
    while (old < this.#admissions.length && this.#admissions[old].atMs <= nowMs - WINDOW_MS) {
      this.#admitted -= this.#admissions[old++].units;
    }
    if (old > 0) this.#admissions.splice(0, old);
  }
}
