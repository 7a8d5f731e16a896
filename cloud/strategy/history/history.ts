/**
 * The laps of a race as models read them: columns per car. Both sides map to it, the live race (`from-state.ts`) and files
 * or lines of laps (`from-rows.ts`), so that what was tuned on real races is what answers on race day.
 *
 * Seconds and laps, as timing sheets have them. A number that is not known is NaN; a position that is not known is 0.
 */

/** What was shown while a lap was driven, by the leader's lap where the source has nothing better. */
export const FLAG = {
  unknown: 0,
  green: 1,
  /** Full-course caution behind the pace car (NASCAR). */
  caution: 2,
  safetyCar: 3,
  /** Virtual safety car, full-course yellow: everybody slows alike, the field is not gathered. */
  virtual: 4,
  /** A sector only. */
  localYellow: 5,
  red: 6,
  /** The lap that ended under the chequered flag: driven at speed. */
  chequered: 7,
} as const;

export type FlagCode = (typeof FLAG)[keyof typeof FLAG];

/** One car's laps, oldest first; the columns have the same length. */
export interface CarHistory {
  car: string;
  cls: string;
  lap: Int32Array;
  lapTimeS: Float64Array;
  /** Race time at the end of the lap. NASCAR: the sum of lap times, which is off by up to some seconds per car. */
  elapsedS: Float64Array;
  /** Official running position at the end of the lap, 0 = unknown. Where there is one, never rebuild it from times. */
  pos: Int32Array;
  /** The lap ended in the pit lane / began in it. */
  pitIn: Uint8Array;
  pitOut: Uint8Array;
  pitTimeS: Float64Array;
  flag: Uint8Array;
  /** Index into `RaceHistory.compounds`, 0 = unknown. */
  compound: Uint8Array;
  tyreAgeLaps: Float64Array;
  stint: Int32Array;
}

export interface RaceHistory {
  /** `nascar_cup`, `f1`, `wec`, … : chooses the rules and the priors. */
  series: string;
  track: string | null;
  /** null in a timed race. */
  lapsTotal: number | null;
  durationS: number | null;
  /** Names of tyre compounds; the first is the unknown one. */
  compounds: string[];
  cars: CarHistory[];
}

const COLUMNS = [
  'lap',
  'lapTimeS',
  'elapsedS',
  'pos',
  'pitIn',
  'pitOut',
  'pitTimeS',
  'flag',
  'compound',
  'tyreAgeLaps',
  'stint',
] as const;

/** The lap was driven at racing speed as far as its flag says. */
export function isRacing(flag: number): boolean {
  return flag === FLAG.green || flag === FLAG.chequered;
}

/** A caution of any kind was on, or the race stood. */
export function isSlow(flag: number): boolean {
  return !isRacing(flag) && flag !== FLAG.localYellow && flag !== FLAG.unknown;
}

/** A lap that tells of a car's pace: racing flag, not in or out of the pits, timed, not the first one from the grid. */
export function isClean(car: CarHistory, index: number): boolean {
  return (
    isRacing(car.flag[index]) &&
    car.pitIn[index] === 0 &&
    car.pitOut[index] === 0 &&
    car.lap[index] > 1 &&
    car.lapTimeS[index] > 0
  );
}

/** Laps completed by the car that is furthest. */
export function leaderLap(history: RaceHistory): number {
  let lap = 0;
  for (const car of history.cars) lap = Math.max(lap, lastLap(car));
  return lap;
}

/** The car's newest lap, 0 before the first. */
export function lastLap(car: CarHistory): number {
  return car.lap.at(-1) ?? 0;
}

/** Place of lap `lap` in the columns, −1 when the car has none. Laps ascend, mostly without holes. */
export function indexOfLap(car: CarHistory, lap: number): number {
  let low = 0;
  let high = car.lap.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (car.lap[middle] === lap) return middle;
    if (car.lap[middle] < lap) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * What was known at some moment: the first laps of each car, as views on the same memory.
 *
 * @param known how many laps of the car are known; a car of whom none is known is left out
 */
export function cut(history: RaceHistory, known: (car: CarHistory) => number): RaceHistory {
  const cars: CarHistory[] = [];
  for (const car of history.cars) {
    const count = known(car);
    if (count <= 0) continue;
    const view: Record<string, unknown> = { car: car.car, cls: car.cls };
    for (const column of COLUMNS) view[column] = car[column].subarray(0, count);
    cars.push(view as unknown as CarHistory);
  }
  return { ...history, cars };
}

/** Every car's laps up to and including `lap`. */
export function cutAtLap(history: RaceHistory, lap: number): RaceHistory {
  return cut(history, (car) => countWhile(car.lap, (value) => value <= lap));
}

/** Every lap that ended by `elapsedS`. */
export function cutAtTime(history: RaceHistory, elapsedS: number): RaceHistory {
  return cut(history, (car) => countWhile(car.elapsedS, (value) => value <= elapsedS));
}

function countWhile(column: Int32Array | Float64Array, belongs: (value: number) => boolean): number {
  let count = 0;
  while (count < column.length && belongs(column[count])) count++;
  return count;
}
