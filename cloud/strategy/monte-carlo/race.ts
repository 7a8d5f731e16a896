import { Cautions } from './cautions.js';
import { bitsOf, normalOf, PURPOSE, runKey } from './draws.js';
import { lapFate } from './fate.js';
import { Penalties } from './penalties.js';
import { PitRoad } from './pit-road.js';
import { RaceRecord } from './race-record.js';
import { RaceScratch } from './scratch.js';
import { freeOfTraffic } from './traffic.js';
import { type Option, type Outcome, PHASE, type RaceStart, STANDING } from './types.js';

/** Nobody laps in less: whatever is drawn, time goes on. */
const LAP_MIN_S = 1;

/**
 * One race after the other from the same start, each from its own random numbers. All memory is taken at construction: a run
 * allocates nothing.
 *
 * The race goes from crossing to crossing of the line, in the order of time. At a crossing the car's next lap is drawn: pace
 * on its tyres, traffic, a stop, trouble; the leader's crossings carry the race's own clock (cautions, stages, the flag).
 *
 * Limits: a lap is the smallest step, so that a caution begins and ends as the leader crosses; whoever causes one is not among
 * the cars that fall out; red flags are full cautions; penalties are those that were imposed before.
 */
export class DrawnRace {
  readonly #start: RaceStart;
  readonly #is: RaceScratch;
  readonly #cautions: Cautions;
  readonly #pits: PitRoad;
  readonly #penalties: Penalties;
  readonly #record: RaceRecord;

  constructor(start: RaceStart) {
    this.#start = start;
    this.#is = new RaceScratch(start);
    this.#pits = new PitRoad(start, this.#is);
    this.#cautions = new Cautions(start, this.#is, this.#pits);
    this.#penalties = new Penalties(start, this.#is);
    this.#record = new RaceRecord(start, this.#is, this.#pits, this.#cautions, this.#penalties);
  }

  /** Draws run `run` and writes it to row `row`. */
  run(seed: number, run: number, option: Option, outcome: Outcome, row: number): void {
    const is = this.#is;
    const { road } = is;
    is.begin(runKey(seed, run));
    this.#pits.begin(option);
    this.#cautions.begin(option);
    this.#penalties.begin();
    this.#record.begin(outcome, row);
    this.#lineUp();
    this.#cautions.afterLineUp();
    while (road.size > 0) this.#cross(road.shift());
    this.#record.end();
  }

  /** Everybody is somewhere on the lap after his last crossing; whoever should have crossed by now does so at once. */
  #lineUp(): void {
    const { standing, nowS } = this.#start;
    const is = this.#is;
    for (const car of is.departures) {
      if (standing[car] !== STANDING.running) continue;
      if (is.isOver && is.lap[car] >= this.#start.lapsTotal) continue;
      this.#depart(car, is.atS[car]);
      if (is.road.nextS[car] < nowS) is.road.nextS[car] = nowS;
    }
    is.road.sort();
  }

  #cross(car: number): void {
    const { durationS, lapsAfter, lapsMax } = this.#start;
    const is = this.#is;
    const atS = is.road.nextS[car];
    const lap = ++is.lap[car];
    is.beforeS = is.newestS;
    is.before = is.newest;
    is.newest = car;
    is.newestS = atS;
    is.atS[car] = atS;
    is.age[car]++;
    this.#pits.cross(car, lap);
    if (lap > is.leaderLap) {
      is.leaderLap = lap;
      if (atS >= durationS) is.flagLap = Math.min(is.flagLap, lap + lapsAfter);
      is.isOver ||= lap >= is.flagLap || lap >= lapsMax;
      if (is.isOver) is.flagS = Math.min(is.flagS, atS);
      else this.#cautions.leaderCrosses(car, lap, atS);
    }
    is.lapsDown[car] = is.leaderLap - lap;
    this.#record.cross(car);
    if (is.isOver) is.finished[car] = 1;
    else this.#depart(car, atS);
  }

  /** Draws the lap that begins now, and schedules its end. */
  #depart(car: number, atS: number): void {
    const start = this.#start;
    const is = this.#is;
    const lap = is.lap[car] + 1;
    const bits = bitsOf(is.key, PURPOSE.lap, car, lap);
    const ahead = lap - start.lap[car];
    const age = Math.min(start.ages - 1, is.age[car] + 1) | 0;
    const worn = car * start.ages + age;
    let noise = start.noiseSdS[car] * normalOf(bits);
    let lapS =
      is.paceS[car] +
      start.falloffS[worn] +
      is.falloffZ[car] * start.falloffSdS[worn] +
      start.driftS[car] * ahead +
      is.passingS[car] +
      is.trackS;
    is.passingS[car] *= start.passingKept;
    if (is.greenLaps < start.traffic.restartLaps) {
      noise *= start.traffic.restartNoise;
      if (is.greenLaps < start.restartS.length) lapS += start.restartS[is.greenLaps];
    }
    const fate = lapFate(start, is.key, car, lap, is.phase);
    if (fate < 0) {
      is.out[car] = 1;
      return;
    }
    // What others see of him: his pace, not the luck of a lap.
    is.freeS[car] = Math.max(LAP_MIN_S, lapS + fate);
    lapS = Math.max(LAP_MIN_S, lapS + noise + fate);
    let pitS = this.#pits.depart(car, lap, atS, lapS);
    pitS += this.#penalties.driveThrough(car);
    if (is.phase === PHASE.full) {
      is.road.insert(car, this.#cautions.followS(car, atS, lapS) + pitS);
      return;
    }
    if (is.phase === PHASE.virtual) lapS *= start.cautions.virtualFactor;
    is.road.insert(car, freeOfTraffic(start, is, car, atS + lapS + pitS));
  }
}
