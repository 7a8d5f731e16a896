import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { areaUnderCurve, bestThreshold, f1Score, mean } from '#cloud/strategy/backtest/scores.js';
import { cutAtLap } from '#cloud/strategy/history/history.js';
import { type CarForm, type Field, readField } from '#cloud/strategy/models/field.js';
import type { StopPrior } from '#cloud/strategy/models/fitted/types.js';
import { type Length, type Progress, progress } from '#cloud/strategy/models/progress.js';
import { fitStints, type StintModel } from '#cloud/strategy/models/stints.js';
import { WITHIN_LAPS } from '#cloud/strategy/models/stop-features.js';
import { median } from '#cloud/strategy/stats.js';
import { habitStopForecasts } from './fit-habit-stops.js';
import { tankStopForecasts } from './fit-tank-stops.js';

const FIRST_LAP = 5;

/** A moment of a race at which everybody's next stop is asked for. */
export interface StopMoment {
  race: number;
  field: Field;
  along: Progress;
  stints: StintModel;
}

/** A car at such a moment. */
export interface StopCell {
  race: number;
  moment: StopMoment;
  form: CarForm;
  /** Laps until the next stop; null = none any more. */
  until: number | null;
  /** Laps that it went on for, up to its next stop or its last lap. */
  went: number;
}

/** What one way to tell stops says of each cell, by weights that never saw its race. */
export interface StopForecasts {
  prior: StopPrior;
  within5: Float64Array;
  /** Laps until the next stop, if there is one. */
  until: Float64Array;
}

export interface StopFit {
  prior: StopPrior;
  f1: number;
  auc: number;
  maeLaps: { cv: number; longer: number };
}

export interface StopSettings {
  by: StopPrior['by'];
  ridge: number;
}

export function fitStopPrior(races: readonly PastRace[], length: Length, { by, ridge }: StopSettings): StopFit {
  const stintLaps = usualStint(races);
  const cells = stopCells(races, length, stintLaps);
  const forecasts =
    by === 'tanks' ? tankStopForecasts(races, cells, stintLaps, ridge) : habitStopForecasts(cells, stintLaps, ridge);
  const chances = cells.map(({ race, until }, index) => ({
    race,
    p: forecasts.within5[index],
    happened: until !== null && until <= WITHIN_LAPS,
  }));
  const byRace = races.map((_, race) => chances.filter((each) => each.race === race));
  return {
    prior: forecasts.prior,
    auc: areaUnderCurve(chances),
    f1: mean(
      byRace
        .filter((own) => own.some(({ happened }) => happened))
        .map((own) =>
          Math.max(f1Score(own, 0.5), f1Score(own, bestThreshold(chances.filter(({ race }) => race !== own[0].race)))),
        ),
    ),
    maeLaps: {
      cv: meanError(races, cells, (_, index) => Math.max(1, Math.round(forecasts.until[index]))),
      longer: meanError(races, cells, longerMedian),
    },
  };
}

/** A usual stint of the series, repairs left out. */
function usualStint(races: readonly PastRace[]): number {
  const medians = races.map(({ history }) => {
    const field = readField(history);
    const stints = fitStints(field, 0);
    return median(field.cars.flatMap((form) => stints.of(form).over.filter((laps) => laps > 3)));
  });
  return median(medians.filter((laps) => laps !== null))!;
}

function stopCells(races: readonly PastRace[], length: Length, stintLaps: number): StopCell[] {
  const cells: StopCell[] = [];
  for (const [race, past] of races.entries()) {
    const whole = new Map(past.history.cars.map((car) => [car.car, car]));
    for (const lap of origins(past, FIRST_LAP)) {
      const field = readField(cutAtLap(past.history, lap));
      const moment = { race, field, along: progress(field, length), stints: fitStints(field, stintLaps) };
      for (const form of field.cars) {
        if (form.lap !== lap) continue;
        const car = whole.get(form.car.car)!;
        let at = form.at + 1;
        while (at < car.lap.length && !car.pitIn[at]) at++;
        const stops = at < car.lap.length;
        const went = car.lap[stops ? at : car.lap.length - 1] - lap;
        cells.push({ race, moment, form, until: stops ? went : null, went });
      }
    }
  }
  return cells;
}

/** What is left of the median of the class's stints that got further; NaN where none did. */
function longerMedian({ form, moment: { stints } }: StopCell): number {
  const { ageLaps } = stints.of(form);
  const longer = median(stints.seen(form.cls).laps.filter((laps) => laps > ageLaps));
  return longer === null ? Number.NaN : longer - ageLaps;
}

/** Laps, mean over races, of the cells where both ways say something. */
function meanError(
  races: readonly PastRace[],
  cells: readonly StopCell[],
  said: (cell: StopCell, index: number) => number,
): number {
  return mean(
    races.map((_, race) =>
      mean(
        cells.flatMap((cell, index) =>
          cell.race !== race || cell.until === null || Number.isNaN(longerMedian(cell))
            ? []
            : [Math.abs(said(cell, index) - cell.until)],
        ),
      ),
    ),
  );
}
