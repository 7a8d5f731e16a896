import type { RaceView } from '#cloud/dashboard/view.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';

/** Everybody's finish as simulated races have it; of who still races. */
export function addForecast(view: RaceView, { lap, atMs, finish, provenance }: Forecast): void {
  view.forecast = { lap, dataMs: atMs, runs: provenance.baseRuns };
  for (const [key, { finish: place, win, top5, top10 }] of Object.entries(finish)) {
    const row = view.rows[key];
    if (row === undefined || row.status === 'finished' || row.status === 'retired') continue;
    // Tenths of a place and thousandths of a chance: finer steps would only change every row of every delta.
    row.odds = {
      place: round(place.mean, 10),
      low: round(place.low, 10),
      high: round(place.high, 10),
      win: round(win, 1_000),
      top5: round(top5, 1_000),
      top10: round(top10, 1_000),
    };
  }
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}
