import type { LapRow } from '#cloud/strategy/history/from-rows.js';
import type { Random } from '#wire/random.js';

/** What a made race is made of; seconds. */
export interface Truth {
  cars: number;
  laps: number;
  lapS: number;
  /** Car `i` is `i` times this slower. */
  stepS: number;
  /** Per lap on the tyres. */
  falloffS: number;
  /** Per lap of the race. */
  driftS: number;
  noiseS: number;
  /** Car `i` stops every `stintLaps + i % 4` laps. */
  stintLaps: number;
  stopS: number;
  /** First and last lap of it. */
  caution?: readonly [number, number];
  /** Of the odd stints; the even ones are on the other one, slower by so much. */
  compounds?: { odd: string; even: string; evenS: number };
}

export const TRUTH: Truth = {
  cars: 16,
  laps: 80,
  lapS: 30,
  stepS: 0.02,
  falloffS: 0.03,
  driftS: -0.002,
  noiseS: 0.05,
  stintLaps: 20,
  stopS: 36,
};

/** Standard normal. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A lap of the car on tyres of the age, without noise. */
export function trueLapS(
  { lapS, stepS, falloffS, driftS, compounds }: Truth,
  car: number,
  lap: number,
  age: number,
  stint = 1,
): number {
  const compoundS = compounds !== undefined && stint % 2 === 0 ? compounds.evenS : 0;
  return lapS + stepS * car + falloffS * age + driftS * lap + compoundS;
}

export function madeLaps(truth: Truth, random: Random): LapRow[] {
  const { cars, laps, noiseS, stintLaps, stopS, caution, compounds } = truth;
  const rows: LapRow[] = [];
  for (let car = 0; car < cars; car++) {
    let elapsed = car;
    let age = 0;
    let stint = 1;
    let out = false;
    for (let lap = 1; lap <= laps; lap++) {
      age++;
      const slow = caution !== undefined && lap >= caution[0] && lap <= caution[1];
      const stops = age >= stintLaps + (car % 4);
      const extraS = (slow ? 50 : 0) + (lap === 1 ? 4 : 0) + (stops ? 0.3 * stopS : 0) + (out ? 0.7 * stopS : 0);
      const lapTime = trueLapS(truth, car, lap, age, stint) + noiseS * normal(random) + extraS;
      elapsed += lapTime;
      rows.push({
        car: String(car),
        cls: 'A',
        lap,
        lap_time: lapTime,
        elapsed,
        pit_in: stops,
        pit_out: out,
        flag: slow ? 'Y' : 'G',
        compound: compounds === undefined ? null : stint % 2 === 0 ? compounds.even : compounds.odd,
        tyre_age: age,
      });
      out = stops;
      if (stops) {
        age = 0;
        stint++;
      }
    }
  }
  return rows;
}
