import { FLAG } from '../history/history.js';
import { clamp } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { Features } from './linear.js';
import type { Progress } from './progress.js';
import type { TankModel } from './tanks.js';

/** Edges of what is left in the tank, in green laps' worth: around its end each lap tells. */
const LEFT_EDGES = [-4, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 5, 7, 10, 15] as const;
const LEFT_BINS = ['Over4', 'Over2', 'Over1', 'Over', '0', '1', '2', '3', '4', '6', '8', '12', 'More'] as const;

/** What a stop at the end of one lap is told from, where tanks end stints; `Soon`: of the laps right after the next one. */
export const TANK_FEATURES = [
  'one',
  'ending',
  'used',
  'enough',
  'lastStop',
  'lastStopOpen',
  'flagIn5',
  'flagIn10',
  'slow',
  'slowSoon',
  'slowUsed',
  'slowUsedSoon',
  'virtual',
  'virtualSoon',
  'rivalsSoon',
  'rivalsLong',
  ...LEFT_BINS.map((bin) => `left${bin}` as const),
] as const;
export type TankFeature = (typeof TANK_FEATURES)[number];

/** Stops of rivals count for so long, seconds: those of the present bunch, and those of this round of stops. */
const BUNCH_S = 240;
const ROUND_S = 900;
const ROUND_LAPS = 5;
/** Laps around an age at which stints that ended there count. */
const NEAR_LAPS = 2;

/** What is known of a car now, for the features of all its laps to come. */
export interface TankForm {
  used: number;
  full: number;
  /** Laps to the flag. */
  laps: number;
  ends: readonly number[];
  slow: boolean;
  virtual: boolean;
  /** Shares of the class that stopped within `BUNCH_S` and `ROUND_S` before the car's last crossing. */
  bunch: number;
  round: number;
}

export function tankForm(form: CarForm, field: Field, along: Progress, tanks: TankModel): TankForm {
  const flag = form.car.flag[form.at];
  return {
    used: tanks.used(form),
    full: tanks.full(form),
    laps: along.ownLapsLeft(form),
    ends: tanks.ends(form.cls),
    slow: flag === FLAG.safetyCar || flag === FLAG.caution || flag === FLAG.red,
    virtual: flag === FLAG.virtual,
    bunch: stopped(form, field, BUNCH_S),
    round: stopped(form, field, ROUND_S),
  };
}

/** @param later laps from now, 0 for the next one; nothing else changes until then */
export function tankFeatures(of: TankForm, later: number): Features<TankFeature> {
  const { full, slow, virtual } = of;
  const used = of.used + later;
  const left = full - used;
  const laps = of.laps - later;
  const share = clamp(used / full, 0, 1.5);
  const stops = Math.max(0, Math.ceil((laps - left) / full));
  // Earlier, and the flag is one stop further away.
  const opensIn = laps - stops * full;
  const next = later === 0;
  const features: Partial<Features<TankFeature>> = {
    one: 1,
    ending: endingLogit(of.ends, used),
    used: share * share,
    enough: stops === 0 ? 1 : 0,
    lastStop: stops === 1 ? 1 : 0,
    lastStopOpen: stops === 1 && opensIn <= 1 ? 1 : 0,
    flagIn5: laps <= 5 ? 1 : 0,
    flagIn10: laps <= 10 ? 1 : 0,
    slow: slow && next ? 1 : 0,
    slowSoon: slow && !next && later < 3 ? 1 : 0,
    slowUsed: slow && next ? share : 0,
    slowUsedSoon: slow && !next && later < 5 ? share : 0,
    virtual: virtual && next ? 1 : 0,
    virtualSoon: virtual && !next && later < 4 ? 1 : 0,
    rivalsSoon: !next && later < 3 ? of.bunch : 0,
    rivalsLong: later < ROUND_LAPS ? of.round : 0,
  };
  const bin = LEFT_EDGES.findIndex((edge) => left < edge);
  for (const [index, name] of LEFT_BINS.entries()) {
    features[`left${name}`] = index === (bin < 0 ? LEFT_EDGES.length : bin) ? 1 : 0;
  }
  return features as Features<TankFeature>;
}

/** Of the stints that got this far: those that ended about here, against the others; a logit. */
function endingLogit(ends: readonly number[], used: number): number {
  let ending = 0;
  let longer = 0;
  for (const end of ends) {
    ending += Math.max(0, 1 - Math.abs(end - used - 1) / NEAR_LAPS) / NEAR_LAPS;
    if (end > used) longer++;
  }
  return Math.log((ending + 0.1) / (Math.max(0, longer - ending) + 1.5));
}

/** Share of the others of the class who ended a lap in the pits within so many seconds before the car's last crossing. */
function stopped(form: CarForm, { cars }: Field, withinS: number): number {
  const nowS = form.car.elapsedS[form.at];
  const rivals = cars.filter((rival) => rival !== form && rival.cls === form.cls && rival.running);
  if (rivals.length === 0 || !(nowS > 0)) return 0;
  const stops = rivals.filter(({ car, at }) => {
    for (let index = at; index >= 0 && !(car.elapsedS[index] < nowS - withinS); index--) {
      if (car.pitIn[index] && car.elapsedS[index] <= nowS) return true;
    }
    return false;
  });
  return stops.length / rivals.length;
}
