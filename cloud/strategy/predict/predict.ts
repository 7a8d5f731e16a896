import { readField } from '../models/field.js';
import { priorOf } from '../models/fitted/priors.js';
import { fitPace } from '../models/pace.js';
import { forecastLaps } from './next-laps.js';
import type { Prediction, Predictor } from './types.js';

/**
 * What will happen, from the laps so far and what past races of the series taught (`models/fitted/`). Pure: the same
 * question gives the same answer. Never throws, and no number in the answer is NaN: of what is not known nothing is said.
 *
 * @example
 * predict({ history: fromRows({ series: 'f1', lapsTotal: 58 }, rows), want: ['nextLaps'], seed: 1 }).nextLaps?.['44'];
 * // [{ lap: 21, mean: 93.1, lo80: 92.6, hi80: 93.9 }, …]
 */
export const predict: Predictor = ({ history, want }) => {
  const field = readField(history);
  const prior = priorOf(history.series);
  const pace = fitPace(field, prior.pace);
  const prediction: Prediction = {};
  if (want.includes('nextLaps')) prediction.nextLaps = forecastLaps(field, pace);
  return prediction;
};
