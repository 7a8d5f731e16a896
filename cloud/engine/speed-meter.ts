import type { Clock } from '#wire/clock.js';

/** Wall time over which the speed is measured. */
const SPAN_MS = 3_000;

/** How fast the race clock really runs: race ms per wall ms over the last seconds. */
export class SpeedMeter {
  readonly #race: Clock;
  readonly #wall: Clock;
  readonly #marks: { wallMs: number; raceMs: number }[] = [];

  constructor(race: Clock, wall: Clock) {
    this.#race = race;
    this.#wall = wall;
  }

  /** Takes a reading; call it a few times a second. */
  read(): number {
    const mark = { wallMs: this.#wall.nowMs(), raceMs: this.#race.nowMs() };
    this.#marks.push(mark);
    while (this.#marks.length > 2 && mark.wallMs - this.#marks[1].wallMs >= SPAN_MS) this.#marks.shift();
    const [first] = this.#marks;
    const wallMs = mark.wallMs - first.wallMs;
    return wallMs > 0 ? (mark.raceMs - first.raceMs) / wallMs : 1;
  }
}
