import { PIT_IN, PIT_THROUGH, type RaceScratch } from './scratch.js';
import { PHASE, type RaceStart } from './types.js';

/** What race control had imposed before the question and nobody has served. Nobody is penalised in a race that is drawn. */
export class Penalties {
  readonly #start: RaceStart;
  readonly #is: RaceScratch;
  readonly #owed: Uint8Array;

  constructor(start: RaceStart, is: RaceScratch) {
    this.#start = start;
    this.#is = is;
    this.#owed = new Uint8Array(start.cars.length);
  }

  begin(): void {
    this.#owed.set(this.#start.driveThroughs);
  }

  /**
   * The lap that begins leads through the pit lane where one is owed: the first one under green that does not end with a
   * stop anyway, for no penalty is served behind the pace car, nor by a stop.
   *
   * @returns seconds that it adds to the lap
   */
  driveThrough(car: number): number {
    const is = this.#is;
    if (this.#owed[car] === 0 || is.phase !== PHASE.green || (is.pit[car] & PIT_IN) !== 0) return 0;
    this.#owed[car]--;
    is.pit[car] |= PIT_THROUGH;
    return this.#laneS(car);
  }

  /** Added to the car's race time when the result is made: seconds, and drives through the lane that were never made. */
  atFlagS(car: number): number {
    return this.#start.penaltyS[car] + this.#owed[car] * this.#laneS(car);
  }

  #laneS(car: number): number {
    return this.#start.laneS[this.#start.cls[car]];
  }
}
