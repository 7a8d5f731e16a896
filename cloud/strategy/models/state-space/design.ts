import type { CompoundPrior, TyrePacePrior } from './prior.js';
import type { Figure } from './types.js';

/**
 * The field's state, by place: what all cars share. ln(lap time) of a lap is the sum of each times its regressor, plus the
 * car's own part (`OWN`), plus noise.
 */
export const FIELD = {
  /** Level of the race against its beginning, and its trend per lap. */
  drift: 0,
  trend: 1,
  /** Fall-off: per `AGE_UNIT_LAPS`, and what comes within the first laps. */
  linear: 2,
  early: 3,
  fuel: 4,
  restartFirst: 5,
  restartFading: 6,
  traffic: 7,
  /** Then two for each named compound: offset and slope. */
  compounds: 8,
} as const;

/** A car's state: its offset, its own fall-off around the field's, and what passes. */
export const OWN = { offset: 0, linear: 1, passing: 2 } as const;
export const OWN_SIZE = 3;

export const AGE_UNIT_LAPS = 20;
/** Laps in which the early part of the fall-off is nearly through (63 %). */
const EARLY_LAPS = 5;
/** Beyond, nothing was ever seen; the curve is held. */
const AGE_MAX_LAPS = 120;
/** Laps in which the wake of a restart fades to a third. */
const RESTART_FADES_LAPS = 3;
/** Of a compound that past races do not name. */
const UNKNOWN_COMPOUND: CompoundPrior = { offset: { mean: 0, sd: 0.02 }, slope: { mean: 0, sd: 0.004 } };

/** What is known of a lap before it is timed. */
export interface LapConditions {
  /** Laps on the tyres at its end, that lap included; may be a fraction where caution laps count less. */
  ageLaps: number;
  /** Index into `RaceHistory.compounds`, 0 = unknown. */
  compound: number;
  /** Laps since the last refuelling, that lap included. */
  fuelLaps: number;
  /** Laps under green at its end, that lap included. */
  greenLaps: number;
  /** Share of it that the car is held up. */
  traffic: number;
}

export function fieldSize(compounds: readonly string[]): number {
  return FIELD.compounds + 2 * (compounds.length - 1);
}

/** Writes the regressors of a lap into `into`. */
export function fieldRegressors(into: Float64Array, lap: LapConditions, refuels: boolean): Float64Array {
  const age = Math.min(lap.ageLaps, AGE_MAX_LAPS);
  into.fill(0);
  into[FIELD.drift] = 1;
  into[FIELD.linear] = ageUnits(age);
  into[FIELD.early] = 1 - Math.exp(-age / EARLY_LAPS);
  into[FIELD.fuel] = refuels ? -lap.fuelLaps : 0;
  into[FIELD.restartFirst] = lap.greenLaps === 1 || lap.greenLaps === 2 ? 1 : 0;
  into[FIELD.restartFading] = lap.greenLaps >= 3 ? Math.exp((3 - lap.greenLaps) / RESTART_FADES_LAPS) : 0;
  into[FIELD.traffic] = lap.traffic;
  if (lap.compound > 0) {
    into[compoundAt(lap.compound)] = 1;
    into[compoundAt(lap.compound) + 1] = ageUnits(age);
  }
  return into;
}

export function ageUnits(ageLaps: number): number {
  return Math.min(ageLaps, AGE_MAX_LAPS) / AGE_UNIT_LAPS;
}

function compoundAt(compound: number): number {
  return FIELD.compounds + 2 * (compound - 1);
}

/** Figures of the field's state before the race, by place. The drift counts from the race's beginning: 0, known. */
export function priorFigures(prior: TyrePacePrior, compounds: readonly string[]): Figure[] {
  const { linear, early, fuelPerLap, restartFirst, restartFading, traffic, driftPerLap } = prior;
  const figures = [{ mean: 0, sd: 0 }, driftPerLap, linear, early, fuelPerLap, restartFirst, restartFading, traffic];
  for (const name of compounds.slice(1)) {
    const known = Object.hasOwn(prior.compounds, name) ? prior.compounds[name] : UNKNOWN_COMPOUND;
    figures.push(known.offset, known.slope);
  }
  return figures;
}
