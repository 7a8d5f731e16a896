import { clamp } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { StopPrior } from './fitted/types.js';
import { chanceOf, weigh } from './linear.js';
import type { Progress } from './progress.js';
import type { StintModel } from './stints.js';
import { stopFeatures, stopField, stopLapFeatures, WITHIN_LAPS } from './stop-features.js';

export interface StopModel {
  /** Chance that one of the next five laps ends in the pits. */
  within5(form: CarForm): number;
  /**
   * Chance that lap `later` + 1 from now ends in the pits, if none before did: five laps share their chance evenly. What a
   * Monte Carlo draws from.
   */
  hazard(form: CarForm, later: number): number;
  /** Chance of a stop before the flag, and how many stints more would fit behind it; both as far as hazards tell. */
  toEnd(form: CarForm): { chance: number; further: number };
  /** Lap that will end in the pits next: the middle of what may be; null = hardly one more. */
  nextLap(form: CarForm): number | null;
}

/**
 * Stops, as everybody's habits show them: how old stints get in this race, what is left of a full one, flags, what rivals
 * did just now, how far it is to the end.
 *
 * Units: chances, laps. Source: logistic regression on past races (`fitted/`). Limits: the reason is not known; a stop for
 * damage or a penalty comes as a surprise; what a coming caution changes is in the average only.
 */
export function fitStops(field: Field, along: Progress, stints: StintModel, prior: StopPrior): StopModel {
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
  const toEnd = (form: CarForm) => {
    const laps = along.lapsLeft(form);
    let stays = 1;
    let further = 0;
    for (let later = 0; later < Math.min(laps, LOOK_LAPS_MAX) - 1; later++) {
      const stops = stays * hazard(form, later);
      further += stops * Math.max(0, (laps - later) / stints.typicalLaps(form.cls) - 1);
      stays -= stops;
    }
    return { chance: 1 - stays, further };
  };
  return {
    within5: (form) => within(form, 0),
    hazard,
    toEnd,
    nextLap(form) {
      if (toEnd(form).chance < SOME_STOP) return null;
      const laps = along.lapsLeft(form);
      const until = weigh(stopLapFeatures(form, shared, within(form, 0)), prior.lapWeights);
      return form.lap + Math.round(clamp(until, 1, Math.max(1, laps - 1)));
    },
  };
}

/** Below this chance of any stop to the end, none is announced. */
const SOME_STOP = 0.2;
/** Nobody stays out for longer. */
const LOOK_LAPS_MAX = 250;
