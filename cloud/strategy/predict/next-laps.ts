import type { Field } from '../models/field.js';
import type { PaceModel } from '../models/pace.js';
import type { LapForecast } from './types.js';

const LAPS = 5;

/** The next five lap times of every car that runs, as if it went on under green without a stop. */
export function forecastLaps(field: Field, pace: PaceModel): Record<string, LapForecast[]> {
  const forecasts: Record<string, LapForecast[]> = {};
  for (const form of field.cars) {
    if (!form.running) continue;
    const laps: LapForecast[] = [];
    for (let ahead = 1; ahead <= LAPS; ahead++) {
      const time = pace.lapTime(form, ahead);
      if (time !== null) laps.push({ lap: form.lap + ahead, mean: time.mean, lo80: time.lo80, hi80: time.hi80 });
    }
    if (laps.length > 0) forecasts[form.car.car] = laps;
  }
  return forecasts;
}
