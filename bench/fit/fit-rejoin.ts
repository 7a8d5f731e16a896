import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { type CarHistory, cutAtLap, isRacing } from '#cloud/strategy/history/history.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { PacePrior, RejoinPrior } from '#cloud/strategy/models/fitted/types.js';
import { fitPace } from '#cloud/strategy/models/pace.js';
import { fitPitLoss, type PitLossPrior, seenStops } from '#cloud/strategy/models/pit-loss.js';
import { plainStop, REJOIN_FEATURES, rejoinFeatures, STOP_LAPS } from '#cloud/strategy/models/rejoin-features.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import { median } from '#cloud/strategy/stats.js';
import { crossValidated, mostUsual, named, type Row } from './regress.js';

export interface RejoinFit {
  prior: RejoinPrior;
  /** Median error of the time, seconds; `plain`: usual laps and the class's median loss. */
  medianS: { cv: number; plain: number };
}

/** Medians of past stops. */
export function usualPitLoss(races: readonly PastRace[]): PitLossPrior {
  const stops = races.flatMap(({ history }) => readField(history).cars.flatMap(seenStops));
  const of = (green: boolean) => median(stops.filter((stop) => stop.green === green).map(({ lossS }) => lossS)) ?? 0;
  return { greenS: of(true), yellowS: of(false) };
}

/** @param scale misses, seconds, beyond which a stop counts as unusual: a repair, a penalty */
export function fitRejoinPrior(
  races: readonly PastRace[],
  pacePrior: PacePrior,
  pitLoss: PitLossPrior,
  stintLaps: number,
  { ridge, scale }: { ridge: number; scale: number },
): RejoinFit {
  const rows = races.flatMap((past, race) => rejoinRows(past, race, pacePrior, pitLoss, stintLaps));
  const regress = (of: readonly Row[]) => mostUsual(of, ridge, scale);
  const forecasts = crossValidated(rows, regress);
  const cv = median(rows.map((row, index) => Math.abs(row.y - forecasts[index]))) ?? 0;
  return {
    prior: { weights: named(REJOIN_FEATURES, regress(rows)), missS: cv },
    medianS: { cv, plain: median(rows.map(({ y }) => Math.abs(y))) ?? 0 },
  };
}

/** Real stops whose in-lap and out-lap were driven under green, told from the laps before. */
function rejoinRows(
  past: PastRace,
  race: number,
  pacePrior: PacePrior,
  pitLoss: PitLossPrior,
  stintLaps: number,
): Row[] {
  const stops = past.history.cars.flatMap((car) => greenStops(car).map((at) => ({ car, at })));
  const laps = new Map<number, typeof stops>();
  for (const stop of stops) {
    const lap = stop.car.lap[stop.at];
    laps.set(lap, [...(laps.get(lap) ?? []), stop]);
  }
  return [...laps].flatMap(([lap, of]) => {
    const field = readField(cutAtLap(past.history, lap - 1));
    const models = {
      pace: fitPace(field, pacePrior),
      losses: fitPitLoss(field, pitLoss),
      stints: fitStints(field, stintLaps),
    };
    return of.flatMap(({ car, at }): Row[] => {
      const form = field.cars.find((each) => each.car.car === car.car);
      const plain = form === undefined ? null : plainStop(form, models.losses);
      const actualS = car.elapsedS[at + 1] - car.elapsedS[at - 1];
      // Before the race has shown a stop, the loss of a usual one says more of the series than of the track.
      const shown = models.losses.stops.some((stop) => stop.green && stop.form.cls === form?.cls);
      if (form === undefined || plain === null || !(actualS > 0) || !shown) return [];
      const features = rejoinFeatures(form, plain, models);
      return [
        {
          race,
          x: Float64Array.from(REJOIN_FEATURES, (name) => features[name]),
          y: actualS - STOP_LAPS * plain.paceS - plain.lossS,
        },
      ];
    });
  });
}

function greenStops(car: CarHistory): number[] {
  const places: number[] = [];
  for (let at = 1; at + 1 < car.lap.length; at++) {
    const whole = car.lap[at - 1] === car.lap[at] - 1 && car.lap[at + 1] === car.lap[at] + 1;
    if (!car.pitIn[at] || car.pitIn[at + 1] || !whole) continue;
    if (isRacing(car.flag[at]) && isRacing(car.flag[at + 1])) places.push(at);
  }
  return places;
}
