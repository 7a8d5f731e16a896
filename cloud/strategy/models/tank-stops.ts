import type { CarForm, Field } from './field.js';
import type { TankStopPrior } from './fitted/types.js';
import { chanceOf, type Features, weigh } from './linear.js';
import type { Progress } from './progress.js';
import type { StintModel } from './stints.js';
import { WITHIN_LAPS } from './stop-features.js';
import { lookAhead, SOME_STOP, type StopAhead } from './stop-outlook.js';
import type { StopModel } from './stops.js';
import { type TankFeature, type TankForm, tankFeatures, tankForm } from './tank-features.js';
import { fitTanks } from './tanks.js';

/** The stops to come of one car. */
export interface TankStops {
  hazard(later: number): number;
  within5(): number;
  ahead(typicalLaps: number): StopAhead;
}

export function tankStops(of: TankForm, weights: Features<TankFeature>): TankStops {
  const hazards: number[] = [];
  const hazard = (later: number): number => {
    if (later >= of.laps) return 0;
    hazards[later] ??= chanceOf(weigh(tankFeatures(of, later), weights));
    return hazards[later];
  };
  return {
    hazard,
    within5() {
      let stays = 1;
      for (let later = 0; later < WITHIN_LAPS; later++) stays *= 1 - hazard(later);
      return 1 - stays;
    },
    ahead: (typicalLaps) => lookAhead(hazard, of.laps, typicalLaps),
  };
}

/**
 * Stops where tanks end stints (races of hours): what is left in the tank lap by lap, where stints of the class ended, whether
 * it reaches the flag and how many stops that takes, flags, rounds of stops.
 *
 * Units: chances, laps. Source: logistic regression on the laps to come of past races (`fitted/`), each lap by itself. Limits:
 * those of `fitTanks`; who fills up under a caution that is to come is in the average only.
 */
export function fitTankStops(field: Field, along: Progress, stints: StintModel, prior: TankStopPrior): StopModel {
  const tanks = fitTanks(field, stints, { seconds: prior.tankS, laps: prior.stintLaps });
  const cars = new Map<CarForm, TankStops>();
  const of = (form: CarForm): TankStops => {
    const known = cars.get(form) ?? tankStops(tankForm(form, field, along, tanks), prior.weights);
    cars.set(form, known);
    return known;
  };
  const ahead = (form: CarForm) => of(form).ahead(stints.typicalLaps(form.cls));
  return {
    within5: (form) => of(form).within5(),
    hazard: (form, later) => of(form).hazard(later),
    toEnd: ahead,
    nextLap(form) {
      const { chance, middle } = ahead(form);
      return chance < SOME_STOP ? null : form.lap + middle;
    },
  };
}
