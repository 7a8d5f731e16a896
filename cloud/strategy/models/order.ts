import type { Field } from './field.js';
import type { OrderPrior } from './fitted/types.js';
import { weigh } from './linear.js';
import { ORDER_FEATURES, type OrderForm, orderForms } from './order-features.js';
import type { PitLossModel } from './pit-loss.js';
import { placeChances, type Score } from './place.js';
import type { Progress } from './progress.js';
import { retirementChance } from './retirements.js';

/** What one car's race may come to. */
export interface Outcome {
  form: OrderForm['form'];
  score: Score;
  /** Chance of each place among the cars that run, 0 = first. */
  chances: Float64Array;
}

/** Points of the race at which weights stand; between them they go over linearly. */
export const KNOTS = [0, 0.5, 1] as const;

/**
 * Final order of the cars that run: the present place moved by other guesses at it (mean place, pace, projection, stops
 * levelled out), each counting as it did in past races at this point, and how far outcomes lay off.
 *
 * Units: places. Source: `fitted/` (least squares on final places, races counting alike). Limits: cars are independent;
 * strategies are seen only as stops made; no car wins back what it lost but by pace.
 */
export function fitOrder(field: Field, along: Progress, losses: PitLossModel, prior: OrderPrior): Outcome[] {
  const forms = orderForms(field, along, losses);
  const scores = forms.map((of) => scoreOf(of, along.share, prior));
  const chances = placeChances(scores);
  return forms.map(({ form }, index) => ({ form, score: scores[index], chances: chances[index] }));
}

function scoreOf({ place, features, spread }: OrderForm, share: number, prior: OrderPrior): Score {
  const hats = hatsAt(share);
  let mean = place;
  for (const name of ORDER_FEATURES) {
    for (const [knot, weight] of prior.weights[name].entries()) mean += hats[knot] * weight * features[name];
  }
  const sd = prior.spreadFactor * Math.exp(weigh(spread, prior.spread));
  const pOut = retirementChance(prior.outsPerRace, 1 - share, 1);
  return { mean, sd: Math.max(SD_MIN, sd), pOut };
}

/** Places; the last lap still holds a surprise. */
const SD_MIN = 0.05;

/** Weight of each knot at this point of the race. */
export function hatsAt(share: number): number[] {
  return KNOTS.map((knot) => Math.max(0, 1 - Math.abs(share - knot) / (KNOTS[1] - KNOTS[0])));
}
