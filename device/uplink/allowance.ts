import type { Clock } from '../wire/clock.js';
import { Budget } from './budget.js';

export interface UplinkLimits {
  /** Publishes without a PUBACK at a time. Default 100 (AWS IoT quota). */
  inFlightMax?: number;
  /** Default 100 (AWS IoT quota per connection), on the race clock. */
  messagesPerSecond?: number;
  /** Default 512 KiB (AWS IoT quota per connection), on the race clock. */
  bytesPerSecond?: number;
  /** What of it old records may use. Default 256 KiB. */
  backfillBytesPerSecond?: number;
  /** Newest records that wait for the live lane; older ones go by backfill. Default 32: three seconds. */
  liveQueueMax?: number;
  /** A record that has its PUBACK but no end-to-end acknowledgement is sent again after this. Wall ms. Default 15 000. */
  resendAfterMs?: number;
}

export const DEFAULT_LIMITS: Required<UplinkLimits> = {
  inFlightMax: 100,
  messagesPerSecond: 100,
  bytesPerSecond: 512 * 1024,
  backfillBytesPerSecond: 256 * 1024,
  liveQueueMax: 32,
  resendAfterMs: 15_000,
};

/** Share of the allowances that backfill leaves to what may happen next. */
const LIVE_RESERVE = 0.25;

/** What one connection may send: publishes under way, messages and bytes a second, and the part of it for old records. */
export class Allowance {
  limits: Required<UplinkLimits>;
  /** Publishes without an answer. */
  inFlight = 0;
  readonly #messages: Budget;
  readonly #bytes: Budget;
  readonly #backfillBytes: Budget;

  constructor(limits: UplinkLimits | undefined, race: Clock, wall: Clock) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.#messages = new Budget(this.limits.messagesPerSecond, race, wall);
    this.#bytes = new Budget(this.limits.bytesPerSecond, race, wall);
    this.#backfillBytes = new Budget(this.limits.backfillBytesPerSecond, race, wall);
  }

  /** Changes the limits; what is absent is as it is by default. */
  limit(limits: UplinkLimits): void {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.#messages.limit(this.limits.messagesPerSecond);
    this.#bytes.limit(this.limits.bytesPerSecond);
    this.#backfillBytes.limit(this.limits.backfillBytesPerSecond);
  }

  /** `oneByOne`: nothing else may be under way. */
  allowsLive(oneByOne: boolean): boolean {
    return this.#allows(oneByOne, 0);
  }

  allowsBackfill(oneByOne: boolean): boolean {
    return this.#allows(oneByOne, LIVE_RESERVE) && this.#backfillBytes.has();
  }

  spend(bytes: number, isBackfill: boolean): void {
    this.inFlight++;
    this.#messages.spend(1);
    this.#bytes.spend(bytes);
    if (isBackfill) this.#backfillBytes.spend(bytes);
  }

  #allows(oneByOne: boolean, reserve: number): boolean {
    const inFlightMax = oneByOne ? 1 : this.limits.inFlightMax;
    return this.inFlight < inFlightMax && this.#messages.has(reserve) && this.#bytes.has(reserve);
  }
}
