import type { Features } from '../linear.js';
import type { PaceFeature, SpreadFeature } from '../pace-features.js';

/** What past races say of lap times (`pace.ts`). */
export interface PacePrior {
  weights: Features<PaceFeature>;
  /** Of the logarithm of a typical miss. */
  spread: Features<SpreadFeature>;
  /** 10 % and 90 % points of (outcome − mean) ÷ typical miss, 1 … 5 laps ahead. */
  bands: readonly { low: number; high: number }[];
}

/** Everything that was fitted on past races of a group of series. */
export interface Prior {
  /** Number of races, of what, when, and the cross-validated figure: where the numbers come from. */
  source: string;
  pace: PacePrior;
}
