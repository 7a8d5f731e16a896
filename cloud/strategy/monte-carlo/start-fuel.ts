import type { Field } from '../models/field.js';
import type { StintModel } from '../models/stints.js';
import type { RacingPrior } from './racing-priors.js';
import { NO_LIMIT } from './types.js';

/** What is known of a car's fuel, in green laps. */
export interface FuelKnown {
  lapsLeft: number;
  /** One standard deviation of it. */
  sd: number;
  tankLaps: number;
}

/** A car that runs dry coasts, is pushed and loses about this many laps [judgement]. */
export const DRY_LAPS = 3;
/** Somebody may have run a tank a little further than anybody did so far. */
const LONGEST_MARGIN = 1.05;
/** What a stint says of a tank is off by so much of it, one sd [judgement]. */
const UNSURE = 0.04;
/** Whoever still runs has this much left, whatever a guess says. */
const LAPS_MIN = 2;

/** Fuel on board, its sd and a full tank: as told, else by the longest stints of the class. */
export function fuelColumns(
  field: Field,
  stints: StintModel,
  racing: RacingPrior,
  usualLaps: number,
  told: ReadonlyMap<string, FuelKnown> = new Map(),
): { fuelLaps: Float64Array; fuelLapsSd: Float64Array; tankLaps: Float64Array } {
  const cars = field.cars.length;
  const fuelLaps = new Float64Array(cars).fill(NO_LIMIT);
  const fuelLapsSd = new Float64Array(cars);
  const tankLaps = new Float64Array(cars).fill(NO_LIMIT);
  const tanks = new Map<string, number>();
  for (const [index, form] of field.cars.entries()) {
    const known = told.get(form.car.car);
    if (known !== undefined && isKnown(known)) {
      tankLaps[index] = Math.max(1, known.tankLaps);
      fuelLaps[index] = Math.min(tankLaps[index], Math.max(0, known.lapsLeft));
      fuelLapsSd[index] = Math.min(tankLaps[index], Math.max(0, known.sd));
      continue;
    }
    if (racing.tankStints === null) continue;
    let tank = tanks.get(form.cls);
    if (tank === undefined) {
      const longest = stints.seen(form.cls).green.reduce((most, laps) => Math.max(most, laps), 0);
      tank = Math.max(LONGEST_MARGIN * longest, racing.tankStints * usualLaps);
      tanks.set(form.cls, tank);
    }
    tankLaps[index] = tank;
    fuelLaps[index] = Math.max(LAPS_MIN, tank - stints.of(form).ageGreen);
    fuelLapsSd[index] = UNSURE * tank;
  }
  return { fuelLaps, fuelLapsSd, tankLaps };
}

function isKnown({ lapsLeft, sd, tankLaps }: FuelKnown): boolean {
  return Number.isFinite(lapsLeft) && Number.isFinite(sd) && Number.isFinite(tankLaps) && tankLaps > 0;
}
