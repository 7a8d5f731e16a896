import { clamp } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { HabitStopPrior } from './fitted/types.js';
import { chanceOf, weigh } from './linear.js';
import type { Progress } from './progress.js';
import type { StintModel } from './stints.js';
import { stopFeatures, stopField, stopLapFeatures, WITHIN_LAPS } from './stop-features.js';
import { lookAhead, SOME_STOP } from './stop-outlook.js';
import type { StopModel } from './stops.js';

/**
 * Stops, as everybody's habits show them: how old stints get in this race, what is left of a full one, flags, what rivals
 * did just now, how far it is to the end. Where tyres and cautions decide.
 *
 * Units: chances, laps. Source: logistic regression on past races (`fitted/`). Limits: the reason is not known; a stop for
 * damage or a penalty comes as a surprise; what a coming caution changes is in the average only. Five laps share their chance
 * evenly.
 */
export function fitHabitStops(field: Field, along: Progress, stints: StintModel, prior: HabitStopPrior): StopModel {
  const shared = stopField(field, along, stints);
  const chances = new Map<CarForm, Map<number, number>>();
  const within = (form: CarForm, later: number): number => {
    const of = chances.get(form) ?? new Map<number, number>();
    chances.set(form, of);
    const known = of.get(later);
    if (known !== undefined) return known;
    const chance = chanceOf(weigh(stopFeatures(form, shared, later), prior.weights));
    of.set(later, chance);
    return chance;
  };
  const hazard = (form: CarForm, later: number): number => {
    if (later >= along.lapsLeft(form)) return 0;
    const block = WITHIN_LAPS * Math.floor(later / WITHIN_LAPS);
    return 1 - (1 - within(form, block)) ** (1 / WITHIN_LAPS);
  };
  const ahead = (form: CarForm) =>
    lookAhead((later) => hazard(form, later), along.lapsLeft(form), stints.typicalLaps(form.cls));
  return {
    within5: (form) => within(form, 0),
    hazard,
    toEnd: ahead,
    nextLap(form) {
      if (ahead(form).chance < SOME_STOP) return null;
      const laps = along.lapsLeft(form);
      const until = weigh(stopLapFeatures(form, shared, within(form, 0)), prior.lapWeights);
      return form.lap + Math.round(clamp(until, 1, Math.max(1, laps - 1)));
    },
  };
}
