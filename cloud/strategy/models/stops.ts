import type { CarForm, Field } from './field.js';
import type { StopPrior } from './fitted/types.js';
import { fitHabitStops } from './habit-stops.js';
import type { Progress } from './progress.js';
import type { StintModel } from './stints.js';
import { fitTankStops } from './tank-stops.js';

export interface StopModel {
  /** Chance that one of the next five laps ends in the pits. */
  within5(form: CarForm): number;
  /** Chance that lap `later` + 1 from now ends in the pits, if none before did. What a Monte Carlo draws from. */
  hazard(form: CarForm, later: number): number;
  /** Chance of a stop before the flag, and how many stints more would fit behind it; both as far as hazards tell. */
  toEnd(form: CarForm): { chance: number; further: number };
  /** Lap that will end in the pits next: the middle of what may be; null = hardly one more. */
  nextLap(form: CarForm): number | null;
}

/** Stops as past races of the series tell them best: by habits, or by tanks. */
export function fitStops(field: Field, along: Progress, stints: StintModel, prior: StopPrior): StopModel {
  return prior.by === 'tanks' ? fitTankStops(field, along, stints, prior) : fitHabitStops(field, along, stints, prior);
}
