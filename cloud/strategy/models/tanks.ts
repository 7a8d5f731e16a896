import { clamp, quantile } from '../stats.js';
import type { CarForm, Field } from './field.js';
import { greenWorth, type StintModel } from './stints.js';

/** Below, nothing was filled: a drive-through, a nose. */
const FILL_MIN = 0.15;
/** From here on the tank was filled up. */
const FILL_WHOLE = 0.95;
/** Pit lane without a stop, seconds; where one was quicker, that [M: 23–33 s in seven races of 6–24 h]. */
const LANE_S = 32;
/** No lane is shorter: a time that says so is a mistake. */
const LANE_MIN_S = 15;
/** On top of the lane, for a full tank, before stops have shown it [M: 40–50 s]. */
const FILL_S = 45;
/** A full tank takes about the shortest of the stops that end a long stint: the others changed tyres or drivers, too. */
const FILL_SHARE = 0.2;
const LONG_STINT = 0.8;
/** Stints end a bit before the tank does. */
const FULL_SHARE = 0.7;
/** Full tanks as past races had them count as so many of this one. */
const PRIOR_STINTS = 2;
const SEEN_MIN = 3;
/** Shorter ones say nothing of a tank. */
const STINT_MIN_LAPS = 3;
const OWN_NEWEST = 4;

export interface TankModel {
  /** Used since the tank was last full. */
  used(form: CarForm): number;
  /** A full one, by the class and by the car's own newest stints. */
  full(form: CarForm): number;
  /** What was used when stints of the class ended. */
  ends(cls: string): readonly number[];
}

interface ClassTank {
  /** As past races had it. */
  usual: number;
  full: number;
  /** Pit time of a full fill, seconds. */
  fillS: number;
  ends: number[];
}

interface CarTank {
  ends: number[];
  /** Not filled at the last stop. */
  short: number;
}

/**
 * What is in the tanks, where fuel (or energy) ends stints. Units: green laps' worth; a lap under caution burns about half of
 * one. Source: stints of this race and how long stops took; before the first ones a full tank lasts as long, in time, as in past
 * races. Limits: who fills less than a tank, changes tyres meanwhile and takes as long seems to fill it; saving is not seen.
 *
 * @param usual a full tank before this race has shown one: seconds under green; laps, where no lap was timed
 */
export function fitTanks(field: Field, stints: StintModel, usual: { seconds: number; laps: number }): TankModel {
  const laneS = laneSeconds(field);
  const classes = new Map<string, ClassTank>();
  for (const { cls, classMedianS } of field.cars) {
    const laps = classMedianS > 0 ? usual.seconds / classMedianS : usual.laps;
    classes.set(cls, { usual: laps, full: laps, fillS: laneS + FILL_S, ends: [] });
  }
  for (const [cls, tank] of classes) {
    const timesS = field.cars.flatMap((form) =>
      form.cls === cls ? longStops(form, LONG_STINT * tank.usual, laneS) : [],
    );
    if (timesS.length >= SEEN_MIN) tank.fillS = quantile(timesS, FILL_SHARE)!;
  }
  // What a short fill is depends on the size of a tank, and that on the stints: the second reading knows it.
  readTanks(field, classes, laneS);
  const cars = readTanks(field, classes, laneS);
  return {
    // A car asked about as if it had just stopped is full; that of a car that truly has is not known before it is out again.
    used: (form) => (form.ageLaps > 0 ? (cars.get(form.car.car)?.short ?? 0) : 0) + stints.of(form).ageGreen,
    full(form) {
      const { full } = classes.get(form.cls)!;
      const own = cars.get(form.car.car)?.ends.slice(-OWN_NEWEST) ?? [];
      return own.length > 0 ? (full + Math.max(...own)) / 2 : full;
    },
    ends: (cls) => classes.get(cls)?.ends ?? [],
  };
}

function laneSeconds({ cars }: Field): number {
  let laneS = LANE_S;
  for (const { car } of cars) for (const timeS of car.pitTimeS) if (timeS > LANE_MIN_S) laneS = Math.min(laneS, timeS);
  return laneS;
}

/** Time of the stop that ended lap `index`; files have it on the lap out, a live race on the lap in. */
function pitTimeS({ car, at }: CarForm, index: number): number {
  const outS = index < at ? car.pitTimeS[index + 1] : Number.NaN;
  if (outS > 0) return outS;
  return car.pitOut[index] ? Number.NaN : car.pitTimeS[index];
}

function longStops(form: CarForm, laps: number, laneS: number): number[] {
  const timesS: number[] = [];
  let age = 0;
  for (let index = 0; index <= form.at; index++) {
    age++;
    if (!form.car.pitIn[index]) continue;
    const timeS = pitTimeS(form, index);
    if (age >= laps && timeS > laneS + LANE_MIN_S) timesS.push(timeS);
    age = 0;
  }
  return timesS;
}

/** Follows every tank through the race, and sizes the classes' tanks by it. */
function readTanks(field: Field, classes: Map<string, ClassTank>, laneS: number): Map<string, CarTank> {
  const cars = new Map(
    field.cars.map((form) => [form.car.car, readTank(form, classes.get(form.cls)!, laneS)] as const),
  );
  for (const [cls, tank] of classes) {
    tank.ends = field.cars.flatMap((form) => (form.cls === cls ? cars.get(form.car.car)!.ends : []));
    tank.full = quantile([...tank.ends, ...new Array<number>(PRIOR_STINTS).fill(tank.usual)], FULL_SHARE)!;
  }
  return cars;
}

function readTank(form: CarForm, { full, fillS }: ClassTank, laneS: number): CarTank {
  const { car, at } = form;
  const ends: number[] = [];
  let used = 0;
  let short = 0;
  for (let index = 0; index <= at; index++) {
    used += greenWorth(car.flag[index]);
    if (!car.pitIn[index]) continue;
    const share = clamp((pitTimeS(form, index) - laneS) / (fillS - laneS), 0, 1);
    // A stop whose time is not known is one like most.
    const filled = share < FILL_WHOLE ? share * full : used;
    if (!(share <= FILL_MIN) && used > STINT_MIN_LAPS) ends.push(used);
    short = Math.max(0, used - filled);
    used = short;
  }
  return { ends, short };
}
