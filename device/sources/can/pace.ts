import type { Clock } from '../../wire/clock.js';

/** A step forward beyond this, or back beyond the next, is the clock of the log having been set, not time that passed. */
const STEP_FORWARD_MAX_US = 60_000_000;
const STEP_BACK_MAX_US = 1_000_000;

/**
 * The time of a recording as it is played: its stamps, at `speed` of its seconds per second of the race clock, without the
 * steps that its clock was set by.
 *
 * Stamps are divided by the speed, so that event time never runs ahead of the race clock. To keep a recording's own
 * spacing and play it faster, let the race clock run faster.
 */
export class Pace {
  /** Steps of the recording's clock that were taken out. */
  jumps = 0;
  readonly #clock: Clock;
  readonly #speed: number;
  #startMs = 0;
  #firstUs = Number.NaN;
  #lastUs = 0;
  #shiftUs = 0;
  /** The last frame's time, µs. */
  timeUs = 0;

  /** @param speed 0 = as fast as it is read, at its own times */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock;
    this.#speed = speed;
  }

  /** Takes the stamp of the next frame; `timeUs` is then the frame's time. */
  take(stampUs: number): void {
    if (Number.isNaN(this.#firstUs)) {
      this.#firstUs = stampUs;
      this.#lastUs = stampUs;
      this.#startMs = this.#clock.nowMs();
    }
    const step = stampUs + this.#shiftUs - this.#lastUs;
    if (step > STEP_FORWARD_MAX_US || step < -STEP_BACK_MAX_US) {
      this.jumps++;
      this.#shiftUs -= step;
    }
    this.#lastUs = stampUs + this.#shiftUs;
    const elapsedUs = this.#lastUs - this.#firstUs;
    this.timeUs = this.#firstUs + (this.#speed > 0 ? Math.round(elapsedUs / this.#speed) : elapsedUs);
  }

  /** Whether the race clock has come to the last frame. */
  get isDue(): boolean {
    return this.#speed === 0 || (this.#clock.nowMs() - this.#startMs) * 1000 >= this.timeUs - this.#firstUs;
  }
}
