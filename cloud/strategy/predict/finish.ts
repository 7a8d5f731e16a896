import type { Field } from '../models/field.js';
import type { Outcome } from '../models/order.js';
import { presentOrder } from '../models/order-features.js';
import { placeBand } from '../models/place.js';
import { clamp } from '../stats.js';
import type { FinishForecast } from './types.js';

const MASS = 0.8;

/** Final place of every car: those that run by their chances, those that are out behind them by laps done. */
export function forecastFinish(field: Field, outcomes: readonly Outcome[]): Record<string, FinishForecast> {
  const forecasts: Record<string, FinishForecast> = {};
  const wins = outcomes.reduce((sum, { chances }) => sum + chances[0], 0);
  for (const { form, chances } of outcomes) {
    let mean = 0;
    for (const [index, chance] of chances.entries()) mean += (index + 1) * chance;
    const { low, high } = placeBand(chances, MASS);
    // Sums of chances are off one by some 1e-16.
    mean = clamp(mean, 1, chances.length);
    forecasts[form.car.car] = { mean, lo80: low, hi80: high, pWin: chances[0] / wins };
  }
  // `presentOrder` is by official place, which a car that is out keeps on the sheet for a while: laps done decide.
  const out = presentOrder(field.cars.filter(({ running }) => !running)).sort((a, b) => b.lap - a.lap);
  for (const [index, { car }] of out.entries()) {
    const place = outcomes.length + index + 1;
    forecasts[car.car] = { mean: place, lo80: place, hi80: place, pWin: 0 };
  }
  return forecasts;
}
