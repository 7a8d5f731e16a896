import { chanceOf } from '#cloud/strategy/models/linear.js';
import {
  STOP_FEATURES,
  STOP_LAP_FEATURES,
  type StopField,
  stopFeatures,
  stopField,
  stopLapFeatures,
  WITHIN_LAPS,
} from '#cloud/strategy/models/stop-features.js';
import type { StopCell, StopForecasts, StopMoment } from './fit-stops.js';
import { crossValidated, leastAbsolute, logistic, named, type Row } from './regress.js';

/** Laps; the floor of the reweighting. */
const FLOOR_LAPS = 0.5;
const LAP_RIDGE = 0.01;

export function habitStopForecasts(cells: readonly StopCell[], stintLaps: number, ridge: number): StopForecasts {
  const shared = new Map<StopMoment, StopField>();
  const fieldOf = (moment: StopMoment): StopField => {
    const known = shared.get(moment) ?? stopField(moment.field, moment.along, moment.stints);
    shared.set(moment, known);
    return known;
  };
  const rows = cells.map(({ race, moment, form, until }): Row => {
    const features = stopFeatures(form, fieldOf(moment));
    return {
      race,
      x: Float64Array.from(STOP_FEATURES, (name) => features[name]),
      y: until !== null && until <= WITHIN_LAPS ? 1 : 0,
    };
  });
  const regress = (of: readonly Row[]) => logistic(of, ridge);
  const within5 = crossValidated(rows, regress).map(chanceOf);
  const stops = cells.flatMap(({ until }, index) => (until === null ? [] : [index]));
  const laps = stops.map((index): Row => {
    const { race, form, moment, until } = cells[index];
    const features = stopLapFeatures(form, fieldOf(moment), within5[index]);
    return { race, y: until!, x: Float64Array.from(STOP_LAP_FEATURES, (name) => features[name]) };
  });
  const regressLaps = (of: readonly Row[]) => leastAbsolute(of, LAP_RIDGE, FLOOR_LAPS);
  const until = new Float64Array(cells.length);
  for (const [at, said] of crossValidated(laps, regressLaps).entries()) until[stops[at]] = said;
  return {
    prior: {
      by: 'habits',
      weights: named(STOP_FEATURES, regress(rows)),
      lapWeights: named(STOP_LAP_FEATURES, regressLaps(laps)),
      stintLaps,
    },
    within5,
    until,
  };
}
