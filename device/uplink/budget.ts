import type { Clock } from '../wire/clock.js';

/** Share of a second's allowance that may be used at once. With the rest as rate, no second sees more than the limit. */
const BURST_SHARE = 0.2;

/**
 * An allowance per second: a bucket that refills. Counted on the race clock, as the limits of the service are (architecture,
 * decision 9), but never slower than the wall: a race clock that is held back until the agents have caught up must not
 * hold back the very sends that it waits for.
 *
 * @example
 * const bytes = new Budget(512 * 1024, raceClock, wallClock);
 * if (bytes.has()) { send(payload); bytes.spend(payload.length); }
 */
export class Budget {
  #perMs = 0;
  #capacity = 0;
  readonly #race: Clock;
  readonly #wall: Clock;
  #raceMs: number;
  #wallMs: number;
  #left: number;

  constructor(perSecond: number, race: Clock, wall: Clock) {
    this.limit(perSecond);
    this.#race = race;
    this.#wall = wall;
    this.#raceMs = race.nowMs();
    this.#wallMs = wall.nowMs();
    this.#left = this.#capacity;
  }

  /** Changes the allowance. */
  limit(perSecond: number): void {
    this.#capacity = perSecond * BURST_SHARE;
    this.#perMs = (perSecond * (1 - BURST_SHARE)) / 1000;
  }

  /** Whether anything is left, or at least `share` of a full bucket. A record larger than the bucket puts it into debt. */
  has(share = 0): boolean {
    const raceMs = this.#race.nowMs();
    const wallMs = this.#wall.nowMs();
    const elapsedMs = Math.max(raceMs - this.#raceMs, wallMs - this.#wallMs);
    this.#raceMs = raceMs;
    this.#wallMs = wallMs;
    this.#left = Math.min(this.#capacity, this.#left + elapsedMs * this.#perMs);
    return this.#left > share * this.#capacity;
  }

  spend(amount: number): void {
    this.#left -= amount;
  }
}
