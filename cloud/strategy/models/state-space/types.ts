import type { CarForm } from '../field.js';

/** A figure with one standard deviation. */
export interface Figure {
  mean: number;
  sd: number;
}

/** What practice on this track said before the race; a part is null where it did not. */
export interface PracticeTyres {
  /** Change of ln(lap time) per lap of a stint, burnt fuel included. */
  falloffPerLap: Figure | null;
  /** kg a clean lap. */
  fuelPerLapKg: Figure | null;
}

/** A lap that is asked for. What is left out goes on as it is: no stop, green, traffic as the car has had it. */
export interface LapAhead {
  /** Laps after the car's newest one: 1 = its next. */
  ahead: number;
  /** Laps on its tyres at the end of that lap, that lap included (1 = first lap on new tyres). */
  ageLaps?: number;
  /** Name as `RaceHistory.compounds` has it. One that nobody has used yet is taken as an average one. */
  compound?: string;
  /** Laps since it was last refuelled, that lap included; default: since the last stop, which is `ageLaps` where that is given. */
  fuelLaps?: number;
  /** Laps under green at its end, that lap included (1 = the restart lap); default: green from now on. */
  greenLaps?: number;
  /** Share of the lap that it is held up, 0 … 1; default: as much as lately. */
  traffic?: number;
}

/** A lap time at racing speed, seconds. */
export interface LapForecast {
  meanS: number;
  /** Sd of what is unknown but stays: drawn once a race and car (offset, fall-off, drift). */
  onceSdS: number;
  /** Sd of what is new on every lap. */
  noiseSdS: number;
  /** Four outcomes in five lie between. */
  lo80: number;
  hi80: number;
}

/** One car, seconds. */
export interface CarPace {
  /** A lap on new tyres, as much fuel burnt off and the track as they are now, nobody in the way. */
  freshS: number;
  /** Sd of `freshS` for the rest of the race, drawn once (per car). */
  offsetSdS: number;
  /** Sd of a lap around its mean, drawn each lap. */
  noiseSdS: number;
  /** What its newest laps were slower (+) than all this says; fades by `passingKept` a lap. */
  passingS: number;
  /** Share of laps lately that it was held up, 0 … 1. */
  traffic: number;
}

/**
 * Lap times of any car on any lap to come, with any tyres: fresh + fall-off(age, compound) + drift × laps + what passes.
 * Of a car of whom nothing is known nothing is said (null); no figure is ever NaN.
 */
export interface TyrePace {
  lap(form: CarForm, at: LapAhead): LapForecast | null;
  of(form: CarForm): CarPace | null;
  /**
   * Slower than on new tyres, seconds; fuel burnt since the stop included where stops refuel (it makes the car faster).
   * `compound` against the car's present one. Null before the car has a pace.
   */
  falloffS(form: CarForm, ageLaps: number, compound?: string): number | null;
  /** Sd of `falloffS`: draw one standard normal figure a race and car, and add it times this. */
  falloffSdS(form: CarForm, ageLaps: number, compound?: string): number | null;
  /** What all laps change by per lap of the race, seconds at the pace of `form`: track, and fuel where stops do not refuel. */
  driftSPerLap(form: CarForm): number;
  /** A lap's fuel on board costs so much, seconds a lap. */
  fuelSPerLap(form: CarForm): number;
  /** Lost on a lap that is held up throughout, seconds. */
  trafficS(form: CarForm): number;
  /** Lost (+) on the n-th green lap after a restart, seconds; 1 = the first that is run under green as a whole. */
  restartS(form: CarForm, greenLaps: number): number;
  /** Share of `passingS` that is left a lap later. */
  passingKept: number;
  /** Whether stops refuel: then `falloffS` holds the fuel, else `driftSPerLap` does. */
  refuels: boolean;
}
