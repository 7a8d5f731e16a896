/**
 * What simulated races say: groups 3, 4, 5 and 9 of a strategist's screen, and everybody's finish. Plain data, small enough for
 * a record of `pitwall-race`.
 */
import type { Band, Known, Provenance, Service } from './types.js';

/** Chances at the flag. */
export interface FinishOdds {
  /** Places. */
  finish: Band;
  win: number;
  top5: number;
  top10: number;
}

/** When a caution falls, in an option: as chance has it, or for certain in so many laps. */
export type CautionCase = 'drawn' | 0 | 5 | 10;

/** Group 4: a stop at the end of the lap under way, in one case. */
export interface PitNowCase extends FinishOdds {
  service: Service;
  caution: CautionCase;
  /** Null where no run saw the stop to its end. */
  rejoin: {
    position: Band;
    /** To the car ahead at the end of the out-lap; null in the lead. */
    gapAheadMs: number | null;
    ahead: string | null;
    behind: string | null;
    /** Chance that it comes out a lap down or more. */
    lapDown: number;
  } | null;
}

/** Group 5. */
export interface StayOrPit {
  stay: FinishOdds & {
    /** Chance to be caught a lap down by a caution before the own stop, while others have made theirs. */
    trapped: number;
  };
  pit: FinishOdds & { service: Service; trapped: number };
  /** Of stopping now: places at the flag, and remaining race time; > 0 = better than to stay out. */
  gainPlaces: Band;
  gainMs: Band;
}

/** Group 3: the next stop at the end of `lap`, against the stop now. */
export interface WindowPoint {
  lap: number;
  gainPlaces: Band;
  gainMs: Band;
}

/** The stop that simulated races speak for, against the alternative, on common random numbers. */
export interface ForecastPlan {
  /** In-lap. */
  lap: number;
  /** In-lap of the alternative; null = to stay out, and stop as usual later. */
  versusLap: number | null;
  service: Service;
  gainPlaces: Band;
  gainMs: Band;
  /** Chances of the plan and of the alternative. */
  win: { plan: number; versus: number };
  top10: { plan: number; versus: number };
  /** It uses a caution that is out now. */
  opportunity: boolean;
}

/** One own car. */
export interface OwnForecast {
  entry: string;
  known: Known;
  pitNow: PitNowCase[];
  stayOrPit: StayOrPit | null;
  window: WindowPoint[];
  /** Null where no stop is needed or gains. */
  plan: ForecastPlan | null;
  /** Group 9: place at the restart if a caution falls now, by choice; null where it was not drawn. */
  restart: { stay: Band; pit: Band } | null;
}

export interface ForecastProvenance extends Provenance {
  /** Runs reached for everybody, and for each option of own cars; fewer than asked when a flag interrupted. */
  baseRuns: number;
  optionRuns: number;
}

export interface Forecast {
  v: 1;
  lap: number;
  atMs: number;
  known: Known;
  /** Everybody who still races, by entry; from the base runs. */
  finish: Record<string, FinishOdds>;
  own: Record<string, OwnForecast>;
  provenance: ForecastProvenance;
}
