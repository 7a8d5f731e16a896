import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { cutAtLap, isRacing } from '#cloud/strategy/history/history.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { PacePrior } from '#cloud/strategy/models/fitted/types.js';
import {
  PACE_FEATURES,
  paceFeatures,
  paceField,
  SPREAD_FEATURES,
  spreadFeatures,
} from '#cloud/strategy/models/pace-features.js';
import { quantile } from '#cloud/strategy/stats.js';
import { crossValidated, dot, leastAbsolute, leastSquares, meanOverRaces, named, type Row } from './regress.js';

const HORIZON = 5;
const FIRST_LAP = 10;
/** Misses below are taken as this, seconds: the floor of the reweighting. */
const FLOOR_S = 0.02;
/** Bands are quantiles of misses that fits on other races made. */
const OUTER = [0.1, 0.9] as const;

interface PaceRow extends Row {
  ahead: number;
  spread: Float64Array;
}

/** Lap times as the back-test asks for them (part a), with the features that were known. */
function paceRows(races: readonly PastRace[], curve: boolean): PaceRow[] {
  const rows: PaceRow[] = [];
  for (const [race, past] of races.entries()) {
    const whole = new Map(past.history.cars.map((car) => [car.car, car]));
    for (const lap of origins(past, FIRST_LAP)) {
      const field = readField(cutAtLap(past.history, lap));
      const shared = paceField(field);
      for (const form of field.cars) {
        const features = form.lap === lap ? paceFeatures(form, shared) : null;
        if (features === null || form.car.pitIn[form.at]) continue;
        const car = whole.get(form.car.car)!;
        const spread = spreadFeatures(form, shared);
        for (let ahead = 1; ahead <= HORIZON; ahead++) {
          const at = form.at + ahead;
          if (car.lap[at] !== lap + ahead || !isRacing(car.flag[at]) || car.pitIn[at] || car.pitOut[at]) break;
          if (!(car.lapTimeS[at] <= form.limitS)) continue;
          const x = features(ahead);
          const s = spread(ahead);
          rows.push({
            race,
            ahead,
            // A column of zeros gets no weight.
            x: Float64Array.from(PACE_FEATURES, (name) => (!curve && name.startsWith('curve') ? 0 : x[name])),
            spread: Float64Array.from(SPREAD_FEATURES, (name) => s[name]),
            y: car.lapTimeS[at] - form.timesS.at(-1)!,
          });
        }
      }
    }
  }
  return rows;
}

export interface PaceFit {
  prior: PacePrior;
  /** Mean over races, seconds; `cv` by weights that never saw the race. */
  maeS: { cv: number; inSample: number; lastLap: number };
}

export interface PaceSettings {
  ridge: number;
  curve: boolean;
}

export function fitPacePrior(races: readonly PastRace[], { ridge, curve }: PaceSettings): PaceFit {
  const rows = paceRows(races, curve);
  const regress = (of: readonly PaceRow[]) => leastAbsolute(of, ridge, FLOOR_S);
  const forecasts = crossValidated(rows, regress);
  const missed = rows.map((row, index) => row.y - forecasts[index]);
  const weights = regress(rows);
  const spreadRows = rows.map((row, index) => ({
    race: row.race,
    x: row.spread,
    y: Math.log(Math.max(FLOOR_S / 2, Math.abs(missed[index]))),
  }));
  const spread = leastSquares(spreadRows, ridge / 10);
  const bands = Array.from({ length: HORIZON }, (_, index) => {
    const scaled: number[] = [];
    for (const [at, row] of rows.entries()) {
      if (row.ahead === index + 1) scaled.push(missed[at] / Math.exp(dot(row.spread, spread)));
    }
    const [low, high] = OUTER.map((share) => quantile(scaled, share)!);
    return { low, high };
  });
  return {
    prior: { weights: named(PACE_FEATURES, weights), spread: named(SPREAD_FEATURES, spread), bands },
    maeS: {
      cv: meanOverRaces(rows, (_, index) => Math.abs(missed[index])),
      inSample: meanOverRaces(rows, (row) => Math.abs(row.y - dot(row.x, weights))),
      lastLap: meanOverRaces(rows, (row) => Math.abs(row.y)),
    },
  };
}
