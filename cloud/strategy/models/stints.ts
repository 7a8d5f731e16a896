import { FLAG, isRacing } from '../history/history.js';
import { median, quantile } from '../stats.js';
import type { CarForm, Field } from './field.js';

/** Shorter ones are repairs, penalties, a change of mind: they say nothing of tyres and fuel. */
const STINT_MIN_LAPS = 4;
/** Fuel and tyres that a slow lap uses, of a green one [M: stint lengths with and without cautions]. */
const SLOW_LAP = 0.55;
const FULL_SHARE = 0.7;
const OWN_NEWEST = 3;

/** Stints of one car, in laps as driven, and in green laps' worth. */
export interface CarStints {
  over: number[];
  overGreen: number[];
  ageLaps: number;
  ageGreen: number;
}

export interface StintModel {
  of(form: CarForm): CarStints;
  /** Stints over in the class, repairs left out. */
  seen(cls: string): { laps: readonly number[]; green: readonly number[] };
  /** Median of the class; before there is one, the prior. */
  typicalLaps(cls: string): number;
  /** A full one in green laps' worth: of the car's newest, else of the class; `own`: which. */
  fullGreen(form: CarForm): { own: number | null; cls: number };
}

/**
 * How long stints are. Units: laps, and green laps' worth (a lap under caution counts a bit more than half). Source: stints
 * of this race; before the first one a usual one of the series. Limits: does not know why a stint ended.
 */
export function fitStints(field: Field, usualLaps: number): StintModel {
  const cars = new Map(field.cars.map((form) => [form, carStints(form)]));
  const classes = new Map<string, { laps: number[]; green: number[] }>();
  for (const [form, stints] of cars) {
    const of = classes.get(form.cls) ?? { laps: [], green: [] };
    classes.set(form.cls, of);
    of.laps.push(...stints.over.filter(full));
    of.green.push(...stints.overGreen.filter(full));
  }
  const nothing = { laps: [], green: [] };
  const typical = new Map([...classes].map(([cls, { laps }]) => [cls, median(laps) ?? usualLaps]));
  const fullOf = new Map(
    [...classes].map(([cls, { green }]) => [cls, green.length >= 3 ? quantile(green, FULL_SHARE)! : typical.get(cls)!]),
  );
  return {
    of: (form) => cars.get(form)!,
    seen: (cls) => classes.get(cls) ?? nothing,
    typicalLaps: (cls) => typical.get(cls) ?? usualLaps,
    fullGreen(form) {
      const own = cars.get(form)!.overGreen.filter(full).slice(-OWN_NEWEST);
      return { own: own.length > 0 ? Math.max(...own) : null, cls: fullOf.get(form.cls) ?? usualLaps };
    },
  };
}

function full(laps: number): boolean {
  return laps >= STINT_MIN_LAPS;
}

/** What a lap uses, of a green one. */
export function greenWorth(flag: number): number {
  return isRacing(flag) || flag === FLAG.localYellow ? 1 : SLOW_LAP;
}

function carStints({ car, at }: CarForm): CarStints {
  const stints: CarStints = { over: [], overGreen: [], ageLaps: 0, ageGreen: 0 };
  for (let index = 0; index <= at; index++) {
    stints.ageLaps++;
    stints.ageGreen += greenWorth(car.flag[index]);
    if (!car.pitIn[index]) continue;
    stints.over.push(stints.ageLaps);
    stints.overGreen.push(stints.ageGreen);
    stints.ageLaps = 0;
    stints.ageGreen = 0;
  }
  return stints;
}
