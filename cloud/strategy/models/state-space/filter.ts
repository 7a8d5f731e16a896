import { type CarHistory, isClean, isRacing } from '../../history/history.js';
import { clamp } from '../../stats.js';
import { ageUnits, FIELD, fieldRegressors, type LapConditions, OWN, OWN_SIZE, priorFigures } from './design.js';
import type { LapEvent } from './events.js';
import type { TyrePacePrior } from './prior.js';
import { copyOwn, copyShared, expect, moveOwn, moveShared, newOwn, type Own, observe, type Shared } from './star.js';

/** Everything that is known of one car after its newest lap. */
export interface CarState {
  own: Own;
  /** Clean laps taken in; 0 = nothing is known of its offset. */
  laps: number;
  /** Of its noise variance, against the field's. */
  noise: number;
  /** The newest lap, whatever it was. */
  conditions: LapConditions;
  /** It ended in the pits. */
  stopped: boolean;
  /** Held up at its end, 0 … 1; and lately, on average. */
  heldUp: number;
  traffic: number;
  /** Clean laps without a break that were far off, negative when they were faster than expected. */
  off: number;
}

export interface FilterState {
  shared: Shared;
  cars: Map<string, CarState>;
  /** The furthest car's laps: the field's state moves with them. */
  lap: number;
  /** Clean laps taken in. */
  laps: number;
  /** Of the noise variance, against the prior's. */
  noise: number;
  traffic: number;
  /** A usual clean lap of each class (ln s), and how many there were. */
  usual: Map<string, { logS: number; laps: number }>;
  /** Of the newest laps of the whole field: on which side they were (−1 … 1), and by how much. */
  side: number;
  miss: number;
  /** Race time of the newest crossing of the line. */
  crossedS: number;
}

/** Sd of a car's offset before its first lap: it says nothing. */
const OFFSET_SD = 0.2;
/** A miss counts as if the noise were so large that it is at most this many sds (Huber). */
const HUBER = 2;
/** A lap slower than the class's usual one by this (ln) tells of traffic or trouble. */
const SLOW = Math.log(1.12);
const USUAL_STEP = { first: 0.1, least: 0.005 } as const;
/** Further off than this (ln): a spin, a repair, a broken timer; no pace at all. */
const IMPLAUSIBLE = 0.15;
/** So many such laps in a row, and the track is another one: it rains. */
const OFF_LAPS = 3;
/** So many laps that are off, if less so, and it is the car. */
const LASTING_LAPS = 4;
/**
 * The lap on which green is shown says nothing of pace, and the next one little: how much of it is lost differs from restart to restart.
 * Its noise variance, in usual ones.
 */
const RESTART_NOISE = 100;
/** A car that is in the wake of another within so many seconds is held up. */
const HELD_UP_S = 2;
/** Memory of a car's traffic, and of the field's. */
const TRAFFIC_GAIN = 0.15;
/** Laps that the prior counts for in the noise of a car and of the field, and the longest memory. */
const NOISE_LAPS = { car: 20, carMax: 60, field: 200, fieldMax: 3_000 } as const;
/** A surprise beyond this many sds² says no more of the noise. */
const SURPRISE_MAX = 4;
/** The mean of that for normal noise. */
const SURPRISE_USUAL = 0.92;
/** The field as a whole is off (rain) when its newest laps lie this clearly on one side. */
const SIDE_CLEAR = 0.5;
/** Something may be on. */
const SIDE_SOME = 0.35;
/** After a restart, and on new tyres, all are off to one side, and it does not rain. */
const SETTLES_LAPS = 8;
/** Bounds of noise against the prior's: no car is perfect, none is chaos. */
const NOISE_MIN = 0.05;
const NOISE_MAX = 25;

export function newFilter(prior: TyrePacePrior, compounds: readonly string[]): FilterState {
  const figures = priorFigures(prior, compounds);
  const size = figures.length;
  const shared = { mean: new Float64Array(size), covariance: new Float64Array(size * size) };
  for (const [k, { mean, sd }] of figures.entries()) {
    shared.mean[k] = mean;
    shared.covariance[k * size + k] = sd ** 2;
  }
  return {
    shared,
    cars: new Map(),
    lap: 0,
    laps: 0,
    noise: 1,
    traffic: 0,
    usual: new Map(),
    side: 0,
    miss: 0,
    crossedS: Number.NaN,
  };
}

export function copyFilter(state: FilterState): FilterState {
  const cars = new Map<string, CarState>();
  for (const [key, car] of state.cars) cars.set(key, { ...car, own: copyOwn(car.own) });
  const usual = new Map(Array.from(state.usual, ([cls, of]) => [cls, { ...of }]));
  return { ...state, shared: copyShared(state.shared), cars, usual };
}

/** Takes in one more lap. Laps come in the order of their ends. */
export function takeLap(state: FilterState, { car, cls, index, endS }: LapEvent, prior: TyrePacePrior): void {
  if (car.lap[index] > state.lap) moveField(state, car.lap[index], prior);
  const known = state.cars.get(car.car);
  const of = known ?? newCar(state, prior);
  if (known === undefined) state.cars.set(car.car, of);
  const conditions = nextConditions(of, car, index);
  const restarted = conditions.greenLaps === 1;
  const fresh = index > 0 && (of.stopped || conditions.ageLaps <= of.conditions.ageLaps);
  moveCar(of, prior, fresh, restarted);
  if (fresh || restarted) of.off = 0;

  const heldUp = car.pitIn[index] ? 0 : clamp(1 - (endS - state.crossedS) / HELD_UP_S, 0, 1) || 0;
  conditions.traffic = (of.heldUp + heldUp) / 2;
  if (isClean(car, index)) {
    const logS = Math.log(car.lapTimeS[index]);
    if (isUsual(state, cls, logS) && !restarted) takeClean(state, of, conditions, logS, prior);
  }
  if (conditions.greenLaps === 0) {
    // Who is caught by a caution is slow, and nothing is to be felt of it.
    state.side = 0;
    state.miss = 0;
  }
  of.conditions = conditions;
  of.heldUp = heldUp;
  of.stopped = car.pitIn[index] === 1;
  if (!car.pitIn[index] && endS > 0) state.crossedS = endS;
}

/**
 * Whether a lap is near the class's usual one: a slower one tells of trouble, whatever its flag. The usual one follows the
 * middle of the laps by steps, so that one that is far off moves it no further than any other.
 */
function isUsual(state: FilterState, cls: string, logS: number): boolean {
  const known = state.usual.get(cls);
  if (known === undefined) {
    state.usual.set(cls, { logS, laps: 1 });
    return true;
  }
  known.laps++;
  known.logS += Math.sign(logS - known.logS) * Math.max(USUAL_STEP.least, USUAL_STEP.first / known.laps);
  return logS - known.logS <= SLOW;
}

function newCar({ shared, traffic }: FilterState, prior: TyrePacePrior): CarState {
  return {
    own: unknownOwn(shared.mean.length, prior),
    laps: 0,
    noise: 1,
    conditions: { ageLaps: 0, compound: 0, fuelLaps: 0, greenLaps: 0, traffic: 0 },
    stopped: false,
    heldUp: 0,
    traffic,
    off: 0,
  };
}

/** Of a car without a lap: its offset is set by the first one. */
export function unknownOwn(fieldSize: number, prior: TyrePacePrior): Own {
  const own = newOwn(OWN_SIZE, fieldSize);
  own.covariance[OWN.linear * OWN_SIZE + OWN.linear] = prior.carLinearSd ** 2;
  own.covariance[OWN.passing * OWN_SIZE + OWN.passing] = prior.passingSd ** 2;
  return own;
}

function forget(of: CarState, prior: TyrePacePrior): void {
  of.own = unknownOwn(of.own.link.length / OWN_SIZE, prior);
  of.laps = 0;
  of.off = 0;
}

function nextConditions(of: CarState, car: CarHistory, index: number): LapConditions {
  const before = of.conditions;
  const stopped = of.stopped || car.pitOut[index] === 1;
  const ageLaps = car.tyreAgeLaps[index];
  return {
    ageLaps: ageLaps > 0 ? ageLaps : stopped ? 1 : before.ageLaps + 1,
    compound: car.compound[index],
    fuelLaps: stopped ? 1 : before.fuelLaps + 1,
    greenLaps: isRacing(car.flag[index]) ? before.greenLaps + 1 : 0,
    traffic: 0,
  };
}

/** The level of the field goes on; when all of it is off to one side, it may have gone anywhere. */
function moveField(state: FilterState, lap: number, prior: TyrePacePrior): void {
  const owns = Array.from(state.cars.values(), ({ own }) => own);
  const shifted = Math.abs(state.side) > SIDE_CLEAR ? state.miss ** 2 : 0;
  const laps = lap - state.lap;
  for (let each = 0; each < laps; each++) {
    const step = prior.driftWalkSd ** 2 + (each === 0 ? shifted : 0);
    moveShared(state.shared, owns, FIELD.drift, FIELD.trend, step);
  }
  state.lap = lap;
}

function moveCar(of: CarState, prior: TyrePacePrior, fresh: boolean, restarted: boolean): void {
  const { own } = of;
  const step = prior.carWalkSd ** 2 + (fresh ? prior.stopSd ** 2 : 0) + (restarted ? prior.restartSd ** 2 : 0);
  moveOwn(own, OWN.offset, 1, step);
  const kept = fresh || restarted ? 0 : prior.passingKept;
  moveOwn(own, OWN.passing, kept, (1 - kept ** 2) * prior.passingSd ** 2);
}

function takeClean(state: FilterState, of: CarState, lap: LapConditions, logS: number, prior: TyrePacePrior): void {
  const { shared } = state;
  const byField = fieldRegressors(new Float64Array(shared.mean.length), lap, prior.refuels);
  const byOwn = Float64Array.of(1, ageUnits(lap.ageLaps), 1);
  if (of.laps === 0) {
    // Where the first lap is, so that a spread which says nothing stays harmless.
    of.own.mean[OWN.offset] = logS;
    of.own.covariance[OWN.offset * OWN_SIZE + OWN.offset] = OFFSET_SD ** 2;
  }
  const noise = noiseVariance(state, of, prior) * (lap.greenLaps === 2 ? RESTART_NOISE : 1);
  const { mean, variance } = expect(shared, of.own, byField, byOwn);
  const miss = logS - mean;
  if (of.laps > 0 && Math.abs(miss) > IMPLAUSIBLE) {
    of.off = sameSide(of.off, Math.sign(miss));
    if (Math.min(lap.greenLaps, lap.ageLaps) > SETTLES_LAPS) feelField(state, Math.sign(miss), miss);
    // Again and again: what is known of the car is what was wrong.
    if (Math.abs(of.off) >= OFF_LAPS) forget(of, prior);
    return;
  }
  const total = variance + noise;
  const sds = miss / Math.sqrt(total);
  let inflated = noise;
  if (of.laps > 0) {
    of.off = sameSide(of.off, Math.abs(sds) > HUBER ? Math.sign(sds) : 0);
    // Far off twice on the same side is no outlier, it is something that passes; if it does not, it is damage, or a repair.
    const offLaps = Math.abs(of.off);
    if (offLaps === 1) inflated += ((sds / HUBER) ** 2 - 1) * total;
    else if (offLaps > 1 && Math.abs(state.side) < SIDE_CLEAR)
      moveOwn(of.own, offLaps < LASTING_LAPS ? OWN.passing : OWN.offset, 1, miss ** 2);
    // Where something has changed, a surprise is that, and no noise.
    const steady = offLaps < 2 && Math.abs(state.side) < SIDE_SOME;
    if (steady && lap.greenLaps > 2) learnNoise(state, of, sds, noise / total);
    if (Math.min(lap.greenLaps, lap.ageLaps) > SETTLES_LAPS) feelField(state, sds, miss);
  }
  observe(shared, of.own, byField, byOwn, logS, inflated);
  of.laps++;
  state.laps++;
  of.traffic += TRAFFIC_GAIN * (lap.traffic - of.traffic);
  state.traffic += (lap.traffic - state.traffic) / Math.min(state.laps, state.cars.size * 20);
}

export function noiseVariance(state: FilterState, of: CarState, prior: TyrePacePrior): number {
  return prior.noiseSd ** 2 * state.noise * of.noise;
}

function sameSide(off: number, side: number): number {
  return Math.sign(off) === side ? off + side : side;
}

/** @param share how much of the spread that was expected is noise: the surprise tells of it by so much */
function learnNoise(state: FilterState, of: CarState, sds: number, share: number): void {
  const surprise = share * (Math.min(sds ** 2, SURPRISE_MAX) - SURPRISE_USUAL);
  const { car, carMax, field, fieldMax } = NOISE_LAPS;
  of.noise = clamp(of.noise * (1 + surprise / Math.min(car + of.laps, carMax)), NOISE_MIN, NOISE_MAX);
  const memory = Math.min(field + state.laps, fieldMax);
  state.noise = clamp(state.noise * (1 + surprise / memory), NOISE_MIN, NOISE_MAX);
}

/** About one lap of the field is remembered. */
function feelField(state: FilterState, sds: number, miss: number): void {
  const gain = 1 / (state.cars.size + 2);
  state.side += gain * (clamp(sds, -1, 1) - state.side);
  state.miss += gain * (miss - state.miss);
}
