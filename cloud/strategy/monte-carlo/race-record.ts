import type { Cautions } from './cautions.js';
import type { Penalties } from './penalties.js';
import type { PitRoad } from './pit-road.js';
import type { RaceScratch } from './scratch.js';
import { NONE, type Outcome, type RaceStart, STANDING } from './types.js';

/** Writes what comes of a race into its row. */
export class RaceRecord {
  readonly #start: RaceStart;
  readonly #is: RaceScratch;
  readonly #pits: PitRoad;
  readonly #cautions: Cautions;
  readonly #penalties: Penalties;
  readonly #ranked: Int32Array;
  readonly #classCount: Uint16Array;
  #into!: Outcome;
  #row = 0;
  #base = 0;
  #hasRestarted = false;

  constructor(start: RaceStart, is: RaceScratch, pits: PitRoad, cautions: Cautions, penalties: Penalties) {
    this.#start = start;
    this.#is = is;
    this.#pits = pits;
    this.#cautions = cautions;
    this.#penalties = penalties;
    this.#ranked = Int32Array.from(start.cars.keys()).sort((a, b) => start.place[a] - start.place[b] || a - b);
    this.#classCount = new Uint16Array(start.classes.length);
  }

  begin(into: Outcome, row: number): void {
    this.#into = into;
    this.#row = row;
    this.#base = row * into.cars;
    this.#hasRestarted = false;
    const to = this.#base + into.cars;
    into.stopLap.fill(NONE, this.#base, to);
    into.rejoinPlace.fill(0, this.#base, to);
    into.rejoinAhead.fill(NONE, this.#base, to);
    into.rejoinBehind.fill(NONE, this.#base, to);
    into.restartPlace.fill(0, this.#base, to);
  }

  /** A car has crossed the line; everything about it is up to date. */
  cross(car: number): void {
    const is = this.#is;
    const into = this.#into;
    const at = this.#base + car;
    if (is.restarts > 0 && !this.#hasRestarted) this.#restarted();
    if (this.#pits.stops[car] === 0) return;
    if (into.stopLap[at] === NONE) {
      into.stopLap[at] = is.lap[car];
      into.stopPhase[at] = is.phase;
    } else if (into.rejoinPlace[at] === 0) this.#rejoined(car, at);
  }

  #rejoined(car: number, at: number): void {
    const is = this.#is;
    const into = this.#into;
    into.rejoinPlace[at] = is.placeOf(car);
    into.rejoinLapsDown[at] = is.lapsDown[car];
    if (is.before !== NONE) {
      into.rejoinAhead[at] = is.before;
      into.rejoinAheadS[at] = is.atS[car] - is.beforeS;
      into.rejoinAheadAge[at] = Math.round(is.age[is.before]);
    }
    if (is.road.size > 0) {
      const behind = is.road.at(0);
      into.rejoinBehind[at] = behind;
      into.rejoinBehindS[at] = is.road.nextS[behind] - is.atS[car];
      into.rejoinBehindAge[at] = Math.round(is.age[behind]);
    }
  }

  #restarted(): void {
    this.#hasRestarted = true;
    this.#rank();
    for (let place = 0; place < this.#ranked.length; place++) {
      const car = this.#ranked[place];
      if (this.#start.standing[car] === STANDING.running) this.#into.restartPlace[this.#base + car] = place + 1;
    }
  }

  /** The race is over. */
  end(): void {
    const is = this.#is;
    const into = this.#into;
    for (let car = 0; car < this.#ranked.length; car++) is.atS[car] += this.#penalties.atFlagS(car);
    this.#rank();
    this.#classCount.fill(0);
    const winner = this.#ranked[0];
    for (let place = 0; place < this.#ranked.length; place++) {
      const car = this.#ranked[place];
      const at = this.#base + car;
      into.place[at] = place + 1;
      into.classPlace[at] = ++this.#classCount[this.#start.cls[car]];
      into.lapsDone[at] = is.lap[car];
      into.lapsDown[at] = is.lap[winner] - is.lap[car];
      into.finishS[at] = is.atS[car];
      into.gapS[at] = Math.max(0, is.atS[car] - is.atS[winner]);
      into.out[at] = is.out[car];
      into.ranDry[at] = this.#pits.ranDry[car];
      into.stops[at] = this.#pits.stops[car];
      into.trapped[at] = this.#cautions.trapped[car];
    }
    into.cautions[this.#row] = this.#cautions.count;
    into.firstCautionLap[this.#row] = this.#cautions.firstLap;
  }

  /** By laps, then by who completed them first. The order of the time before is nearly right: insertion is cheap. */
  #rank(): void {
    const { lap, atS } = this.#is;
    const ranked = this.#ranked;
    for (let from = 1; from < ranked.length; from++) {
      const car = ranked[from];
      let to = from;
      while (to > 0 && isBehind(ranked[to - 1], car, lap, atS)) {
        ranked[to] = ranked[to - 1];
        to--;
      }
      ranked[to] = car;
    }
  }
}

function isBehind(car: number, other: number, lap: Int32Array, atS: Float64Array): boolean {
  if (lap[car] !== lap[other]) return lap[car] < lap[other];
  return atS[car] !== atS[other] ? atS[car] > atS[other] : car > other;
}
