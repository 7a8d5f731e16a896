import { clamp, median } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { PacePrior } from './fitted/types.js';
import { weigh } from './linear.js';
import { paceFeatures, paceField, spreadFeatures } from './pace-features.js';

/** Seconds; four outcomes in five lie in `lo80` … `hi80`. */
export interface LapTime {
  mean: number;
  lo80: number;
  hi80: number;
  /** A typical miss (median of |outcome − mean|), by which a draw is scaled. */
  spreadS: number;
}

export interface PaceModel {
  /**
   * Lap time of a car `ahead` laps on, if it goes on at racing speed and does not stop before; null when nothing is known
   * of it or its class.
   */
  lapTime(form: CarForm, ahead: number): LapTime | null;
}

/** No forecast leaves the car's newest laps by more than this share: a track dries or gets wet, but not from lap to lap. */
const LEAVES = 0.1;
const NEWEST_LAPS = 8;
/** Before a car has three usable laps: this multiple of the class's spread, as nothing is known of the car itself. */
const UNKNOWN_SPREAD = 0.01;
/** Beyond this horizon the spread does not grow in the data: a stint rarely goes on under green for longer. */
const AHEAD_MAX = 5;

/**
 * The next lap times: newest usable lap + weights · features (`pace-features.ts`), so that the field's drift, tyres as the
 * whole field shows them, neighbours and restarts move what the car itself last did.
 *
 * Units: seconds. Source: weights by least absolute deviations over past races, each race counting alike
 * (`fitted/`, where the cross-validated error stands); bands by quantiles of what was missed there, scaled by how noisy this race
 * and this car are. Limits: says nothing of laps with a stop or under caution; compounds are not told apart; for a
 * series without a fit, weights of all of them together and wider bands.
 */
export function fitPace(field: Field, prior: PacePrior): PaceModel {
  const shared = paceField(field);
  const features = new Map(field.cars.map((form) => [form, paceFeatures(form, shared)]));
  return {
    lapTime(form, laps) {
      const ahead = Math.min(laps, AHEAD_MAX);
      const of = features.get(form);
      if (of === undefined || of === null) return unknownCar(form, prior, ahead);
      const newestS = form.timesS.slice(-NEWEST_LAPS);
      const mean = clamp(
        form.timesS.at(-1)! + weigh(of(laps), prior.weights),
        (1 - LEAVES) * Math.min(...newestS),
        (1 + LEAVES) * Math.max(...newestS),
      );
      const spreadS = Math.exp(weigh(spreadFeatures(form, shared)(ahead), prior.spread));
      return banded(mean, spreadS, prior, ahead);
    },
  };
}

function unknownCar(form: CarForm, prior: PacePrior, ahead: number): LapTime | null {
  const mean = median(form.timesS) ?? form.classMedianS;
  if (!(mean > 0)) return null;
  return banded(mean, UNKNOWN_SPREAD * mean, prior, ahead);
}

function banded(mean: number, spreadS: number, { bands }: PacePrior, ahead: number): LapTime {
  const { low, high } = bands[ahead - 1];
  return { mean, lo80: mean + low * spreadS, hi80: mean + high * spreadS, spreadS };
}
