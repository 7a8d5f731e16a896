import { sortedQuantile } from '../stats.js';
import { NONE, type Outcome } from './types.js';

/** Mean and what four outcomes in five lie between. */
export interface Spread {
  mean: number;
  low: number;
  high: number;
}

/** What a car's race may come to, by the runs that are complete. */
export interface FinishSummary {
  /** Overall places from 1, bounds inclusive. */
  place: Spread;
  pWin: number;
  pTop5: number;
  pTop10: number;
  /** Place in its class. */
  classPlace: Spread;
  pClassWin: number;
  /** Race time at its flag, seconds, of the runs in which it got there; null where it never did. */
  finishS: Spread | null;
  /** Shares of runs. */
  pOut: number;
  pDry: number;
  pTrapped: number;
}

const LOW = 0.1;

/** Null before the first run is complete. */
export function finishOf(outcome: Outcome, car: number): FinishSummary | null {
  const { runs } = outcome;
  if (runs === 0) return null;
  const places = column(outcome, outcome.place, car);
  const classPlaces = column(outcome, outcome.classPlace, car);
  const finished = column(outcome, outcome.finishS, car).filter(
    (_, run) => outcome.out[run * outcome.cars + car] === 0,
  );
  return {
    place: placeSpread(places),
    pWin: share(places, (place) => place === 1),
    pTop5: share(places, (place) => place <= 5),
    pTop10: share(places, (place) => place <= 10),
    classPlace: placeSpread(classPlaces),
    pClassWin: share(classPlaces, (place) => place === 1),
    finishS: spread(finished),
    pOut: share(column(outcome, outcome.out, car), Boolean),
    pDry: share(column(outcome, outcome.ranDry, car), Boolean),
    pTrapped: share(column(outcome, outcome.trapped, car), Boolean),
  };
}

/** The next stop, and where it put the car at the end of its out-lap. */
export interface RejoinSummary {
  /** Share of runs in which it stopped and came out again; the rest is told of these. */
  pStop: number;
  place: Spread;
  /** Most often the car ahead and behind on the road, index, `NONE` = mostly nobody. */
  ahead: number;
  behind: number;
  /** To whoever it was, seconds; null where there never was anybody. */
  aheadS: Spread | null;
  behindS: Spread | null;
  /** Shares: a lap down or more; the stop was under caution. */
  pLapDown: number;
  pUnderCaution: number;
}

/** Null where no run saw a stop to its end. */
export function rejoinOf(outcome: Outcome, car: number): RejoinSummary | null {
  const rows: number[] = [];
  for (let run = 0; run < outcome.runs; run++) {
    const at = run * outcome.cars + car;
    if (outcome.rejoinPlace[at] > 0) rows.push(at);
  }
  if (rows.length === 0) return null;
  const of = (values: ArrayLike<number>) => Float64Array.from(rows, (at) => values[at]);
  const gaps = (cars: Int16Array, gapS: Float64Array) =>
    spread(Float64Array.from(rows.filter((at) => cars[at] !== NONE).map((at) => gapS[at])));
  return {
    pStop: rows.length / outcome.runs,
    place: placeSpread(of(outcome.rejoinPlace)),
    ahead: mostFrequent(of(outcome.rejoinAhead)),
    behind: mostFrequent(of(outcome.rejoinBehind)),
    aheadS: gaps(outcome.rejoinAhead, outcome.rejoinAheadS),
    behindS: gaps(outcome.rejoinBehind, outcome.rejoinBehindS),
    pLapDown: share(of(outcome.rejoinLapsDown), (laps) => laps > 0),
    pUnderCaution: share(of(outcome.stopPhase), (phase) => phase > 0),
  };
}

/** Place at the first restart, of the runs that had one; null where none had. */
export function restartOf(outcome: Outcome, car: number): Spread | null {
  const places = column(outcome, outcome.restartPlace, car).filter((place) => place > 0);
  return places.length === 0 ? null : placeSpread(places);
}

/** What one option gives over another, run against the same run: > 0 is better. */
export interface Gain {
  /** Runs that both have. */
  runs: number;
  places: Spread;
  /** One standard deviation of the mean gain in places. */
  placesMeanSd: number;
  /** Race time; laps not driven count at the car's mean lap. */
  seconds: Spread;
}

/** Null where they have no run in common. */
export function gainOf(option: Outcome, versus: Outcome, car: number): Gain | null {
  const runs = Math.min(option.runs, versus.runs);
  if (runs === 0) return null;
  const places = new Float64Array(runs);
  const seconds = new Float64Array(runs);
  for (let run = 0; run < runs; run++) {
    const at = run * option.cars + car;
    places[run] = versus.place[at] - option.place[at];
    const lapS = option.finishS[at] / Math.max(1, option.lapsDone[at]);
    seconds[run] = versus.finishS[at] - option.finishS[at] + (option.lapsDone[at] - versus.lapsDone[at]) * lapS;
  }
  const mean = average(places);
  const variance = runs < 2 ? 0 : places.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (runs - 1);
  return { runs, places: spread(places)!, placesMeanSd: Math.sqrt(variance / runs), seconds: spread(seconds)! };
}

/** A column of a car, run by run. */
export function column({ runs, cars }: Outcome, values: ArrayLike<number>, car: number): Float64Array {
  const of = new Float64Array(runs);
  for (let run = 0; run < runs; run++) of[run] = values[run * cars + car];
  return of;
}

/**
 * From the tenth to the ninetieth hundredth of the runs, in whole places. Not the likeliest places: of some hundred runs those
 * are chance peaks, and hold too little.
 */
function placeSpread(places: Float64Array): Spread {
  const sorted = Float64Array.from(places).sort();
  const low = sorted[Math.floor(LOW * sorted.length)];
  const high = sorted[Math.ceil((1 - LOW) * sorted.length) - 1];
  return { mean: average(places), low, high };
}

function spread(values: Float64Array): Spread | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return { mean: average(values), low: sortedQuantile(sorted, LOW), high: sortedQuantile(sorted, 1 - LOW) };
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function share(values: Float64Array, is: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (is(value)) count++;
  return count / values.length;
}

/** Of equals the smallest. */
function mostFrequent(values: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most: number = NONE;
  for (const [value, count] of counts) {
    const best = counts.get(most) ?? 0;
    if (count > best || (count === best && value < most)) most = value;
  }
  return most;
}
