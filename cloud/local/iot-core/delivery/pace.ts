import type { Clock } from '#wire/clock.js';
import { TokenBucket } from '../../token-bucket.js';
import type { Counters } from '../counters.js';
import type { IotCoreLimits } from '../limits.js';
import type { Message } from './message.js';

/** The part of a client's link that a pace asks. */
export interface RatedLink {
  /** Takes one message from what the connection may carry a second; false: nothing left, nothing taken. */
  takeRate(bytes: number): boolean;
}

export interface PaceOptions {
  limits: Pick<IotCoreLimits, 'sessionDeliveriesPerSecond' | 'throttleWaitMs'>;
  /** Deliveries that the account may make a second, shared by all. */
  account: TokenBucket;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
}

/**
 * How fast one client is given what it is to get. Rates are in race time; nothing waits longer than `throttleWaitMs` of wall
 * time, as the race may stand still until this very client goes on.
 */
export class DeliveryPace {
  readonly #options: PaceOptions;
  #owed: TokenBucket;
  /** Wall ms. */
  #lastOwedAtMs = 0;
  /** Since when the first one waits for a rate, wall ms. */
  #heldSinceMs: number | undefined;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#owed = this.#newOwed();
  }

  /** A connection begins: what its session is owed starts with a full second's worth. */
  restart(): void {
    this.#owed = this.#newOwed();
    this.#heldSinceMs = undefined;
  }

  /** Takes one message from the connection's rate and the account's, or nothing. */
  take({ bytes }: Message, link: RatedLink): boolean {
    const { account, raceClock } = this.#options;
    const nowMs = raceClock.nowMs();
    if (!account.has(1, nowMs) || !link.takeRate(bytes)) return false;
    account.take(1, nowMs);
    return true;
  }

  /** As `take`, of a message that waits: after `throttleWaitMs` it passes all the same. */
  mayPass(message: Message, link: RatedLink): boolean {
    if (this.take(message, link)) {
      this.#heldSinceMs = undefined;
      return true;
    }
    const { limits, wallClock, counters } = this.#options;
    const nowMs = wallClock.nowMs();
    this.#heldSinceMs ??= nowMs;
    if (nowMs - this.#heldSinceMs < limits.throttleWaitMs) return false;
    this.#heldSinceMs = undefined;
    counters.stats.throttleOverruns++;
    return true;
  }

  /** Whether the next of what the session is owed may go out. */
  mayOwe(): boolean {
    const { limits, raceClock, wallClock } = this.#options;
    return this.#owed.has(1, raceClock.nowMs()) || wallClock.nowMs() - this.#lastOwedAtMs >= limits.throttleWaitMs;
  }

  takeOwed(): void {
    const { raceClock, wallClock } = this.#options;
    if (this.#owed.has(1, raceClock.nowMs())) this.#owed.take(1, raceClock.nowMs());
    this.#lastOwedAtMs = wallClock.nowMs();
  }

  #newOwed(): TokenBucket {
    return new TokenBucket(this.#options.limits.sessionDeliveriesPerSecond, this.#options.raceClock.nowMs());
  }
}
