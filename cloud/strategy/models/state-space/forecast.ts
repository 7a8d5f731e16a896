import { Z80 } from '../../stats.js';
import type { CarForm, Field } from '../field.js';
import { ageUnits, FIELD, fieldRegressors, type LapConditions, OWN, OWN_SIZE } from './design.js';
import { type CarState, type FilterState, noiseVariance, unknownOwn } from './filter.js';
import type { TyrePacePrior } from './prior.js';
import { dot, expect, type Own } from './star.js';
import type { CarPace, LapAhead, LapForecast, TyrePace } from './types.js';

/** A car's offset goes on changing: `offsetSdS` is that of so many laps on. */
const OFFSET_LAPS = 20;
/** Share of the difference between a car's traffic and the field's that is left a lap later. */
const TRAFFIC_KEPT = 0.95;
/** Green laps after which nothing is left of a restart. */
const GREEN_LONG = 60;
/** Spread of cars of a class before there are two (ln). */
const CLASS_SD = 0.01;

/** Answers from the filter's state. Units: seconds. */
export function forecastFrom(state: FilterState, field: Field, prior: TyrePacePrior): TyrePace {
  const { compounds } = field.history;
  const size = state.shared.mean.length;
  const unknown = new Map<string, CarState | null>();

  /** A car without a clean lap is one of its class. */
  const stateOf = (form: CarForm): CarState | null => {
    const own = state.cars.get(form.car.car);
    if (own !== undefined && own.laps > 0) return own;
    let typical = unknown.get(form.cls);
    if (typical === undefined) {
      const members = field.cars.filter(({ cls }) => cls === form.cls).map(({ car }) => state.cars.get(car.car));
      typical = typicalOf(members, prior, size);
      unknown.set(form.cls, typical);
    }
    return typical && { ...typical, conditions: own?.conditions ?? typical.conditions };
  };

  const compoundOf = (name: string | undefined, present: number): number => {
    if (name === undefined) return present;
    return Math.max(0, compounds.indexOf(name));
  };

  const trafficAhead = (car: CarState, ahead: number): number =>
    state.traffic + (car.traffic - state.traffic) * TRAFFIC_KEPT ** ahead;

  function lap(form: CarForm, at: LapAhead): LapForecast | null {
    const car = stateOf(form);
    if (car === null) return null;
    const { conditions } = car;
    const goesOn = conditions.ageLaps + at.ahead;
    const ageLaps = at.ageLaps ?? goesOn;
    const fuelLaps = at.fuelLaps ?? (at.ageLaps === undefined ? conditions.fuelLaps + at.ahead : at.ageLaps);
    const stops = ageLaps < goesOn || fuelLaps < conditions.fuelLaps + at.ahead;
    const byField = fieldRegressors(
      new Float64Array(size),
      {
        ageLaps,
        fuelLaps,
        compound: compoundOf(at.compound, conditions.compound),
        greenLaps: at.greenLaps ?? conditions.greenLaps + at.ahead,
        traffic: at.traffic ?? trafficAhead(car, at.ahead),
      },
      prior.refuels,
    );
    byField[FIELD.trend] = at.ahead;
    const kept = stops ? 0 : prior.passingKept ** at.ahead;
    const { mean } = expect(state.shared, car.own, byField, Float64Array.of(1, ageUnits(ageLaps), kept));
    const once = expect(state.shared, car.own, byField, Float64Array.of(1, ageUnits(ageLaps), 0)).variance;
    const walk = at.ahead * (prior.carWalkSd ** 2 + prior.driftWalkSd ** 2) + (stops ? prior.stopSd ** 2 : 0);
    const passing = car.own.covariance[OWN.passing * OWN_SIZE + OWN.passing];
    const noise = noiseVariance(state, car, prior) + kept ** 2 * passing + (1 - kept ** 2) * prior.passingSd ** 2;
    return inSeconds(mean, once + walk, noise, prior);
  }

  /** The curve at an age against new tyres of the present compound, as regressors. */
  function curve(
    car: CarState,
    ageLaps: number,
    compound: string | undefined,
  ): { byField: Float64Array; byOwn: Float64Array } {
    const present = car.conditions.compound;
    const old = plain(ageLaps, compoundOf(compound, present), ageLaps);
    const fresh = fieldRegressors(new Float64Array(size), plain(0, present, 0), prior.refuels);
    const byField = fieldRegressors(new Float64Array(size), old, prior.refuels);
    for (let k = 0; k < size; k++) byField[k] -= fresh[k];
    return { byField, byOwn: Float64Array.of(0, ageUnits(ageLaps), 0) };
  }

  function of(form: CarForm): CarPace | null {
    const car = stateOf(form);
    if (car === null) return null;
    const freshS = freshLapS(car);
    const walk = OFFSET_LAPS * prior.carWalkSd ** 2 + prior.stopSd ** 2;
    const offset = ownVariance(car.own, OWN.offset) + walk;
    return {
      freshS,
      offsetSdS: freshS * prior.onceFactor * Math.sqrt(offset),
      noiseSdS: freshS * prior.noiseFactor * Math.sqrt(noiseVariance(state, car, prior) + prior.passingSd ** 2),
      passingS: freshS * meanOf(state, car.own, OWN.passing),
      traffic: car.traffic,
    };
  }

  function freshLapS(car: CarState): number {
    const byField = fieldRegressors(new Float64Array(size), plain(0, car.conditions.compound, 0), prior.refuels);
    return Math.exp(expect(state.shared, car.own, byField, Float64Array.of(1, 0, 0)).mean);
  }

  /** Seconds of a share of the car's lap; of one of whom nothing is known, of its class's. */
  const seconds = (form: CarForm, share: number): number => {
    const car = stateOf(form);
    const lapS = car === null ? form.classMedianS : freshLapS(car);
    return lapS > 0 ? lapS * share : 0;
  };

  return {
    lap,
    of,
    falloffS(form, ageLaps, compound) {
      const car = stateOf(form);
      if (car === null) return null;
      const { byField, byOwn } = curve(car, ageLaps, compound);
      return freshLapS(car) * expect(state.shared, car.own, byField, byOwn).mean;
    },
    falloffSdS(form, ageLaps, compound) {
      const car = stateOf(form);
      if (car === null) return null;
      const { byField, byOwn } = curve(car, ageLaps, compound);
      return freshLapS(car) * prior.onceFactor * Math.sqrt(expect(state.shared, car.own, byField, byOwn).variance);
    },
    driftSPerLap: (form) => seconds(form, state.shared.mean[FIELD.trend]),
    fuelSPerLap: (form) => seconds(form, state.shared.mean[FIELD.fuel]),
    trafficS: (form) => seconds(form, state.shared.mean[FIELD.traffic]),
    restartS(form, greenLaps) {
      const byField = fieldRegressors(new Float64Array(size), { ...plain(0, 0, 0), greenLaps }, prior.refuels);
      const { restartFirst, restartFading } = FIELD;
      const { mean } = state.shared;
      return seconds(form, byField[restartFirst] * mean[restartFirst] + byField[restartFading] * mean[restartFading]);
    },
    passingKept: prior.passingKept,
    refuels: prior.refuels,
  };
}

function plain(ageLaps: number, compound: number, fuelLaps: number): LapConditions {
  return { ageLaps, compound, fuelLaps, greenLaps: GREEN_LONG, traffic: 0 };
}

function inSeconds(mean: number, once: number, noise: number, prior: TyrePacePrior): LapForecast {
  const meanS = Math.exp(mean);
  const onceSdS = meanS * prior.onceFactor * Math.sqrt(once);
  const noiseSdS = meanS * prior.noiseFactor * Math.sqrt(noise);
  const half = Z80 * Math.hypot(onceSdS, noiseSdS);
  return { meanS, onceSdS, noiseSdS, lo80: Math.max(0, meanS - half), hi80: meanS + half };
}

function ownVariance({ covariance }: Own, part: number): number {
  return covariance[part * OWN_SIZE + part];
}

function meanOf({ shared }: FilterState, own: Own, part: number): number {
  const fields = shared.mean.length;
  return own.mean[part] + dot(own.link.subarray(part * fields, (part + 1) * fields), shared.mean);
}

function typicalOf(members: readonly (CarState | undefined)[], prior: TyrePacePrior, fields: number): CarState | null {
  const known = members.filter((car): car is CarState => car !== undefined && car.laps > 0);
  if (known.length === 0) return null;
  const own = unknownOwn(fields, prior);
  for (const car of known) {
    own.mean[OWN.offset] += car.own.mean[OWN.offset] / known.length;
    for (let k = 0; k < fields; k++) own.link[k] += car.own.link[k] / known.length;
  }
  const spread = known.reduce((sum, car) => sum + (car.own.mean[OWN.offset] - own.mean[OWN.offset]) ** 2, 0);
  own.covariance[0] = (spread + CLASS_SD ** 2) / known.length;
  return { ...known[0], own, noise: 1 };
}
