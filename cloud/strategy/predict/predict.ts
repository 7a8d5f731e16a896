import { readField } from '../models/field.js';
import { priorOf } from '../models/fitted/priors.js';
import type { Prior } from '../models/fitted/types.js';
import { fitOrder } from '../models/order.js';
import { fitPace } from '../models/pace.js';
import { fitPitLoss } from '../models/pit-loss.js';
import { progress } from '../models/progress.js';
import { rejoin } from '../models/rejoin.js';
import { fitRemaining } from '../models/remaining.js';
import { fitStints } from '../models/stints.js';
import { fitStops } from '../models/stops.js';
import { forecastFinish } from './finish.js';
import { forecastLaps } from './next-laps.js';
import { forecastRemaining, forecastStops } from './per-car.js';
import type { Prediction, Predictor } from './types.js';

/**
 * What will happen, from the laps so far and what past races of the series taught (`models/fitted/`). Pure: the same
 * question gives the same answer; nothing is drawn, so `seed` changes nothing. Never throws, and no number in the answer is NaN:
 * of what is not known nothing is said.
 *
 * @example
 * predict({ history: fromRows({ series: 'f1', lapsTotal: 58 }, rows), want: ['nextLaps'], seed: 1 }).nextLaps?.['44'];
 * // [{ lap: 21, mean: 93.1, lo80: 92.6, hi80: 93.9 }, …]
 */
export const predict: Predictor = predictBy(priorOf);

/** The same by other priors: those of fits that have not seen the race. */
export function predictBy(priorFor: (series: string) => Prior): Predictor {
  return ({ history, want, whatIf }) => {
    const field = readField(history);
    const prior = priorFor(history.series);
    const along = progress(field, prior.length);
    const pace = fitPace(field, prior.pace);
    const losses = fitPitLoss(field, prior.pitLoss);
    const stints = fitStints(field, prior.stops.stintLaps);
    const stops = fitStops(field, along, stints, prior.stops);
    const prediction: Prediction = {};
    if (want.includes('nextLaps')) prediction.nextLaps = forecastLaps(field, pace);
    if (want.includes('finish')) {
      prediction.finish = forecastFinish(field, fitOrder(field, along, losses, prior.order));
    }
    if (want.includes('nextStop')) prediction.nextStop = forecastStops(field, stops);
    if (want.includes('remaining')) {
      prediction.remaining = forecastRemaining(
        field,
        fitRemaining(field, along, losses, stints, stops, prior.remaining),
      );
    }
    if (want.includes('rejoin') && whatIf !== undefined) {
      const form = field.cars.find(({ car }) => car.car === whatIf.car);
      const models = { pace, losses, stints, stops };
      const said = form === undefined ? null : rejoin(field, form, whatIf.pitOnLap, models, prior.rejoin);
      if (said !== null) prediction.rejoin = said;
    }
    return prediction;
  };
}
