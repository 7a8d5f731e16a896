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
  /** Time lost per lap of tyre age, ms per lap; pooled over the field, shrunk per car. */
  falloffMsPerLap: number | null;
  /** Expected clean green lap now, ms. */
  paceMs: Band | null;
  /** Completed laps on which a stop may happen: from the first lap that still reaches the end on the fewest stops, to fuel out. */
  pitWindow: { openLap: number; closeLap: number; bestLap: number; stopsToGo: number } | null;
  /** If it pits now. */
  rejoin: { position: number; gapAheadMs: number | null } | null;
}

export interface StrategyAnswer {
  lap: number;
  atMs: number;
  pitLossMs: { green: number; yellow: number };
  entries: Record<string, EntryAnswer>;
  provenance: { stateHash: string; seed: number; runs: number; engineVersion: string; trigger: string };
}
