import type { Car } from './car.js';
import type { PassingEvent } from './events.js';

/**
 * The timing loops: exact times of crossings, completed laps and official places. A place is the count of cars that
 * completed the same lap before: whoever has done more laps did that one, too.
 */
export class Timing {
  greenAtMs: number | null = null;
  /** Cars that have completed lap n, by n. */
  readonly #completed: number[] = [];

  /** The car crossed the start/finish line: its lap count grows. */
  line(car: Car, atMs: number): PassingEvent {
    car.lapsDone++;
    const lapTimeMs = car.lapsDone > 0 ? atMs - car.lastLineMs : null;
    car.lastLineMs = atMs;
    const position = (this.#completed[car.lapsDone] ?? 0) + 1;
    this.#completed[car.lapsDone] = position;
    return this.#passing(car, 'SF', car.lapsDone, lapTimeMs, position, atMs);
  }

  pitLoop(car: Car, loop: 'PI' | 'PO', atMs: number): PassingEvent {
    return this.#passing(car, loop, car.lapsDone + 1, null, null, atMs);
  }

  #passing(
    car: Car,
    loop: PassingEvent['loop'],
    lap: number,
    lapTimeMs: number | null,
    position: number | null,
    atMs: number,
  ): PassingEvent {
    const elapsedMs = this.greenAtMs === null ? 0 : atMs - this.greenAtMs;
    return { type: 'passing', car: car.index, loop, lap, lapTimeMs, position, atMs, elapsedMs };
  }
}
