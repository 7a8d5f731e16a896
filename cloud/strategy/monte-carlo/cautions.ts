import { bitsOf, normalOf, PURPOSE, unitOf } from './draws.js';
import type { PitRoad } from './pit-road.js';
import { PIT_IN, type RaceScratch } from './scratch.js';
import { NO_LIMIT, NONE, type Option, PHASE, type RaceStart } from './types.js';

/** A car that lost a lap by a stop so many laps ago, or fewer, did so in a cycle of stops that others have still to make. */
const CYCLE_LAPS = 20;

/** Slow phases: when they come, how long they stay, what they do to the field. */
export class Cautions {
  readonly #start: RaceStart;
  readonly #is: RaceScratch;
  readonly #pits: PitRoad;
  readonly trapped: Uint8Array;
  /** Slow phases that began, and leader's lap of the first. */
  count = 0;
  firstLap: number = NONE;
  #chance = 0;
  /** Leader's laps that the phase still lasts. */
  #leftLaps = 0;
  /** Leader's lap at whose end one is called; −1 = as drawn. */
  #calledAt = NONE;
  #isDrawn = true;
  #stage = 0;
  /** When the pace car crosses next, and the car that left the line last. */
  #paceCarS = 0;
  #lastS = 0;
  #leaderStopped = false;

  constructor(start: RaceStart, is: RaceScratch, pits: PitRoad) {
    this.#start = start;
    this.#is = is;
    this.#pits = pits;
    this.trapped = new Uint8Array(start.cars.length);
  }

  begin({ caution }: Option): void {
    const { cautions, rules, leaderLap, leaderS, leader } = this.#start;
    const is = this.#is;
    this.trapped.fill(0);
    this.count = 0;
    this.firstLap = NONE;
    this.#isDrawn = caution !== 'none';
    this.#calledAt = typeof caution === 'object' ? leaderLap + caution.inLaps : NONE;
    this.#chance = 1 - Math.exp(-drawnRate(cautions.shape, cautions.rateLaps, is.key));
    this.#stage = 0;
    while (this.#stage < rules.stageEnds.length && rules.stageEnds[this.#stage] <= leaderLap) this.#stage++;
    this.#lastS = 0;
    this.#leaderStopped = false;
    is.slowLaps = cautions.nowLaps;
    this.#leftLaps = is.phase === PHASE.green ? 0 : Math.max(1, this.#drawnLaps(leaderLap) - cautions.nowLaps);
    this.#paceCarS = leader === NONE ? 0 : leaderS + cautions.fullFactor * this.#start.paceS[leader];
  }

  /** One that was asked for at once comes out before anybody crosses again. */
  afterLineUp(): void {
    const is = this.#is;
    if (is.phase !== PHASE.green || is.isOver || this.#calledAt !== is.leaderLap || this.#start.leader === NONE) return;
    this.#comeOut(this.#start.leader, is.leaderLap, this.#start.nowS, PHASE.full);
  }

  /** The leader has completed a lap: the race's own clock. */
  leaderCrosses(car: number, lap: number, atS: number): void {
    const is = this.#is;
    const { cautions, rules, fieldWalkSdS } = this.#start;
    is.trackS += fieldWalkSdS * normalOf(bitsOf(is.key, PURPOSE.track, NONE, lap));
    const isStageEnd = this.#stage < rules.stageEnds.length && lap >= rules.stageEnds[this.#stage];
    if (isStageEnd) this.#stage++;
    if (is.phase !== PHASE.green) {
      is.slowLaps++;
      if ((is.pit[car] & PIT_IN) !== 0 || this.#pits.stoppedNow[car] !== 0) this.#leaderStopped = true;
      if (--this.#leftLaps <= 0) this.#goGreen(atS);
      else this.#paceCarS = atS + cautions.fullFactor * is.freeS[car];
      return;
    }
    is.greenLaps++;
    if (isStageEnd || lap === this.#calledAt) this.#comeOut(car, lap, atS, PHASE.full);
    else if (
      this.#isDrawn &&
      lap > this.#calledAt &&
      unitOf(bitsOf(is.key, PURPOSE.caution, NONE, lap)) < this.#chance
    ) {
      const isVirtual = unitOf(bitsOf(is.key, PURPOSE.cautionKind, NONE, lap)) < rules.virtualShare;
      this.#comeOut(car, lap, atS, isVirtual ? PHASE.virtual : PHASE.full);
    }
  }

  /** When a car that leaves the line behind the pace car crosses next: it closes up, and passes nobody. */
  followS(car: number, atS: number, lapS: number): number {
    const { cautions, rules } = this.#start;
    const is = this.#is;
    const closes = is.lapsDown[car] === 0 || rules.waveAround !== 0;
    let nextS = atS + (closes ? cautions.closeUpFactor : cautions.fullFactor) * lapS;
    if (is.lap[car] >= is.leaderLap) nextS = Math.max(nextS, this.#paceCarS);
    nextS = Math.max(nextS, this.#lastS + cautions.bunchGapS);
    this.#lastS = nextS;
    return nextS;
  }

  #comeOut(leader: number, lap: number, atS: number, phase: 1 | 2): void {
    const { cautions } = this.#start;
    const is = this.#is;
    const { road } = is;
    is.phase = phase;
    is.slowLaps = 0;
    this.#leftLaps = this.#drawnLaps(lap);
    this.#leaderStopped = false;
    this.#lastS = 0;
    this.#paceCarS = atS + cautions.fullFactor * is.freeS[leader];
    this.count++;
    if (this.firstLap === NONE) this.firstLap = lap;
    this.#trap(lap);
    // What is left of everybody's lap takes longer.
    const factor = phase === PHASE.full ? cautions.closeUpFactor : cautions.virtualFactor;
    for (let place = 0; place < road.size; place++) {
      const car = road.at(place);
      road.nextS[car] = atS + (road.nextS[car] - atS) * factor;
    }
    this.#pits.underCaution();
  }

  /** Lost a lap by a stop that rivals can now make at the price of a caution. */
  #trap(lap: number): void {
    const { greenStopLap, downBefore } = this.#pits;
    const { lapsDown } = this.#is;
    for (let car = 0; car < this.trapped.length; car++) {
      if (greenStopLap[car] === NONE || lap - greenStopLap[car] - lapsDown[car] > CYCLE_LAPS) continue;
      if (lapsDown[car] > downBefore[car]) this.trapped[car] = 1;
    }
  }

  #goGreen(atS: number): void {
    const is = this.#is;
    const { road } = is;
    const wasFull = is.phase === PHASE.full;
    is.phase = PHASE.green;
    is.slowLaps = 0;
    if (!wasFull) {
      const { virtualFactor } = this.#start.cautions;
      for (let place = 0; place < road.size; place++) {
        const car = road.at(place);
        road.nextS[car] = atS + (road.nextS[car] - atS) / virtualFactor;
      }
      return;
    }
    is.greenLaps = 0;
    is.restarts++;
    this.#giveLapsBack(atS);
  }

  /** Free pass and wave-around: a lap back, and the restart from the tail. */
  #giveLapsBack(atS: number): void {
    const { rules, cautions } = this.#start;
    const is = this.#is;
    const { road } = is;
    if (road.size === 0 || (!rules.freePass && rules.waveAround === 0)) return;
    let tailS = road.nextS[road.at(road.size - 1)];
    const first = rules.freePass ? this.#firstLapped() : NONE;
    const waves = rules.waveAround === 2 || (rules.waveAround === 1 && this.#leaderStopped);
    for (let place = 0; place < road.size; place++) {
      const car = road.at(place);
      // The others have still to complete the leader's lap.
      if (is.leaderLap - 1 - is.lap[car] < 1) continue;
      const waved = waves && (rules.waveAround === 2 || this.#pits.stoppedNow[car] === 0);
      if (car !== first && !waved) continue;
      tailS += cautions.bunchGapS;
      is.lap[car]++;
      is.atS[car] = atS;
      road.nextS[car] = tailS;
    }
    road.sort();
  }

  #firstLapped(): number {
    const is = this.#is;
    let first: number = NONE;
    for (let place = 0; place < is.road.size; place++) {
      const car = is.road.at(place);
      if (is.leaderLap - 1 - is.lap[car] < 1) continue;
      if (
        first === NONE ||
        is.lap[car] > is.lap[first] ||
        (is.lap[car] === is.lap[first] && is.atS[car] < is.atS[first])
      )
        first = car;
    }
    return first;
  }

  #drawnLaps(lap: number): number {
    const { lengthLaps, lengthLogSd } = this.#start.cautions;
    const z = normalOf(bitsOf(this.#is.key, PURPOSE.cautionLength, NONE, lap));
    return Math.max(1, Math.round(lengthLaps * Math.exp(lengthLogSd * z)));
  }
}

/** Of a gamma with this shape, by Wilson and Hilferty's cube root: within a per cent from shape 1 on. */
function drawnRate(shape: number, rateLaps: number, key: number): number {
  if (!(shape > 0) || rateLaps >= NO_LIMIT) return 0;
  const z = normalOf(bitsOf(key, PURPOSE.cautionRate, NONE, NONE));
  const ninth = 1 / (9 * shape);
  return (shape * Math.max(0, 1 - ninth + z * Math.sqrt(ninth)) ** 3) / rateLaps;
}
