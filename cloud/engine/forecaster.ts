import type { RaceState } from '#cloud/race/types.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';

/** How many races are drawn (decision 10): a budget, stored with what it gave. */
export interface ForecastRuns {
  /** Of the race as it is, for everybody's finish. */
  base: number;
  /** Of each option of an own car. */
  option: number;
}

export interface ForecastQuestion {
  /** Read before the call returns; it may change afterwards. */
  state: RaceState;
  /** What was it asked on: `lap 24/37`, `flag yellow`, …; kept with the forecast. */
  trigger: string;
  runs: ForecastRuns;
}

/** Simulates races beside the fold. One question at a time. */
export interface Forecaster {
  /**
   * Once `interrupt` fires, what the runs reached say; undefined when there is nothing to say yet. Rejects when it cannot be
   * computed; the next question may be asked all the same.
   */
  forecast(question: ForecastQuestion, interrupt: AbortSignal): Promise<Forecast | undefined>;
  close(): Promise<void>;
}
