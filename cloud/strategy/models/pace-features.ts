import { median, robustSd } from '../stats.js';
import type { CarForm, Field } from './field.js';
import { average, type Features } from './linear.js';
import { fitRunCurve, type RunCurve } from './run-curve.js';

/**
 * What the next lap times of a car are told from. All are differences to its newest usable lap, seconds, so that weights hold
 * for any track; those named `share…` are hundredths of the class's median lap.
 */
export const PACE_FEATURES = [
  'previous',
  'median3',
  'median5',
  'median10',
  'mean5',
  'smooth3',
  'smooth6',
  'stintMedian',
  'best8',
  'classMedian',
  'fieldShift',
  'fieldShiftAhead',
  'medianAhead',
  'slope',
  'slopeStint',
  'curveGreen',
  'curveRestart',
  'curveStint',
  'freshMedian',
  'restartMedian',
  'restartBest',
  'firstGreenBest',
  'closeMedian',
  'nearLast',
  'nearMedian3',
  'nearMean5',
  'share',
  'shareAhead',
  'shareAge',
  'shareFresh',
  'shareRestart',
  'shareClose',
] as const;
export type PaceFeature = (typeof PACE_FEATURES)[number];

/** What the spread of the forecast is told from; logarithms of seconds, and conditions. */
export const SPREAD_FEATURES = ['one', 'field', 'own', 'ahead', 'restart', 'fresh', 'stale'] as const;
export type SpreadFeature = (typeof SPREAD_FEATURES)[number];

/** A car with fewer usable laps is forecast by its class's pace. */
export const USABLE_MIN = 3;

const NEAR_S = 3;
const CLOSE_S = 2;
const RESTART_LAPS = 4;
/** Half the weight of its neighbours is reached with so many of them. */
const NEAR_HALF = 2;
const AGE_MAX_LAPS = 40;
/** Smallest spread that is believed, as a share of a lap. */
const SPREAD_MIN = 0.0005;

interface Recent {
  form: CarForm;
  lastS: number;
  crossedS: number;
  median3S: number;
  mean5S: number;
}

/** Figures of the field that every car's forecast shares, and of each car that its neighbours read. */
export interface PaceField {
  recent: Map<CarForm, Recent>;
  /** Median over cars of the newest lap less their own median of five: drying, slowing, a safety car's wake. */
  shiftS: number;
  /** Seconds a lap: pooled within stints, over three laps and over five. */
  slopeS: number;
  slopeStintS: number;
  /** Lap-to-lap spread of the field, seconds. */
  spreadS: number;
  curve: RunCurve;
}

export function paceField(field: Field): PaceField {
  const recent = new Map<CarForm, Recent>();
  const shifts: number[] = [];
  const slopes: number[] = [];
  const slopesStint: number[] = [];
  const steps: number[] = [];
  for (const form of field.cars) {
    const { timesS, stintTimesS } = form;
    if (!form.running || timesS.length < USABLE_MIN) continue;
    const lastS = timesS.at(-1)!;
    recent.set(form, {
      form,
      lastS,
      crossedS: form.car.elapsedS[form.at],
      median3S: median(timesS.slice(-3))!,
      mean5S: average(timesS.slice(-5)),
    });
    if (timesS.length >= 5 && form.staleLaps <= 1) shifts.push(lastS - median(timesS.slice(-5))!);
    const laps = stintTimesS.length;
    for (let i = 0; i + 5 < laps; i++) slopesStint.push((stintTimesS[i + 5] - stintTimesS[i]) / 5);
    for (let i = Math.max(0, laps - 6); i + 3 < laps; i++) slopes.push((stintTimesS[i + 3] - stintTimesS[i]) / 3);
    for (let i = Math.max(1, timesS.length - 8); i < timesS.length; i++) steps.push(timesS[i] - timesS[i - 1]);
  }
  return {
    recent,
    shiftS: median(shifts) ?? 0,
    slopeS: median(slopes) ?? 0,
    slopeStintS: median(slopesStint) ?? 0,
    spreadS: robustSd(steps) ?? 0,
    curve: fitRunCurve(field),
  };
}

/** A car's features, by laps ahead; null where it has too few usable laps. */
export function paceFeatures(form: CarForm, shared: PaceField): ((ahead: number) => Features<PaceFeature>) | null {
  const { timesS, stintTimesS, staleLaps } = form;
  const own = shared.recent.get(form);
  if (own === undefined) return null;
  const { lastS } = own;
  const median5S = median(timesS.slice(-5))!;
  const median10S = median(timesS.slice(-10))!;
  const best8S = Math.min(...timesS.slice(-8));
  const share = form.classMedianS / 100;
  const fresh = stintTimesS.length < 2 ? 1 : 0;
  const restart = form.greenLaps < RESTART_LAPS ? 1 : 0;
  const { near, close } = neighbours(own, shared);
  const nearShare = near.length / (near.length + NEAR_HALF);
  const beside = (of: (other: Recent) => number) =>
    near.length === 0 ? 0 : nearShare * (average(near.map(of)) - lastS);
  const steady = {
    previous: timesS.at(-2)! - lastS,
    median3: own.median3S - lastS,
    median5: median5S - lastS,
    median10: median10S - lastS,
    mean5: own.mean5S - lastS,
    smooth3: smooth(timesS, 0.3) - lastS,
    smooth6: smooth(timesS, 0.6) - lastS,
    stintMedian: (median(stintTimesS) ?? median5S) - lastS,
    best8: best8S - lastS,
    classMedian: form.classMedianS - lastS,
    fieldShift: shared.shiftS,
    freshMedian: fresh * (median10S - lastS),
    restartMedian: restart * (median5S - lastS),
    restartBest: restart * (best8S - lastS),
    firstGreenBest: form.greenLaps < 2 ? best8S - lastS : 0,
    closeMedian: close ? median5S - lastS : 0,
    nearLast: beside((other) => other.lastS),
    nearMedian3: beside((other) => other.median3S),
    nearMean5: beside((other) => other.mean5S),
    share,
    shareAge: (share * Math.min(form.ageLaps, AGE_MAX_LAPS)) / AGE_MAX_LAPS,
    shareFresh: fresh * share,
    shareRestart: restart * share,
    shareClose: close ? share : 0,
  };
  return (ahead) => {
    const curveGreen = shared.curve.green(form.greenLaps, ahead);
    return {
      ...steady,
      fieldShiftAhead: (shared.shiftS * ahead) / 5,
      medianAhead: ((median5S - lastS) * ahead) / 5,
      slope: shared.slopeS * (ahead + staleLaps),
      slopeStint: shared.slopeStintS * (ahead + staleLaps),
      curveGreen,
      curveRestart: restart * curveGreen,
      curveStint: shared.curve.stint(form.ageLaps, ahead),
      shareAhead: (share * ahead) / 5,
    };
  };
}

/** What the spread is told from, `ahead` laps on. */
export function spreadFeatures(form: CarForm, shared: PaceField): (ahead: number) => Features<SpreadFeature> {
  const leastS = SPREAD_MIN * form.classMedianS;
  const ownS = robustSd(form.timesS.slice(-10)) ?? shared.spreadS;
  const steady = {
    one: 1,
    field: Math.log(Math.max(leastS, shared.spreadS)),
    own: Math.log(Math.max(leastS, ownS)),
    restart: form.greenLaps < RESTART_LAPS ? 1 : 0,
    fresh: form.stintTimesS.length < 2 ? 1 : 0,
    stale: Math.min(form.staleLaps, 5) / 5,
  };
  return (ahead) => ({ ...steady, ahead: Math.log(ahead) });
}

/**
 * Cars that cross the line within seconds of this one on the same lap; one that is yet to complete it is taken to do so a
 * usual lap after its last crossing. `close`: one of them is just ahead.
 */
function neighbours(own: Recent, { recent }: PaceField): { near: Recent[]; close: boolean } {
  const near: Recent[] = [];
  let close = false;
  for (const other of recent.values()) {
    if (other === own) continue;
    const aheadS = own.crossedS - other.crossedS - (own.form.lap - other.form.lap) * own.form.classMedianS;
    if (aheadS > 0 && aheadS < CLOSE_S) close = true;
    if (other.form.staleLaps === 0 && Math.abs(aheadS) < NEAR_S) near.push(other);
  }
  return { near, close };
}

function smooth(values: readonly number[], gain: number): number {
  let level = values[0];
  for (const value of values) level += gain * (value - level);
  return level;
}
