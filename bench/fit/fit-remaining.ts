import { knownAt, ORDER_AT } from '#cloud/strategy/backtest/order.js';
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { mean } from '#cloud/strategy/backtest/scores.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { RemainingPrior, StopPrior } from '#cloud/strategy/models/fitted/types.js';
import { fitPitLoss, type PitLossPrior } from '#cloud/strategy/models/pit-loss.js';
import { type Length, meanLapS, progress } from '#cloud/strategy/models/progress.js';
import {
  greenPaceS,
  REMAINING_FEATURES,
  remainingFeatures,
  remainingField,
} from '#cloud/strategy/models/remaining-features.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import { fitStops } from '#cloud/strategy/models/stops.js';
import { median } from '#cloud/strategy/stats.js';
import { crossValidated, mostUsual, named, type Row } from './regress.js';

interface RemainingRow extends Row {
  at: number;
  /** Seconds that a hundredth stands for. */
  unitS: number;
  allLaps: number;
}

export interface RemainingFit {
  prior: RemainingPrior;
  /** Median over races of the mean error, seconds; `naive`: the better of the green median and the mean of all laps. */
  medianS: { at: number; cv: number; naive: number }[];
}

/** @param scale misses, hundredths of a lap's time per lap, beyond which a race counts as unusual */
export function fitRemainingPrior(
  races: readonly PastRace[],
  length: Length,
  pitLoss: PitLossPrior,
  stops: StopPrior,
  { ridge, scale }: { ridge: number; scale: number },
): RemainingFit {
  const rows = races.flatMap((past, race) => remainingRows(past, race, length, pitLoss, stops));
  const regress = (of: readonly Row[]) => mostUsual(of, ridge, scale);
  const forecasts = crossValidated(rows, regress);
  const error = (at: number, said: (row: RemainingRow, index: number) => number) =>
    median(
      races.flatMap((_, race) => {
        const missed: number[] = [];
        for (const [index, row] of rows.entries()) {
          if (row.race === race && row.at === at) missed.push(row.unitS * Math.abs(row.y - said(row, index)));
        }
        return missed.length > 0 ? [mean(missed)] : [];
      }),
    ) ?? Number.NaN;
  return {
    prior: { weights: named(REMAINING_FEATURES, regress(rows)) },
    medianS: ORDER_AT.map((at) => ({
      at,
      cv: error(at, (_, index) => forecasts[index]),
      naive: Math.min(
        error(at, () => 0),
        error(at, (row) => row.allLaps),
      ),
    })),
  };
}

/** Cars that finish on the lead lap, at every twentieth of the race. */
function remainingRows(
  past: PastRace,
  race: number,
  length: Length,
  pitLoss: PitLossPrior,
  stops: StopPrior,
): RemainingRow[] {
  const rows: RemainingRow[] = [];
  const whole = new Map(past.history.cars.map((car) => [car.car, car]));
  for (let at = 0.1; at < 0.99; at += 0.05) {
    const share = ORDER_AT.find((each) => Math.abs(each - at) < 0.01) ?? at;
    const known = knownAt(past, share);
    if (known === undefined) continue;
    const field = readField(known);
    const along = progress(field, length);
    const stints = fitStints(field, stops.stintLaps);
    const shared = remainingField(
      field,
      along,
      fitPitLoss(field, pitLoss),
      stints,
      fitStops(field, along, stints, stops),
    );
    for (const form of field.cars) {
      const laps = past.laps - form.lap;
      const greenS = greenPaceS(form);
      const actualS = whole.get(form.car.car)!.elapsedS.at(-1)! - form.car.elapsedS[form.at];
      if (past.lapsCompleted[form.car.car] < past.laps || laps <= 0 || greenS === null || !(actualS > 0)) continue;
      const features = remainingFeatures(form, shared, greenS, laps);
      const unitS = (laps * greenS) / 100;
      rows.push({
        race,
        at: share,
        unitS,
        allLaps: 100 * (meanLapS(form) / greenS - 1),
        x: Float64Array.from(REMAINING_FEATURES, (name) => features[name]),
        y: actualS / unitS - 100,
      });
    }
  }
  return rows;
}
