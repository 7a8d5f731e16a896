import { FLAG, isClean, isSlow } from '../history/history.js';
import { clamp, median } from '../stats.js';
import type { CarForm, Field } from './field.js';
import { average, type Features } from './linear.js';
import { type PaceField, paceField } from './pace-features.js';
import type { PitLossModel } from './pit-loss.js';
import { meanLapS, type Progress } from './progress.js';
import type { StintModel } from './stints.js';
import type { StopModel } from './stops.js';

/**
 * What the laps that are left take more than at the car's green pace, per lap and in hundredths of that pace, so that weights
 * hold for any length of lap and race.
 */
export const REMAINING_FEATURES = [
  'one',
  'share',
  'allLaps',
  'allLapsField',
  'recentLaps',
  'newest5',
  'best',
  'drift',
  'slope',
  'shift',
  'stopsByStint',
  'stopsMissing',
  'noStopYet',
  'stopExpected',
  'stopsFurther',
  'slowNow',
  'slowShare',
] as const;
export type RemainingFeature = (typeof REMAINING_FEATURES)[number];

const GREEN_LAPS = 15;
const RECENT_LAPS = 30;
/** A slow phase that is on now lasts some more laps; what it costs is spread over the laps left. */
const SLOW_LAPS = 5;

export interface RemainingField {
  along: Progress;
  losses: PitLossModel;
  stints: StintModel;
  stops: StopModel;
  pace: PaceField;
  slowNow: boolean;
  slowShare: number;
  /** Of the cars that run: extra of all laps so far over the green pace, hundredths. */
  allLaps: number;
  /** Of the cars that run, median. */
  medianStops: number;
}

export function remainingField(
  field: Field,
  along: Progress,
  losses: PitLossModel,
  stints: StintModel,
  stops: StopModel,
): RemainingField {
  const running = field.cars.filter((form) => form.running);
  const { leader } = along;
  const flags = leader === null ? [] : Array.from(leader.car.flag);
  const slowLaps = flags.filter(isSlow).length;
  const extras = running.flatMap((form) => {
    const greenS = greenPaceS(form);
    return greenS === null ? [] : [extra(meanLapS(form), greenS)];
  });
  return {
    along,
    losses,
    stints,
    stops,
    pace: paceField(field),
    slowNow: flags.length > 0 && isSlow(flags.at(-1)!),
    slowShare: flags.length > 0 ? slowLaps / flags.length : 0,
    allLaps: median(extras) ?? 0,
    medianStops: median(running.map(({ stopLaps }) => stopLaps.length)) ?? 0,
  };
}

/** Median of the newest green laps, seconds. */
export function greenPaceS({ car, at }: CarForm): number | null {
  const timesS: number[] = [];
  for (let index = at; index >= 0 && timesS.length < GREEN_LAPS; index--) {
    if (isClean(car, index) && car.flag[index] === FLAG.green) timesS.push(car.lapTimeS[index]);
  }
  return median(timesS);
}

/** @param laps left, more than 0 */
export function remainingFeatures(
  form: CarForm,
  shared: RemainingField,
  greenS: number,
  laps: number,
): Features<RemainingFeature> {
  const { along, losses, stints, stops, pace } = shared;
  const expected = stops.toEnd(form);
  const { timesS } = form;
  const { ageLaps } = stints.of(form);
  const typical = stints.typicalLaps(form.cls);
  const unit = greenS / 100;
  const stopCost = losses.lossS(form.cls, true) / unit / laps;
  const third = Math.max(1, Math.floor(timesS.length / 3));
  const driftS = ((median(timesS.slice(-third)) ?? greenS) - (median(timesS.slice(0, third)) ?? greenS)) / (2 * third);
  const recent = Array.from(form.car.lapTimeS.subarray(Math.max(1, form.at + 1 - RECENT_LAPS), form.at + 1)).filter(
    (timeS) => timeS > 0,
  );
  return {
    one: 1,
    share: along.share,
    allLaps: extra(meanLapS(form), greenS),
    allLapsField: shared.allLaps,
    recentLaps: recent.length > 0 ? extra(average(recent), greenS) : 0,
    newest5: extra(median(timesS.slice(-5)) ?? greenS, greenS),
    best: timesS.length > 0 ? extra(Math.min(...timesS), greenS) : 0,
    drift: clamp((driftS * laps) / 2 / unit, -5, 5),
    slope: clamp((pace.slopeStintS * laps) / 2 / unit, -5, 5),
    shift: pace.shiftS / unit,
    stopsByStint: stopCost * Math.max(0, (ageLaps + laps) / typical - 1),
    stopsMissing: stopCost * Math.max(0, shared.medianStops - form.stopLaps.length),
    stopExpected: stopCost * expected.chance,
    stopsFurther: stopCost * expected.further,
    noStopYet: form.stopLaps.length === 0 ? stopCost : 0,
    slowNow: shared.slowNow ? (100 * Math.min(laps, SLOW_LAPS)) / laps : 0,
    slowShare: 100 * shared.slowShare,
  };
}

/** Hundredths of the green pace, a red flag's hour held to a lap's worth. */
function extra(lapS: number, greenS: number): number {
  return clamp(100 * (lapS / greenS - 1), -50, 100);
}
