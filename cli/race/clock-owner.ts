import { type Clock, type ClockSync, RaceClock } from '#wire/clock.js';
import type { Lag } from '../processes/protocol.js';

const CHECK_MS = 200;
/** How fast the rate falls while something is behind, and rises again after; per check. */
const SLOW_DOWN = 0.85;
const SPEED_UP = 1.06;
/** The race never stands still: a part that is stuck shows as a time-out, not as a frozen clock. */
const RATE_MIN = 0.05;

/**
 * Owns the race clock of a run (decision 9): starts at max(wall, last race time kept in the data folder), so that event
 * time never runs backwards between runs; slows when a lag passes its bound, and says so; drops nothing.
 */
export class ClockOwner {
  readonly clock: RaceClock;
  /** Name of the lag that holds the clock back now, or null. */
  heldBy: string | null = null;
  readonly #target: number;
  readonly #lags: () => Lag[];
  readonly #announce: (sync: ClockSync) => void;
  #rate: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(wall: Clock, lastRaceMs: number, speed: number, lags: () => Lag[], announce: (sync: ClockSync) => void) {
    this.#target = speed;
    this.#rate = speed;
    this.#lags = lags;
    this.#announce = announce;
    this.clock = new RaceClock(wall);
    const wallMs = wall.nowMs();
    this.clock.follow({ type: 'clock', wallMs, raceMs: Math.max(wallMs, lastRaceMs), rate: speed });
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    let worst: Lag = { name: '', share: 0 };
    for (const lag of this.#lags()) if (lag.share > worst.share) worst = lag;
    this.heldBy = worst.share > 1 ? worst.name : null;
    // Between 0.7 and 1 of the bound the rate is left alone, so that it settles instead of swinging.
    let rate = this.#rate;
    if (worst.share > 1) rate = Math.max(RATE_MIN, rate * SLOW_DOWN);
    else if (worst.share < 0.7) rate = Math.min(this.#target, rate * SPEED_UP);
    if (rate === this.#rate) return;
    this.#rate = rate;
    const sync = this.clock.sync(rate);
    this.clock.follow(sync);
    this.#announce(sync);
  }
}
