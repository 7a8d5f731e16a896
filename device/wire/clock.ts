/**
 * The two clocks (architecture, decision 9).
 *
 * - *Race clock*: event time, retention, rate limits, TTL. Runs at `rate` × wall time in a rehearsal; equals wall time
 *   where nobody sends a sync. Epoch milliseconds.
 * - *Wall clock*: time-outs, polls, leases, latency. Monotonic.
 *
 * Nobody calls `Date.now()`: both come in from outside.
 */

/** Anything that tells the time in epoch milliseconds (fractions allowed). */
export interface Clock {
  nowMs(): number;
}

/** Sent by the owner of the race clock to each process on every change of rate. */
export interface ClockSync {
  type: 'clock';
  /** Wall time (epoch ms) at which the pair was read. */
  wallMs: number;
  /** Race time (epoch ms) at that moment. */
  raceMs: number;
  /** Race milliseconds per wall millisecond; 0 = the race stands still. */
  rate: number;
}

/** Epoch milliseconds that never jump: the origin is read once, the rest is the monotonic counter. */
export const wallClock: Clock = { nowMs: () => performance.timeOrigin + performance.now() };

/**
 * A race clock that follows its owner's syncs. Without any it is the wall clock. Never runs backwards: a sync that would
 * set it back holds it still until the owner's time has caught up.
 *
 * @example
 * const race = new RaceClock(wallClock);
 * race.follow({ type: 'clock', wallMs: wallClock.nowMs(), raceMs: Date.UTC(2026, 10, 21), rate: 5 });
 */
export class RaceClock implements Clock {
  readonly #wall: Clock;
  #sync: ClockSync;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(wall: Clock) {
    this.#wall = wall;
    const nowMs = wall.nowMs();
    this.#sync = { type: 'clock', wallMs: nowMs, raceMs: nowMs, rate: 1 };
  }

  get rate(): number {
    return this.#sync.rate;
  }

  follow(sync: ClockSync): void {
    this.#sync = sync;
  }

  nowMs(): number {
    const { wallMs, raceMs, rate } = this.#sync;
    const nowMs = raceMs + (this.#wall.nowMs() - wallMs) * rate;
    if (nowMs > this.#lastMs) this.#lastMs = nowMs;
    return this.#lastMs;
  }

  /** The sync that makes another process's clock agree with this one, at a new rate if one is given. */
  sync(rate: number = this.#sync.rate): ClockSync {
    return { type: 'clock', wallMs: this.#wall.nowMs(), raceMs: this.nowMs(), rate };
  }
}

/** A clock that only moves when told to; for tests and virtual time. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
