import { type CarHistory, isClean, isRacing, lastLap, leaderLap, type RaceHistory } from '../history/history.js';
import { median } from '../stats.js';

/** A lap slower than this multiple of its class's median tells of traffic or trouble, not of pace. */
const SLOW = 1.12;
/** A car that has not crossed the line for so many laps' time before the leader's lap is out, as far as anybody can tell. */
const SILENT_LAPS = 3;
/** On top of those: a long stop. */
const SILENT_EXTRA_S = 120;
/** Cars per class from which `cls` is taken for a class; with fewer it is a team or a make. */
const CLASS_CARS_MIN = 4;

/** What models read about one car. Times in seconds, oldest first. */
export interface CarForm {
  car: CarHistory;
  cls: string;
  /** Place of the newest lap in the columns. */
  at: number;
  /** Its number: laps completed. */
  lap: number;
  /** Usable lap times: clean, and not slow. */
  timesS: number[];
  /** Usable ones of the present stint. */
  stintTimesS: number[];
  /** Laps since the last stop, this one included. */
  ageLaps: number;
  /** Lap numbers that ended in the pits. */
  stopLaps: number[];
  /** Laps since the newest usable one. */
  staleLaps: number;
  /** Laps under green up to now. */
  greenLaps: number;
  /** Median of the clean laps of its class, and the limit of usable ones; NaN before anybody has one. */
  classMedianS: number;
  limitS: number;
  running: boolean;
}

export interface Field {
  history: RaceHistory;
  cars: CarForm[];
  /** Laps completed by the car that is furthest. */
  lap: number;
}

/** `nascar_cup` → `nascar`. */
export function seriesGroup(series: string): string {
  return series.split('_')[0].toLowerCase();
}

/** What is known of the series' group; a series may have any name, that of a method of objects, too. */
export function ofSeries<T>(known: Readonly<Record<string, T>>, series: string): T | undefined {
  const group = seriesGroup(series);
  return Object.hasOwn(known, group) ? known[group] : undefined;
}

/** One reading of all laps; every model starts from it. Cars without a lap are left out. */
export function readField(history: RaceHistory): Field {
  const cars = history.cars.filter((car) => car.lap.length > 0);
  const classed = hasClasses(history.series, cars);
  const medians = classMedians(cars, classed);
  const lap = leaderLap(history);
  const nowS = leaderBeforeS(cars, lap);
  return {
    history,
    lap,
    cars: cars.map((car) => {
      const cls = classed ? car.cls : '';
      const classMedianS = medians.get(cls) ?? Number.NaN;
      const silentS = nowS - known(car.elapsedS.at(-1));
      const running = lastLap(car) === lap || !(silentS > SILENT_LAPS * classMedianS + SILENT_EXTRA_S);
      return { ...readCar(car, SLOW * classMedianS), cls, classMedianS, running };
    }),
  };
}

/**
 * When the leader completed the lap before his newest: a red flag stretches one lap of his to an hour, and those who have not
 * crossed since are not out for it.
 */
function leaderBeforeS(cars: readonly CarHistory[], lap: number): number {
  let crossedS = Number.POSITIVE_INFINITY;
  for (const car of cars) {
    if (lastLap(car) !== lap) continue;
    const beforeS = car.elapsedS.at(-2) ?? 0;
    if (beforeS > 0) crossedS = Math.min(crossedS, beforeS);
  }
  return Number.isFinite(crossedS) ? crossedS : 0;
}

function known(value: number | undefined): number {
  return value !== undefined && value > 0 ? value : 0;
}

function hasClasses(series: string, cars: readonly CarHistory[]): boolean {
  const group = seriesGroup(series);
  if (group === 'f1' || group === 'nascar') return false;
  if (group === 'wec') return true;
  return new Set(cars.map(({ cls }) => cls)).size * CLASS_CARS_MIN <= cars.length;
}

function classMedians(cars: readonly CarHistory[], classed: boolean): Map<string, number> {
  const timesS = new Map<string, number[]>();
  for (const car of cars) {
    const cls = classed ? car.cls : '';
    const of = timesS.get(cls) ?? [];
    timesS.set(cls, of);
    for (let index = 0; index < car.lap.length; index++) if (isClean(car, index)) of.push(car.lapTimeS[index]);
  }
  const medians = new Map<string, number>();
  for (const [cls, of] of timesS) medians.set(cls, median(of) ?? Number.NaN);
  return medians;
}

function readCar(car: CarHistory, limitS: number): Omit<CarForm, 'cls' | 'classMedianS' | 'running'> {
  const at = car.lap.length - 1;
  const timesS: number[] = [];
  const stopLaps: number[] = [];
  let newest = -1;
  let stintFrom = 0;
  let sinceLap = 0;
  for (let index = 0; index <= at; index++) {
    if (car.pitOut[index]) stintFrom = timesS.length;
    if (isClean(car, index) && car.lapTimeS[index] <= limitS) {
      timesS.push(car.lapTimeS[index]);
      newest = index;
    }
    if (car.pitIn[index]) {
      stintFrom = timesS.length;
      sinceLap = car.lap[index];
      stopLaps.push(sinceLap);
    }
  }
  let greenLaps = 0;
  while (greenLaps <= at && isRacing(car.flag[at - greenLaps])) greenLaps++;
  return {
    car,
    at,
    lap: car.lap[at],
    timesS,
    stintTimesS: timesS.slice(stintFrom),
    ageLaps: car.lap[at] - sinceLap,
    stopLaps,
    staleLaps: newest < 0 ? at + 1 : at - newest,
    greenLaps,
    limitS,
  };
}
