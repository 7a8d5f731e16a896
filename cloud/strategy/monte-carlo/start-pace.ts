import type { CarForm, Field } from '../models/field.js';
import type { Progress } from '../models/progress.js';
import type { TyrePace } from '../models/state-space/types.js';
import { clamp, median } from '../stats.js';
import type { RacingPrior } from './racing-priors.js';
import type { RaceStart } from './types.js';

type PaceColumns = Pick<
  RaceStart,
  | 'paceS'
  | 'paceSdS'
  | 'noiseSdS'
  | 'ages'
  | 'falloffS'
  | 'falloffSdS'
  | 'driftS'
  | 'fieldWalkSdS'
  | 'passingS'
  | 'passingKept'
  | 'restartS'
>;

/** Tyres older than this are as slow as at this age. */
const AGES_MAX = 160;
/** Green lap where nobody has driven any [judgement]. */
export const LAP_DEFAULT_S = 90;
/** No car's pace is less sure than that of one of whom nothing is known: sd as a share of a lap. */
const UNKNOWN_SD = 0.015;
/** What is measured of what stays holds what fall-off adds to it: its own part is at most this. */
const WEAR_SD = 0.5;
/** No figure of a model moves a lap by more than this share of it. */
const SHARE_MAX = 0.2;
/** Nor all laps to come together. */
const DRIFT_SHARE_MAX = 0.05;

/** What lap times are drawn from, as the state-space pace has it. Numbers that it does not know are those of the class. */
export function paceColumns(field: Field, tyres: TyrePace, racing: RacingPrior, along: Progress): PaceColumns {
  const { cars } = field;
  const count = cars.length;
  const lapsLeft = Math.max(1, along.lapsTotal - field.lap);
  const oldest = cars.reduce((most, { ageLaps }) => Math.max(most, ageLaps), 0);
  const ages = Math.min(AGES_MAX, Math.ceil(oldest + 1.3 * lapsLeft) + 2);
  const columns: PaceColumns = {
    paceS: new Float64Array(count),
    paceSdS: new Float64Array(count),
    noiseSdS: new Float64Array(count),
    ages,
    falloffS: new Float64Array(count * ages),
    falloffSdS: new Float64Array(count * ages),
    driftS: new Float64Array(count),
    fieldWalkSdS: 0,
    passingS: new Float64Array(count),
    passingKept: clamp(finite(tyres.passingKept, 0), 0, 1),
    restartS: new Float64Array(racing.restartLaps),
  };
  const fieldS = fieldLapS(cars);
  columns.fieldWalkSdS = racing.fieldWalk * fieldS;
  // What stays is measured over whole races; the pace model's own sds say how the cars differ in it.
  const offsetSds = cars.map((form) => tyres.of(form)?.offsetSdS ?? 0).filter((sd) => sd > 0 && Number.isFinite(sd));
  const sdScale = (racing.paceSd * fieldS) / positive(median(offsetSds), racing.paceSd * fieldS);
  let first: CarForm | undefined;
  for (const [index, form] of cars.entries()) {
    const pace = tyres.of(form);
    const usualS = form.classMedianS > 0 ? form.classMedianS : fieldS;
    const lapS = positive(pace?.freshS, usualS);
    columns.paceS[index] = lapS;
    columns.paceSdS[index] = Math.min(sdScale * positive(pace?.offsetSdS, UNKNOWN_SD * lapS), UNKNOWN_SD * lapS);
    columns.noiseSdS[index] = Math.max(positive(pace?.noiseSdS, 0), racing.noiseSd * lapS);
    if (pace === null) continue;
    first ??= form;
    columns.passingS[index] = clamp(finite(pace.passingS, 0), -SHARE_MAX * lapS, SHARE_MAX * lapS);
    const driftMax = (DRIFT_SHARE_MAX * lapS) / lapsLeft;
    columns.driftS[index] = clamp(finite(tyres.driftSPerLap(form), 0), -driftMax, driftMax);
    for (let age = 0; age < ages; age++) {
      const lossS = finite(tyres.falloffS(form, age), 0);
      columns.falloffS[index * ages + age] = clamp(lossS, -SHARE_MAX * lapS, SHARE_MAX * lapS);
      const wearSdS = sdScale * finite(tyres.falloffSdS(form, age), 0);
      columns.falloffSdS[index * ages + age] = clamp(wearSdS, 0, WEAR_SD * racing.paceSd * lapS);
    }
  }
  if (first !== undefined) {
    for (let lap = 0; lap < racing.restartLaps; lap++) {
      columns.restartS[lap] = clamp(finite(tyres.restartS(first, lap + 1), 0), -SHARE_MAX * fieldS, SHARE_MAX * fieldS);
    }
  }
  return columns;
}

function fieldLapS(cars: readonly CarForm[]): number {
  const medians = cars.map(({ classMedianS }) => classMedianS).filter((lapS) => lapS > 0);
  return medians.length > 0 ? Math.min(...medians) : LAP_DEFAULT_S;
}

function finite(value: number | null | undefined, otherwise: number): number {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : otherwise;
}

function positive(value: number | null | undefined, otherwise: number): number {
  const known = finite(value, otherwise);
  return known > 0 ? known : otherwise;
}
