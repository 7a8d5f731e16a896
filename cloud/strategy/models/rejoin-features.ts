import { isRacing } from '../history/history.js';
import { clamp, median } from '../stats.js';
import type { CarForm } from './field.js';
import type { Features } from './linear.js';
import type { PaceModel } from './pace.js';
import type { PitLossModel } from './pit-loss.js';
import type { StintModel } from './stints.js';

/** What a stop takes, seconds, against the median of the class's stops so far; shares are of that median. */
export const REJOIN_FEATURES = [
  'pace',
  'ownStops',
  'newestStops',
  'newestOwn',
  'quickStops',
  'share',
  'shareAge',
  'shareAgeOwn',
  'shareShort',
  'shareFirst',
  'shareCaution',
] as const;
export type RejoinFeature = (typeof REJOIN_FEATURES)[number];

const NEWEST = 5;
const PACE_LAPS = 5;
/** In-lap and out-lap. */
export const STOP_LAPS = 2;

/** A stop's time without a model: usual laps and the class's median loss. */
export interface PlainStop {
  paceS: number;
  lossS: number;
  green: boolean;
}

export function plainStop(form: CarForm, losses: PitLossModel): PlainStop | null {
  const paceS = median(form.timesS.slice(-PACE_LAPS)) ?? form.classMedianS;
  if (!(paceS > 0)) return null;
  const green = isRacing(form.car.flag[form.at]);
  return { paceS, lossS: losses.lossS(form.cls, green), green };
}

export function rejoinFeatures(
  form: CarForm,
  plain: PlainStop,
  { pace, losses, stints }: { pace: PaceModel; losses: PitLossModel; stints: StintModel },
): Features<RejoinFeature> {
  const { lossS, paceS, green } = plain;
  const seen = losses.stops.filter((stop) => stop.green && stop.form.cls === form.cls);
  const own = seen.filter((stop) => stop.form === form).map((stop) => stop.lossS);
  const newest = [...seen].sort((a, b) => a.lap - b.lap).slice(-NEWEST);
  const beyond = (values: readonly number[]) => clamp((median(values) ?? lossS) - lossS, -lossS, lossS);
  const { ageLaps } = stints.of(form);
  const typical = stints.typicalLaps(form.cls);
  const age = clamp(ageLaps / typical, 0, 1.5);
  const ownStint = stints.of(form).over.at(-1);
  const first = pace.lapTime(form, 1);
  const second = pace.lapTime(form, STOP_LAPS);
  return {
    pace: first !== null && second !== null ? first.mean + second.mean - STOP_LAPS * paceS : 0,
    ownStops: beyond(own),
    newestStops: beyond(newest.map((stop) => stop.lossS)),
    newestOwn: beyond(own.slice(-1)),
    quickStops: beyond(seen.filter((stop) => stop.lossS < lossS).map((stop) => stop.lossS)),
    share: lossS / 10,
    shareAge: (lossS * age) / 10,
    shareAgeOwn: ownStint === undefined ? 0 : (lossS * clamp(ageLaps / ownStint - 1, -1, 1)) / 10,
    shareShort: age < 0.6 ? lossS / 10 : 0,
    shareFirst: own.length === 0 ? lossS / 10 : 0,
    shareCaution: green ? 0 : lossS / 10,
  };
}
