import { bitsOf, normalOf, PURPOSE } from './draws.js';
import { Road } from './road.js';
import { NO_LIMIT, NONE, PHASE, type Phase, type RaceStart } from './types.js';

/** The lap under way ends in the pits; it began there. */
export const PIT_IN = 1;
export const PIT_OUT = 2;
/** The lap under way leads through the pit lane, without a stop. */
export const PIT_THROUGH = 4;

/** What a race is while it is drawn; columns per car. Taken once, begun anew for every run. */
export class RaceScratch {
  readonly road: Road;
  /** Cars in the order of their last crossings. */
  readonly departures: Int32Array;
  readonly lap: Int32Array;
  readonly atS: Float64Array;
  readonly age: Float64Array;
  readonly pit: Uint8Array;
  readonly lapsDown: Int32Array;
  readonly out: Uint8Array;
  readonly finished: Uint8Array;
  /** On fresh tyres, in this run. */
  readonly paceS: Float64Array;
  readonly falloffZ: Float64Array;
  readonly passingS: Float64Array;
  /** The lap under way, as it would be alone on the road under green. */
  readonly freeS: Float64Array;

  key = 0;
  leaderLap = 0;
  isOver = false;
  /** The lap at whose end the flag falls: the distance, or fewer once time has run out. */
  flagLap = NO_LIMIT;
  /** Race time at which the winner crossed. */
  flagS = NO_LIMIT;
  phase: Phase = PHASE.green;
  /** Leader's laps since the race was last made green. */
  greenLaps = 0;
  /** Leader's laps since the phase that is on came out. */
  slowLaps = 0;
  /** Times that a full caution ended. */
  restarts = 0;
  trackS = 0;
  /** Who crossed last, and who before; when. */
  newest = NONE;
  newestS = 0;
  before = NONE;
  beforeS = 0;
  readonly #start: RaceStart;

  constructor(start: RaceStart) {
    const cars = start.cars.length;
    this.#start = start;
    this.road = new Road(cars);
    this.departures = Int32Array.from(start.cars.keys());
    this.departures.sort((a, b) => start.atS[a] - start.atS[b] || start.place[a] - start.place[b] || a - b);
    this.lap = new Int32Array(cars);
    this.atS = new Float64Array(cars);
    this.age = new Float64Array(cars);
    this.pit = new Uint8Array(cars);
    this.lapsDown = new Int32Array(cars);
    this.out = new Uint8Array(cars);
    this.finished = new Uint8Array(cars);
    this.paceS = new Float64Array(cars);
    this.falloffZ = new Float64Array(cars);
    this.passingS = new Float64Array(cars);
    this.freeS = new Float64Array(cars);
  }

  begin(key: number): void {
    const start = this.#start;
    this.key = key;
    this.leaderLap = start.leaderLap;
    this.phase = start.cautions.now;
    this.greenLaps = start.greenLaps;
    this.trackS = 0;
    this.restarts = 0;
    this.newest = NONE;
    this.before = NONE;
    this.newestS = start.nowS;
    this.beforeS = start.nowS;
    this.isOver = start.isOver;
    this.flagLap = start.lapsTotal;
    this.flagS = start.isOver ? start.nowS : NO_LIMIT;
    this.road.clear();
    this.lap.set(start.lap);
    this.atS.set(start.atS);
    this.age.set(start.tyreAge);
    this.passingS.set(start.passingS);
    this.out.fill(0);
    this.finished.fill(0);
    for (let car = 0; car < this.lap.length; car++) {
      this.pit[car] = start.inPit[car] === 0 ? 0 : PIT_OUT;
      this.lapsDown[car] = Math.max(0, start.leaderLap - start.lap[car] - (start.atS[car] < start.leaderS ? 1 : 0));
      this.freeS[car] = start.paceS[car];
      this.paceS[car] = start.paceS[car] + start.paceSdS[car] * normalOf(bitsOf(key, PURPOSE.offset, car, NONE));
      this.falloffZ[car] = normalOf(bitsOf(key, PURPOSE.falloff, car, NONE));
    }
  }

  /** Place from 1 of a car as the line has seen everybody so far. */
  placeOf(car: number): number {
    const { lap, atS } = this;
    let place = 1;
    for (let other = 0; other < lap.length; other++) {
      if (lap[other] > lap[car] || (lap[other] === lap[car] && atS[other] < atS[car])) place++;
    }
    return place;
  }
}
