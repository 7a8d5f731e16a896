import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { areaUnderCurve, bestThreshold, f1Score, mean } from '#cloud/strategy/backtest/scores.js';
import { cutAtLap } from '#cloud/strategy/history/history.js';
import { type CarForm, readField } from '#cloud/strategy/models/field.js';
import type { StopPrior } from '#cloud/strategy/models/fitted/types.js';
import { chanceOf } from '#cloud/strategy/models/linear.js';
import { type Length, progress } from '#cloud/strategy/models/progress.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import {
  STOP_FEATURES,
  STOP_LAP_FEATURES,
  type StopField,
  stopFeatures,
  stopField,
  stopLapFeatures,
  WITHIN_LAPS,
} from '#cloud/strategy/models/stop-features.js';
import { median } from '#cloud/strategy/stats.js';
import { crossValidated, leastAbsolute, logistic, meanOverRaces, named, type Row } from './regress.js';

const FIRST_LAP = 5;
/** Laps; the floor of the reweighting. */
const FLOOR_LAPS = 0.5;
const LAP_RIDGE = 0.01;

interface StopRow extends Row {
  form: CarForm;
  shared: StopField;
  /** Laps until the next stop; null = none any more. */
  until: number | null;
}

export interface StopFit {
  prior: StopPrior;
  f1: number;
  auc: number;
  maeLaps: { cv: number; longer: number };
}

/** A usual stint of the series, repairs left out. */
export function usualStint(races: readonly PastRace[]): number {
  const medians = races.map(({ history }) => {
    const field = readField(history);
    const stints = fitStints(field, 0);
    return median(field.cars.flatMap((form) => stints.of(form).over.filter((laps) => laps > 3)));
  });
  return median(medians.filter((laps) => laps !== null))!;
}

export function fitStopPrior(races: readonly PastRace[], length: Length, ridge: number): StopFit {
  const stintLaps = usualStint(races);
  const rows = stopRows(races, length, stintLaps);
  const regress = (of: readonly StopRow[]) => logistic(of, ridge);
  const logits = crossValidated(rows, regress);
  const laps = rows.flatMap(({ race, form, shared, until }, index): Row[] => {
    if (until === null) return [];
    const features = stopLapFeatures(form, shared, chanceOf(logits[index]));
    return [{ race, y: until, x: Float64Array.from(STOP_LAP_FEATURES, (name) => features[name]) }];
  });
  const regressLaps = (of: readonly Row[]) => leastAbsolute(of, LAP_RIDGE, FLOOR_LAPS);
  const said = crossValidated(laps, regressLaps);
  const chances = rows.map((row, index) => ({ race: row.race, p: chanceOf(logits[index]), happened: row.y === 1 }));
  const byRace = races.map((_, race) => chances.filter((each) => each.race === race));
  return {
    prior: {
      weights: named(STOP_FEATURES, regress(rows)),
      lapWeights: named(STOP_LAP_FEATURES, regressLaps(laps)),
      stintLaps,
    },
    auc: areaUnderCurve(chances),
    f1: mean(
      byRace
        .filter((own) => own.some(({ happened }) => happened))
        .map((own) =>
          Math.max(f1Score(own, 0.5), f1Score(own, bestThreshold(chances.filter(({ race }) => race !== own[0].race)))),
        ),
    ),
    maeLaps: {
      cv: meanOverRaces(laps, ({ y }, index) => Math.abs(Math.max(1, Math.round(said[index])) - y)),
      longer: meanOverRaces(laps, ({ x, y }) => Math.abs(x[STOP_LAP_FEATURES.indexOf('longer')] - y)),
    },
  };
}

function stopRows(races: readonly PastRace[], length: Length, stintLaps: number): StopRow[] {
  const rows: StopRow[] = [];
  for (const [race, past] of races.entries()) {
    const whole = new Map(past.history.cars.map((car) => [car.car, car]));
    for (const lap of origins(past, FIRST_LAP)) {
      const field = readField(cutAtLap(past.history, lap));
      const shared = stopField(field, progress(field, length), fitStints(field, stintLaps));
      for (const form of field.cars) {
        if (form.lap !== lap) continue;
        const car = whole.get(form.car.car)!;
        let stopLap: number | null = null;
        for (let at = form.at + 1; at < car.lap.length && stopLap === null; at++)
          if (car.pitIn[at]) stopLap = car.lap[at];
        const features = stopFeatures(form, shared);
        rows.push({
          race,
          form,
          shared,
          until: stopLap === null ? null : stopLap - lap,
          x: Float64Array.from(STOP_FEATURES, (name) => features[name]),
          y: stopLap !== null && stopLap <= lap + WITHIN_LAPS ? 1 : 0,
        });
      }
    }
  }
  return rows;
}
