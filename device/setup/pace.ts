import { type BackoffBounds, backoffMs } from '../backoff.js';
import type { Clock } from '../wire/clock.js';
import type { Random } from '../wire/random.js';

export interface PaceOptions {
  wallClock: Clock;
  random: Random;
  /** Requests that may be sent in any minute. */
  perMinute: number;
  backoff: BackoffBounds;
}

const MINUTE_MS = 60_000;

/**
 * When the next request to a service may go out: so many a minute at most, and after failures in a row later and later
 * (doubling, with jitter). A service that answers wrongly for an afternoon costs a bounded number of messages.
 */
export class Pace {
  /** Times that a request had to wait for the minute's allowance. */
  heldBack = 0;
  readonly #options: PaceOptions;
  /** Wall ms of the requests of the last minute. */
  readonly #sentMs: number[] = [];
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #holding = false;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  mayGo(): boolean {
    const nowMs = this.#options.wallClock.nowMs();
    if (nowMs < this.#notBeforeMs) return false;
    while (this.#sentMs.length > 0 && this.#sentMs[0] <= nowMs - MINUTE_MS) this.#sentMs.shift();
    const may = this.#sentMs.length < this.#options.perMinute;
    if (!may && !this.#holding) this.heldBack++;
    this.#holding = !may;
    return may;
  }

  sent(): void {
    this.#sentMs.push(this.#options.wallClock.nowMs());
  }

  /** Also for a new connection, which is a new start; the minute's allowance stays. */
  succeeded(): void {
    this.#failures = 0;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
  }

  failed(): void {
    const { backoff, random, wallClock } = this.#options;
    this.#notBeforeMs = wallClock.nowMs() + backoffMs(this.#failures++, backoff, random);
  }
}
