import { SHARD_LIMITS, type ShardLimits } from '../reshard/shard-load.js';

/** What a throttle leaves of the share, and what comes back in a second without one. */
const CUT = 0.8;
const GAIN_PER_SECOND = 0.05;
/** Of what a shard takes: however many write to it, a producer asks again. */
const SHARE_MIN = 0.02;
/**
 * What the bucket holds, in seconds. A shard holds a second's worth: with half of it a call may arrive half a second late
 * and the next one on time without the shard refusing it.
 */
const BURST_S = 0.5;

/**
 * What a producer may put into one shard: a token bucket, by the clock that the service counts by (the
 * race clock). Its rate is a share of what the shard takes, found as TCP finds its own (additive increase, multiplicative
 * decrease): producers that know nothing of one another come to even shares.
 *
 * @example
 * const pace = new ShardPace(raceClock.nowMs());
 * if (pace.admits(record.bytes, nowMs)) pace.take(record.bytes, nowMs);
 */
export class ShardPace {
  readonly #limits: ShardLimits;
  #share = 1;
  #records: number;
  #bytes: number;
  #atMs: number;
  #cutMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number, limits: ShardLimits = SHARD_LIMITS) {
    this.#limits = limits;
    this.#records = limits.recordsPerSecond * BURST_S;
    this.#bytes = limits.bytesPerSecond * BURST_S;
    this.#atMs = nowMs;
  }

  /** Of what the shard takes, 0…1. */
  get share(): number {
    return this.#share;
  }

  /** Whether one record of `bytes` may go; a full bucket lets one pass that is larger than itself. */
  admits(bytes: number, nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#records >= 1 && this.#bytes >= Math.min(bytes, this.#limits.bytesPerSecond * this.#share * BURST_S);
  }

  take(bytes: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#records--;
    this.#bytes -= bytes;
  }

  /** The shard refused what was sent at `sentMs`. What was sent before the last cut says nothing about the rate since. */
  throttled(sentMs: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#records = Math.min(this.#records, 0);
    this.#bytes = Math.min(this.#bytes, 0);
    if (sentMs <= this.#cutMs) return;
    this.#cutMs = nowMs;
    this.#share = Math.max(SHARE_MIN, this.#share * CUT);
  }

  #refill(nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1_000;
    // A clock that stands still or is behind gives nothing and takes nothing away.
    if (seconds <= 0) return;
    this.#atMs = nowMs;
    this.#share = Math.min(1, this.#share + seconds * GAIN_PER_SECOND);
    const recordsPerSecond = this.#limits.recordsPerSecond * this.#share;
    const bytesPerSecond = this.#limits.bytesPerSecond * this.#share;
    // One whole record must fit, or none would ever go.
    this.#records = Math.min(Math.max(1, recordsPerSecond * BURST_S), this.#records + seconds * recordsPerSecond);
    this.#bytes = Math.min(bytesPerSecond * BURST_S, this.#bytes + seconds * bytesPerSecond);
  }
}
