import { type CarHistory, indexOfLap } from '../history/history.js';
import type { Prediction } from '../predict/types.js';
import { median } from '../stats.js';
import { classOf, type PastRace } from './past-race.js';
import type { Chance } from './scores.js';

/** Part (c): the lap of the next stop, and whether it comes within five laps; asked every fifth lap of every car. */
const WITHIN_LAPS = 5;

/** Forecasts that need no model, as the lap of the next stop; NaN = none, because nothing like it has been seen. */
export const NAIVE_STOPS = ['ownMeanStint', 'fieldMedian', 'longerMedian'] as const;
export type NaiveStop = (typeof NAIVE_STOPS)[number];

export interface NextStopScores {
  /** Absolute errors in laps, of cars that did stop again. */
  errorsLaps: Record<NaiveStop | 'engine', number[]>;
  within: Record<NaiveStop | 'engine', Chance[]>;
}

export function newNextStop(): NextStopScores {
  const empty = <T>(): Record<NaiveStop | 'engine', T[]> => ({
    ownMeanStint: [],
    fieldMedian: [],
    longerMedian: [],
    engine: [],
  });
  return { errorsLaps: empty(), within: empty() };
}

/** Lengths of a car's stints that were over at `lap`, and where the present one began. */
function stints(car: CarHistory, lap: number): { over: number[]; fromLap: number } {
  const over: number[] = [];
  let fromLap = 0;
  for (let index = 0; index < car.lap.length && car.lap[index] <= lap; index++) {
    if (!car.pitIn[index]) continue;
    over.push(car.lap[index] - fromLap);
    fromLap = car.lap[index];
  }
  return { over, fromLap };
}

export function scoreNextStop(scores: NextStopScores, race: PastRace, lap: number, prediction: Prediction): void {
  const seen: Record<string, number[]> = {};
  for (const car of race.history.cars) {
    seen[classOf(race, car.cls)] ??= [];
    seen[classOf(race, car.cls)].push(...stints(car, lap).over);
  }
  for (const car of race.history.cars) {
    const at = indexOfLap(car, lap);
    if (at < 0) continue;
    const actual = nextStop(car, at);
    const { over, fromLap } = stints(car, lap);
    const field = seen[classOf(race, car.cls)];
    const said = prediction.nextStop?.[car.car];
    const lengths: Record<NaiveStop, number | null> = {
      ownMeanStint: over.length > 0 ? over.reduce((sum, each) => sum + each, 0) / over.length : median(field),
      fieldMedian: median(field),
      longerMedian: median(field.filter((length) => length > lap - fromLap)),
    };
    const happened = actual !== null && actual <= lap + WITHIN_LAPS;
    // Errors of all methods on the same cells: where each has seen what it goes by.
    const isCompared = actual !== null && lengths.longerMedian !== null;
    for (const name of NAIVE_STOPS) {
      const length = lengths[name];
      const forecast = length === null ? Number.NaN : Math.max(lap + 1, fromLap + length);
      scores.within[name].push({ p: forecast <= lap + WITHIN_LAPS ? 1 : 0, happened });
      if (isCompared) scores.errorsLaps[name].push(Math.abs(forecast - actual));
    }
    scores.within.engine.push({ p: said?.pWithin5 ?? 0, happened });
    // Where ours says that there is none, it is wrong by all the laps that were left.
    if (isCompared) scores.errorsLaps.engine.push(Math.abs((said?.lap ?? race.laps) - actual));
  }
}

function nextStop(car: CarHistory, at: number): number | null {
  for (let index = at + 1; index < car.lap.length; index++) if (car.pitIn[index]) return car.lap[index];
  return null;
}
