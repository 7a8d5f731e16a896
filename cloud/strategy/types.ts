/** What strategy answers, per car and for the race. Pure functions of (state, seed, runs, trigger) — decision 11. */

/** 80 % interval around the mean. */
export interface Band {
  low: number;
  mean: number;
  high: number;
}

export interface EntryAnswer {
  entry: string;
  /** Laps that the fuel in the tank lasts from now; null when nothing is known. */
  fuelLapsLeft: Band | null;
  fuelPerLapKg: Band | null;
  /** Time lost per lap of tyre age, ms per lap, fuel burn-off taken out; pooled over the field, shrunk per car. */
  falloffMsPerLap: number | null;
  /** Laps on the present tyres. */
  tyreAgeLaps: number;
  /** Expected clean green lap now, ms. */
  paceMs: Band | null;
  /** Completed laps on which a stop may happen: from the first lap that still reaches the end on the fewest stops, to fuel out. */
  pitWindow: { openLap: number; closeLap: number; bestLap: number; stopsToGo: number } | null;
  /** If it pits now. */
  rejoin: { position: number; gapAheadMs: number | null; aheadEntry: string | null } | null;
  /** What we would call; own entries with an open need for a stop only. */
  plan: StopPlan | null;
}

/** The stop that we would make, against the one that it is compared with, on common random numbers. */
export interface StopPlan {
  /** In-lap. */
  lap: number;
  /** In-lap of the alternative: the last possible lap, or under yellow the best lap under green. */
  versusLap: number;
  /** Remaining race time with the alternative less that with the plan, ms. */
  gainMs: Band;
  /** Share of runs in which the tank is dry before the alternative's lap. */
  dryShare: number;
  /** The plan uses a caution that is out now. */
  opportunity: boolean;
  service: { tyres: 0 | 4; fuelKg: number };
}

export interface StrategyAnswer {
  lap: number;
  atMs: number;
  pitLossMs: { green: number; yellow: number };
  entries: Record<string, EntryAnswer>;
  provenance: { stateHash: string; seed: number; runs: number; engineVersion: string; trigger: string };
}
