import type { Features } from '../linear.js';
import type { OrderFeature, PlaceSpreadFeature } from '../order-features.js';
import type { PaceFeature, SpreadFeature } from '../pace-features.js';
import type { PitLossPrior } from '../pit-loss.js';
import type { Length } from '../progress.js';
import type { RejoinFeature } from '../rejoin-features.js';
import type { RemainingFeature } from '../remaining-features.js';
import type { StopFeature, StopLapFeature } from '../stop-features.js';
import type { TankFeature } from '../tank-features.js';

/** What past races say of lap times (`pace.ts`). */
export interface PacePrior {
  weights: Features<PaceFeature>;
  /** Of the logarithm of a typical miss. */
  spread: Features<SpreadFeature>;
  /** 10 % and 90 % points of (outcome − mean) ÷ typical miss, 1 … 5 laps ahead. */
  bands: readonly { low: number; high: number }[];
}

/** What past races say of the final order (`order.ts`). */
export interface OrderPrior {
  /** At the start, at half distance, at the end. */
  weights: Record<OrderFeature, readonly number[]>;
  /** Of the logarithm of a typical miss in places, and by how much it is stretched so that bands hold four outcomes in five. */
  spread: Features<PlaceSpreadFeature>;
  spreadFactor: number;
  /** Retirements a car, over a whole race (a rate: the chance is 1 − e^−rate). */
  outsPerRace: number;
}

/** What past races say of stops, where habits tell them (`habit-stops.ts`). */
export interface HabitStopPrior {
  by: 'habits';
  /** Of the logit of a stop within five laps. */
  weights: Features<StopFeature>;
  /** A usual stint, before this race has shown one. */
  stintLaps: number;
  /** Of the laps until the next stop, given that there is one. */
  lapWeights: Features<StopLapFeature>;
}

/** The same, where tanks do (`tank-stops.ts`). */
export interface TankStopPrior {
  by: 'tanks';
  /** Of the logit of a stop on one lap. */
  weights: Features<TankFeature>;
  /** A usual stint, before this race has shown one: in laps, and a full tank in seconds under green. */
  stintLaps: number;
  tankS: number;
}

export type StopPrior = HabitStopPrior | TankStopPrior;

/** What past races say of the time to the flag (`remaining.ts`). */
export interface RemainingPrior {
  weights: Features<RemainingFeature>;
}

/** What past races say of a stop's time (`rejoin.ts`). */
export interface RejoinPrior {
  weights: Features<RejoinFeature>;
  /** A typical miss, seconds. */
  missS: number;
}

/** What past races say of cautions (`cautions.ts`). */
export interface CautionPrior {
  /** Slow phases that begin, per leader's lap. */
  perLap: number;
  /** The prior counts as so many laps. */
  weightLaps: number;
  lengthLaps: number;
}

/** Everything that was fitted on past races of a group of series. */
export interface Prior {
  /** Number of races, of what, when, and the cross-validated figure: where the numbers come from. */
  source: string;
  /** Where nobody says how long the race is. */
  length: Length;
  pace: PacePrior;
  pitLoss: PitLossPrior;
  cautions: CautionPrior;
  order: OrderPrior;
  stops: StopPrior;
  remaining: RemainingPrior;
  rejoin: RejoinPrior;
}
