import { median } from '../stats.js';
import type { CarForm, Field } from './field.js';
import { average, type Features } from './linear.js';
import type { PitLossModel } from './pit-loss.js';
import { meanLapS, type Progress } from './progress.js';

/**
 * Orders of the cars that run, each a guess at the final one: places from 1, less the present place. What counts for how
 * much changes along the race: `fitted/` has weights at its start, half and end.
 */
export const ORDER_FEATURES = [
  'meanPlace',
  'recentPlace',
  'firstPlace',
  'pace',
  'projected',
  'levelled',
  'average',
] as const;
export type OrderFeature = (typeof ORDER_FEATURES)[number];

/** What the spread of the final place is told from. */
export const PLACE_SPREAD_FEATURES = ['one', 'left', 'leftRoot', 'back', 'backSquared', 'cars'] as const;
export type PlaceSpreadFeature = (typeof PLACE_SPREAD_FEATURES)[number];

const RECENT_SHARE = 0.25;
const PACE_LAPS = 15;

export interface OrderForm {
  form: CarForm;
  /** Among the cars that run. */
  place: number;
  features: Features<OrderFeature>;
  spread: Features<PlaceSpreadFeature>;
}

/** Cars that run, in their present order. */
export function orderForms(field: Field, along: Progress, losses: PitLossModel): OrderForm[] {
  const forms = presentOrder(field.cars.filter(({ running }) => running));
  const cars = forms.length;
  const guess = (of: (form: CarForm) => number) => guessedPlaces(forms.map(of));
  const paceS = forms.map((form) => median(form.timesS.slice(-PACE_LAPS)) ?? meanLapS(form));
  const projectedS = forms.map((form, index) => form.car.elapsedS[form.at] + along.lapsLeft(form) * paceS[index]);
  const guesses: Record<OrderFeature, number[]> = {
    meanPlace: guess(({ car }) => meanPlace(car.pos, 0)),
    recentPlace: guess(({ car, at }) => meanPlace(car.pos, Math.floor((1 - RECENT_SHARE) * at))),
    firstPlace: guess(({ car }) => car.pos[0] || Number.NaN),
    pace: guessedPlaces(paceS),
    projected: guessedPlaces(projectedS),
    levelled: guessedPlaces(
      projectedS.map((value, index) => value - forms[index].stopLaps.length * losses.lossS(forms[index].cls, true)),
    ),
    average: guess((form) => form.car.elapsedS[form.at] + along.lapsLeft(form) * meanLapS(form)),
  };
  return forms.map((form, index) => {
    const place = index + 1;
    const back = place / cars;
    const left = 1 - along.share;
    return {
      form,
      place,
      features: Object.fromEntries(
        ORDER_FEATURES.map((name) => [name, guesses[name][index] - place]),
      ) as Features<OrderFeature>,
      spread: { one: 1, left, leftRoot: Math.sqrt(left), back, backSquared: back * back, cars: Math.log(cars) },
    };
  });
}

/** By official place where there is one, else by laps and time. */
export function presentOrder(forms: readonly CarForm[]): CarForm[] {
  const key = ({ car, at }: CarForm) => car.pos[at] || Number.POSITIVE_INFINITY;
  const elapsed = ({ car, at }: CarForm) => (car.elapsedS[at] > 0 ? car.elapsedS[at] : Number.POSITIVE_INFINITY);
  return [...forms].sort((a, b) => compare(key(a), key(b)) || b.lap - a.lap || compare(elapsed(a), elapsed(b)));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function meanPlace(pos: Int32Array, from: number): number {
  return average(Array.from(pos.subarray(from)).filter((place) => place > 0));
}

/** Places by value, the smallest first; what is not known stays where it is. */
function guessedPlaces(values: readonly number[]): number[] {
  const places = values.map((_, index) => index + 1);
  const known = places.filter((place) => Number.isFinite(values[place - 1]));
  const sorted = [...known].sort((a, b) => values[a - 1] - values[b - 1] || a - b);
  for (const [rank, place] of sorted.entries()) places[place - 1] = known[rank];
  return places;
}
