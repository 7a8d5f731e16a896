import type { Field } from '../field.js';
import { TyrePaceFold } from './fold.js';
import { forecastFrom } from './forecast.js';
import type { TyrePacePrior } from './prior.js';
import type { PracticeTyres, TyrePace } from './types.js';

/**
 * Robust state-space pace: ln(lap time) = level of the field (random walk with a trend) + car + fall-off by tyre age
 * (pooled over the field, each car's own shrunk to it) + compound + fuel + restart + traffic + what passes + noise; a Kalman filter
 * takes one lap after the other.
 *
 * Units: seconds. Source: this race's laps at racing speed; before them what past races of the series say (`fitted/`), and
 * practice on this track where given. Limits: laps with a stop or under caution tell nothing of pace; fuel and wear
 * are told apart by the prior alone where both begin at a stop; a track that dries is followed, not foreseen.
 *
 * For a live race keep a `TyrePaceFold`: the same answers, a lap at a time.
 *
 * @example
 * const pace = fitTyrePace(readField(history), tyrePacePriorOf('nascar'));
 * pace.lap(form, { ahead: 12, ageLaps: 10 }); // { meanS: 29.41, onceSdS: 0.06, noiseSdS: 0.13, lo80: 29.23, hi80: 29.59 }
 */
export function fitTyrePace(field: Field, prior: TyrePacePrior, practice: PracticeTyres | null = null): TyrePace {
  return updateTyrePace(new TyrePaceFold(prior, practice), field);
}

/** The same from what the fold knows already; only laps that are new to it are read. */
export function updateTyrePace(fold: TyrePaceFold, field: Field): TyrePace {
  return forecastFrom(fold.update(field), field, fold.prior);
}
