import { isClean, isRacing } from '../history/history.js';
import { median } from '../stats.js';
import type { CarForm, Field } from './field.js';

/** A stop that is over. */
export interface SeenStop {
  form: CarForm;
  lap: number;
  /** In-lap and out-lap against two of the car's usual laps, seconds. */
  lossS: number;
  green: boolean;
  /** Laps since the stop before. */
  stintLaps: number;
}

export interface PitLossPrior {
  greenS: number;
  /** The field is slow too, so less is lost. */
  yellowS: number;
}

export interface PitLossModel {
  stops: readonly SeenStop[];
  /** Median of the class's stops so far, before the first one the prior; seconds. */
  lossS(cls: string, green: boolean): number;
}

/** Share of a stop's loss that falls into the in-lap: the lane before the line, and the box on most tracks [judgement]. */
export const IN_LAP_SHARE = 0.4;

const PACE_LAPS = 5;

/**
 * What a stop costs, by flag. Units: seconds against going on. Source: stops of this race as they are seen; before the
 * first one the median of past races of the series. Limits: services are not told apart (timing does not say them).
 */
export function fitPitLoss(field: Field, prior: PitLossPrior): PitLossModel {
  const stops = field.cars.flatMap(seenStops);
  const cache = new Map<string, number>();
  return {
    stops,
    lossS(cls, green) {
      const key = `${green} ${cls}`;
      let lossS = cache.get(key);
      if (lossS === undefined) {
        const seen = stops.filter((stop) => stop.green === green && stop.form.cls === cls).map((stop) => stop.lossS);
        const priorS = green ? prior.greenS : prior.yellowS;
        lossS = median(seen) ?? priorS;
        cache.set(key, lossS);
      }
      return lossS;
    },
  };
}

/** Stops of a car whose in-lap and out-lap are known. */
export function seenStops(form: CarForm): SeenStop[] {
  const { car, at } = form;
  const stops: SeenStop[] = [];
  let before = 0;
  for (let index = 1; index < at; index++) {
    if (!car.pitIn[index]) continue;
    const stintLaps = car.lap[index] - before;
    before = car.lap[index];
    if (car.pitIn[index + 1] || car.lap[index + 1] !== car.lap[index] + 1) continue;
    const lossS = car.lapTimeS[index] + car.lapTimeS[index + 1] - 2 * (usualS(form, index - 1) ?? Number.NaN);
    const green = isRacing(car.flag[index]) && isRacing(car.flag[index + 1]);
    if (lossS > 0) stops.push({ form, lap: car.lap[index], lossS, green, stintLaps });
  }
  return stops;
}

function usualS({ car }: CarForm, until: number): number | null {
  const timesS: number[] = [];
  for (let index = until; index >= 0 && timesS.length < PACE_LAPS; index--) {
    if (isClean(car, index)) timesS.push(car.lapTimeS[index]);
  }
  return median(timesS);
}
