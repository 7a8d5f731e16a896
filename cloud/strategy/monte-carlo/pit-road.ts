import { bitsOf, normalOf, PURPOSE, unitOf } from './draws.js';
import { PIT_IN, PIT_OUT, type RaceScratch } from './scratch.js';
import { boxS } from './service.js';
import { NO_LIMIT, NONE, type Option, PHASE, type PlannedStop, type RaceStart, type Service } from './types.js';

/** Nobody stops for tyres with so few laps to go. */
const LATE_LAPS = 3;
/** Fuel that a fill to the end carries in reserve, laps. */
const RESERVE_LAPS = 1;
const PHASES = 3;
/** What habits do: the pit loss of past stops is that of this service. */
const USUAL: Service = { tyres: 4, fuel: 'toEnd' };

/** Who stops when, why, and what it costs. */
export class PitRoad {
  readonly #start: RaceStart;
  readonly #is: RaceScratch;
  /** Green laps that we count on, and by how much we are mistaken about this tank. */
  readonly fuelLaps: Float64Array;
  readonly #mistakenLaps: Float64Array;
  /** What the lap under way uses. */
  readonly #use: Float64Array;
  readonly #outS: Float64Array;
  /** Stops since the start of the drawing; all of them. */
  readonly stops: Uint8Array;
  readonly #compounds: Uint8Array;
  readonly #stopLap: Int32Array;
  readonly #block: Int32Array;
  readonly #wants: Uint8Array;
  readonly ranDry: Uint8Array;
  /** Stopped since the caution that is on came out. */
  readonly stoppedNow: Uint8Array;
  /** Lap of the newest stop under green, and laps down before it. */
  readonly greenStopLap: Int32Array;
  readonly downBefore: Int32Array;
  /** Service of a stop under way; null is the usual one. */
  readonly #service: (Service | null)[];

  #car = NONE;
  #plan: readonly PlannedStop[] = [];
  #planned = 0;
  #usualFrom = 0;
  #takesCaution = false;

  constructor(start: RaceStart, is: RaceScratch) {
    const cars = start.cars.length;
    this.#start = start;
    this.#is = is;
    this.fuelLaps = new Float64Array(cars);
    this.#mistakenLaps = new Float64Array(cars);
    this.#use = new Float64Array(cars);
    this.#outS = new Float64Array(cars);
    this.stops = new Uint8Array(cars);
    this.#compounds = new Uint8Array(cars);
    this.#stopLap = new Int32Array(cars);
    this.#block = new Int32Array(cars);
    this.#wants = new Uint8Array(cars);
    this.ranDry = new Uint8Array(cars);
    this.stoppedNow = new Uint8Array(cars);
    this.greenStopLap = new Int32Array(cars);
    this.downBefore = new Int32Array(cars);
    this.#service = new Array<Service | null>(cars).fill(null);
  }

  begin({ car, stops, asUsualFromLap, stopUnderCaution }: Option): void {
    const start = this.#start;
    this.fuelLaps.set(start.fuelLaps);
    this.#compounds.set(start.compoundsUsed);
    this.stops.fill(0);
    this.#block.fill(NONE);
    this.#wants.fill(0);
    this.ranDry.fill(0);
    this.stoppedNow.fill(0);
    this.greenStopLap.fill(NONE);
    for (let at = 0; at < this.#outS.length; at++) {
      this.#mistakenLaps[at] = start.fuelLapsSd[at] * normalOf(bitsOf(this.#is.key, PURPOSE.fuel, at, 0));
      this.#outS[at] = (1 - start.inLapShare) * start.pitLossS[start.cls[at] * PHASES + start.cautions.now];
    }
    const plan = stops === 'asUsual' ? [] : stops;
    this.#car = stops === 'asUsual' ? NONE : car;
    this.#plan = plan;
    this.#planned = 0;
    this.#usualFrom = asUsualFromLap ?? (plan.length > 0 ? plan[plan.length - 1].lap + 1 : 0);
    this.#takesCaution = stopUnderCaution ?? false;
  }

  /** The lap that ended: fuel is gone, and if it ended in the box, so are the tyres. */
  cross(car: number, lap: number): void {
    const is = this.#is;
    this.fuelLaps[car] -= this.#use[car];
    if ((is.pit[car] & PIT_IN) === 0) {
      is.pit[car] = 0;
      return;
    }
    is.pit[car] = PIT_OUT;
    this.#wants[car] = 0;
    this.stoppedNow[car] = 1;
    if (is.phase === PHASE.green) {
      this.greenStopLap[car] = lap;
      this.downBefore[car] = is.lapsDown[car];
    }
    this.stops[car]++;
    this.#compounds[car]++;
    this.#stopLap[car] = lap;
    this.#block[car] = this.#blockOf(lap);
    const { tyres } = this.#service[car] ?? USUAL;
    if (tyres === 4) is.age[car] = 0;
    else if (tyres === 2) is.age[car] *= this.#start.service.twoTyresKeep;
    const toGo = this.#lapsToGo(lap, is.atS[car], is.freeS[car]);
    const addedLaps = this.#fillLaps(car, toGo, this.#service[car] ?? USUAL, this.fuelLaps[car]);
    if (addedLaps > 0) {
      this.fuelLaps[car] += addedLaps;
      const bits = bitsOf(is.key, PURPOSE.fuel, car, lap);
      this.#mistakenLaps[car] = this.#start.fuelLapsSd[car] * normalOf(bits);
    }
  }

  /**
   * Decides whether the lap that begins will end in the pits.
   *
   * @returns seconds that the pits add to the lap: leaving them, coming in, an empty tank
   */
  depart(car: number, lap: number, atS: number, lapS: number): number {
    const is = this.#is;
    const start = this.#start;
    const use = is.phase === PHASE.green ? 1 : start.cautions.slowLapUse;
    this.#use[car] = use;
    const toGo = this.#lapsToGo(lap, atS + lapS, lapS);
    const extraS = (is.pit[car] & PIT_OUT) === 0 ? 0 : this.#outS[car];
    // Who drives as usual knows his tank and stops in time; a plan may have counted on fuel that is not there.
    if (this.#isPlanned(car, lap) && this.#leftLaps(car) < use) {
      this.ranDry[car] = 1;
      this.#use[car] = this.#leftLaps(car);
      this.#service[car] = null;
      return extraS + start.dryS + this.#comeIn(car, lap, toGo);
    }
    return this.#stops(car, lap, toGo, use) ? extraS + this.#comeIn(car, lap, toGo) : extraS;
  }

  /** Laps to go when this one is over, at `endS`: as the leader has them, or until the clock ends the race. */
  #lapsToGo(lap: number, endS: number, lapS: number): number {
    const { durationS, lapsAfter } = this.#start;
    const byClock = Math.max(0, Math.ceil((durationS - endS) / lapS)) + lapsAfter;
    return Math.min(byClock, this.#is.flagLap - Math.max(lap, this.#is.leaderLap));
  }

  #stops(car: number, lap: number, toGo: number, use: number): boolean {
    const is = this.#is;
    const start = this.#start;
    if (toGo <= 0) return false;
    if (this.#isPlanned(car, lap)) return this.#stopsByPlan(car, lap);
    this.#service[car] = null;
    const left = this.#leftLaps(car) - use;
    if (left < toGo && left < 1) return true;
    if (toGo <= LATE_LAPS) return this.#compounds[car] < start.rules.compoundsToUse;
    if (this.#wants[car] !== 0) return this.#isOpen();
    if (is.phase === PHASE.full) return false;
    const hazard = this.#hazard(car, lap);
    return hazard > 0 && unitOf(bitsOf(is.key, PURPOSE.stop, car, lap)) < hazard;
  }

  #isPlanned(car: number, lap: number): boolean {
    return car === this.#car && lap < this.#usualFrom;
  }

  /** Green laps that are truly in the tank. */
  #leftLaps(car: number): number {
    return Math.max(0, this.fuelLaps[car] + this.#mistakenLaps[car]);
  }

  #stopsByPlan(car: number, lap: number): boolean {
    if (this.#planned >= this.#plan.length) return false;
    const due = lap >= this.#plan[this.#planned].lap;
    if (!due && !(this.#wants[car] !== 0 && this.#isOpen())) return false;
    this.#service[car] = this.#plan[this.#planned++].service;
    return true;
  }

  #isOpen(): boolean {
    return this.#is.phase !== PHASE.full || this.#is.slowLaps >= this.#start.rules.pitClosedLaps;
  }

  #hazard(car: number, lap: number): number {
    const { later, stopHazard, nextHazard, ages, blocks, cls, lap: from } = this.#start;
    const block = this.#block[car];
    if (block === NONE) return stopHazard[car * later + Math.min(later - 1, lap - from[car] - 1)];
    const age = Math.min(ages - 1, lap - this.#stopLap[car] - 1);
    return nextHazard[(cls[car] * blocks + block) * ages + age];
  }

  #blockOf(lap: number): number {
    const { blocks, blockLaps, leaderLap } = this.#start;
    return Math.min(blocks - 1, Math.max(0, Math.floor((lap - leaderLap) / blockLaps)));
  }

  /** The lap under way ends in the pits. @returns what falls before the line, seconds */
  #comeIn(car: number, lap: number, toGo: number): number {
    const start = this.#start;
    const is = this.#is;
    is.pit[car] |= PIT_IN;
    const spread = Math.exp(start.pitLossLogSd * normalOf(bitsOf(is.key, PURPOSE.loss, car, lap)));
    const usualS = start.pitLossS[start.cls[car] * PHASES + is.phase] * spread;
    const service = this.#service[car];
    const lossS =
      service === null ? usualS : Math.max(0, usualS + this.#boxS(car, toGo, service) - this.#boxS(car, toGo, USUAL));
    this.#outS[car] = (1 - start.inLapShare) * lossS;
    return start.inLapShare * lossS;
  }

  /** In the box at the end of the lap under way, seconds. */
  #boxS(car: number, toGo: number, service: Service): number {
    const fillLaps = this.#fillLaps(car, toGo, service, this.fuelLaps[car] - this.#use[car]);
    return boxS(this.#start.service, service.tyres, fillLaps / this.#start.tankLaps[car]);
  }

  /** Green laps' worth of fuel that the service puts in, with so much of it left and so many laps to go. */
  #fillLaps(car: number, toGo: number, { fuel }: Service, leftLaps: number): number {
    const tank = this.#start.tankLaps[car];
    if (fuel === 'none' || tank >= NO_LIMIT) return 0;
    const left = Math.max(0, leftLaps);
    const missing = Math.max(0, tank - left);
    if (fuel === 'fill') return missing;
    const toEnd = toGo + RESERVE_LAPS + this.#start.fuelLapsSd[car];
    return Math.min(missing, Math.max(0, toEnd - left));
  }

  /** A caution has come out: who stops under it, by the age of his tyres. Those who can still turn in do so now. */
  underCaution(): void {
    const is = this.#is;
    const start = this.#start;
    const { nextS } = is.road;
    this.#wants.fill(0);
    this.stoppedNow.fill(0);
    for (let place = 0; place < is.road.size; place++) {
      const car = is.road.at(place);
      const lap = is.lap[car] + 1;
      if (this.#isPlanned(car, lap)) {
        this.#wants[car] = this.#takesCaution && this.#planned < this.#plan.length ? 1 : 0;
      } else {
        const age = Math.min(start.ages - 1, is.age[car]) | 0;
        const chance = start.cautionStop[start.cls[car] * start.ages + age];
        this.#wants[car] = unitOf(bitsOf(is.key, PURPOSE.cautionStop, car, is.leaderLap)) < chance ? 1 : 0;
      }
      if (this.#wants[car] === 0 || !this.#isOpen() || is.pit[car] !== 0) continue;
      const toGo = this.#lapsToGo(lap, nextS[car], is.freeS[car]);
      if (this.#isPlanned(car, lap) ? this.#stopsByPlan(car, lap) : toGo > LATE_LAPS)
        nextS[car] += this.#comeIn(car, lap, toGo);
    }
    is.road.sort();
  }
}
