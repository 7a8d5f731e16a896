import type { CarForm } from '../models/field.js';
import type { TyrePace } from '../models/state-space/types.js';

/** What laps cost beyond new tyres, summed by age, so that a cost curve is cheap. Milliseconds. */
export interface Wear {
  /** Sum over the laps of age 1 … i. Where stops refuel, burnt fuel since the stop is in it. */
  sumMs: Float64Array;
  /** The same of one standard deviation: wear is drawn once a race, so that it adds up. */
  sumSdMs: Float64Array;
  /** A lap's fuel on board costs so much a lap. */
  fuelLapMs: number;
}

/** Ages beyond are as bad as the last. */
const AGES_MAX = 120;
/** The curve is smooth: it is read at each of the first ages, then at every sixth, with straight lines between. */
const STEP_LAPS = 6;

/**
 * The car's wear as the state-space pace has it; null before the car has a pace.
 *
 * @param withSd false: its spread is not asked for, and 0
 */
export function readWear(tyres: TyrePace, form: CarForm, withSd: boolean): Wear | null {
  if (tyres.falloffS(form, 1) === null) return null;
  return {
    sumMs: sums((age) => tyres.falloffS(form, age)),
    sumSdMs: withSd ? sums((age) => tyres.falloffSdS(form, age)) : new Float64Array(AGES_MAX + 1),
    fuelLapMs: tyres.refuels ? 1_000 * tyres.fuelSPerLap(form) : 0,
  };
}

function sums(lostS: (age: number) => number | null): Float64Array {
  const sumMs = new Float64Array(AGES_MAX + 1);
  let fromMs = 0;
  for (let from = 0; from < AGES_MAX; ) {
    const to = from < STEP_LAPS ? from + 1 : Math.min(AGES_MAX, from + STEP_LAPS);
    const toMs = 1_000 * (lostS(to) ?? 0);
    for (let age = from + 1; age <= to; age++) {
      sumMs[age] = sumMs[age - 1] + fromMs + ((toMs - fromMs) * (age - from)) / (to - from);
    }
    fromMs = toMs;
    from = to;
  }
  return sumMs;
}

/**
 * The next `laps` laps (not whole ones are interpolated) on tyres that have done `ageLaps`.
 *
 * @example
 * wearMs(wear.sumMs, 0, 3); // laps of age 1, 2 and 3
 */
export function wearMs(sums: Float64Array, ageLaps: number, laps: number): number {
  return at(sums, ageLaps + laps) - at(sums, ageLaps);
}

function at(sums: Float64Array, age: number): number {
  const last = sums.length - 1;
  if (age >= last) return sums[last] + (age - last) * (sums[last] - sums[last - 1]);
  const below = Math.max(0, Math.floor(age));
  return sums[below] + (age - below) * (sums[below + 1] - sums[below]);
}
