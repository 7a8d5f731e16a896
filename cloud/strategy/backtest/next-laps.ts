import { type CarHistory, cutAtLap, indexOfLap, isClean, isRacing, type RaceHistory } from '../history/history.js';
import type { Prediction } from '../predict/types.js';
import { median } from '../stats.js';
import { classOf, type PastRace } from './past-race.js';

/**
 * Part (a): the next five lap times. At an origin every car with three usable laps is asked; a lap counts as long as the
 * stint goes on under green, and not when it is slower than 1.12 × the class median known at the origin.
 */
const SLOW = 1.12;
const USABLE_MIN = 3;
const HORIZON = 5;

/** A method without a model: usable lap times so far (of the race, of the stint; oldest first) → forecast by laps ahead. */
type NaiveLaps = (all: readonly number[], stint: readonly number[]) => (ahead: number) => number;

const steady =
  (forecast: (all: readonly number[], stint: readonly number[]) => number): NaiveLaps =>
  (all, stint) => {
    const timeS = forecast(all, stint);
    return () => timeS;
  };

export const NAIVE_LAPS: Record<string, NaiveLaps> = {
  lastLap: steady((all) => all.at(-1)!),
  medianOf5: steady((all) => median(all.slice(-5))!),
  stintMedian: steady((all, stint) => median(stint.length > 0 ? stint : all)!),
  ewma03: steady((all) => ewma(all, 0.3)),
  ewma05: steady((all) => ewma(all, 0.5)),
  stintLine: (all, stint) => line(stint.length >= USABLE_MIN ? stint : all.slice(-5)),
};

/** Absolute errors by method; `engine` is ours. */
export interface NextLapsErrors {
  errorsS: Record<string, number[]>;
  /** Laps inside our 80 % band, of those asked. */
  covered: number;
  asked: number;
  /** Cells of which the engine said nothing: counted against it as the last lap's error. */
  silent: number;
}

export function newNextLaps(): NextLapsErrors {
  const errorsS: Record<string, number[]> = { engine: [] };
  for (const name in NAIVE_LAPS) errorsS[name] = [];
  return { errorsS, covered: 0, asked: 0, silent: 0 };
}

/** Scores what was predicted when every car had completed `lap` laps at most. */
export function scoreNextLaps(scores: NextLapsErrors, race: PastRace, lap: number, prediction: Prediction): void {
  const medians = classMedians(race, cutAtLap(race.history, lap));
  for (const car of race.history.cars) {
    const at = indexOfLap(car, lap);
    const limitS = SLOW * (medians[classOf(race, car.cls)] ?? Number.NaN);
    if (at < 0 || car.pitIn[at] === 1 || !(limitS > 0)) continue;
    const { all, stint } = usable(car, at, limitS);
    if (all.length < USABLE_MIN) continue;
    const said = prediction.nextLaps?.[car.car] ?? [];
    const naive = Object.entries(NAIVE_LAPS).map(([name, of]) => ({ name, forecast: of(all, stint) }));
    for (let ahead = 1; ahead <= HORIZON; ahead++) {
      const index = at + ahead;
      if (car.lap[index] !== lap + ahead || !isRacing(car.flag[index]) || car.pitIn[index] || car.pitOut[index]) break;
      const actualS = car.lapTimeS[index];
      if (!(actualS <= limitS)) continue;
      for (const { name, forecast } of naive) scores.errorsS[name].push(Math.abs(forecast(ahead) - actualS));
      const forecast = said.find((each) => each.lap === lap + ahead);
      scores.asked++;
      if (forecast === undefined) scores.silent++;
      else if (actualS >= forecast.lo80 && actualS <= forecast.hi80) scores.covered++;
      scores.errorsS.engine.push(Math.abs((forecast?.mean ?? all.at(-1)!) - actualS));
    }
  }
}

function classMedians(race: PastRace, known: RaceHistory): Record<string, number> {
  const timesS: Record<string, number[]> = {};
  for (const car of known.cars) {
    timesS[classOf(race, car.cls)] ??= [];
    const of = timesS[classOf(race, car.cls)];
    for (let index = 0; index < car.lap.length; index++) if (isClean(car, index)) of.push(car.lapTimeS[index]);
  }
  const medians: Record<string, number> = {};
  for (const cls in timesS) medians[cls] = median(timesS[cls]) ?? Number.NaN;
  return medians;
}

function usable(car: CarHistory, at: number, limitS: number): { all: number[]; stint: number[] } {
  const all: number[] = [];
  let stintFrom = 0;
  for (let index = 0; index <= at; index++) {
    if (car.pitOut[index]) stintFrom = all.length;
    if (isClean(car, index) && car.lapTimeS[index] <= limitS) all.push(car.lapTimeS[index]);
    if (car.pitIn[index]) stintFrom = all.length;
  }
  return { all, stint: all.slice(stintFrom) };
}

function ewma(values: readonly number[], gain: number): number {
  let level = values[0];
  for (const value of values) level += gain * (value - level);
  return level;
}

/** Least squares over the values in their order; forecasts go on from the newest. */
function line(values: readonly number[]): (ahead: number) => number {
  const middle = (values.length - 1) / 2;
  const level = values.reduce((sum, value) => sum + value, 0) / values.length;
  let top = 0;
  let bottom = 0;
  for (const [index, value] of values.entries()) {
    top += (index - middle) * (value - level);
    bottom += (index - middle) ** 2;
  }
  const slope = bottom === 0 ? 0 : top / bottom;
  return (ahead) => level + slope * (values.length - 1 - middle + ahead);
}
