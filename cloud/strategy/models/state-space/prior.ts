import type { Figure } from './types.js';

/** What past races of a series say of a compound against the average one, in ln(lap time). */
export interface CompoundPrior {
  offset: Figure;
  /** Per 20 laps. */
  slope: Figure;
}

/**
 * What past races say before the race (`fitted/`), in ln(lap time), so that it holds for tracks of any length and classes of
 * any speed: 0.01 is a hundredth of a lap.
 */
export interface TyrePacePrior {
  /** Races, date, and errors on races that the fit had not seen. */
  source: string;
  /** Whether stops refuel; set it by the rules where they say. */
  refuels: boolean;
  /** Sd of a lap around its mean; each car goes over to its own. */
  noiseSd: number;
  /** The level of the field, per lap of the race: sd of the change, and its trend. */
  driftWalkSd: number;
  driftPerLap: Figure;
  /** A car's offset: sd of its change per lap, and with a stop or a restart. */
  carWalkSd: number;
  stopSd: number;
  restartSd: number;
  /** What passes: stationary sd, share kept a lap. */
  passingSd: number;
  passingKept: number;
  /** Fall-off: per 20 laps; and what comes within the first laps. */
  linear: Figure;
  early: Figure;
  /** Sd of a car's own fall-off around the field's, per 20 laps. */
  carLinearSd: number;
  /** A lap's fuel. */
  fuelPerLap: Figure;
  /** First green lap after a restart, and what fades over the next ones. */
  restartFirst: Figure;
  restartFading: Figure;
  /** Held up throughout a lap. */
  traffic: Figure;
  compounds: Readonly<Record<string, CompoundPrior>>;
  /** By which sds are stretched, so that bands hold four outcomes in five on races the fit had not seen. */
  onceFactor: number;
  noiseFactor: number;
}
