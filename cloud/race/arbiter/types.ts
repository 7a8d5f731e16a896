/** What was said about a lap, and what the arbiter makes of it. Durations in ms; receive and car times in epoch ms. */

/** Who says it: the car's own lap counter, or official timing. */
export type Source = 'car' | 'timing';

/** One lap as one source tells it. Absent = not told. Nothing in it is trusted. */
export interface Observation {
  source: Source;
  /** When it was received; says little about when it happened: seconds to minutes later, in bursts. */
  receivedAt: number;
  car: string;
  /** Tells two cars of one number apart. */
  vehicleId?: string;
  /** Completed laps. The car's count is often one too high, and 32768 when it has failed. */
  lap?: number;
  lapTimeMs?: number;
  /** Since the green flag, at the end of the lap (timing). */
  elapsedMs?: number;
  /** The car's own clock at the crossing: may be wrong by days, but runs evenly within an outing. */
  carTime?: number;
}

/** What a lap time rests on, best first. */
export type Basis =
  /** Timing gave it. */
  | 'official'
  /** Two official crossings, one at each end of the lap. */
  | 'official-crossings'
  /** The car's lap time, and its crossings fit official ones. */
  | 'car-anchored'
  /** The car's lap time, numbered from its neighbours, or its own count as corrected by timing. */
  | 'car-chained'
  /** Difference of two crossings, at least one of them the car's. */
  | 'crossings'
  /** The car's lap time and count, with no official lap to go by. */
  | 'car-alone';

/** The one value of a lap. */
export interface ResolvedLap {
  lap: number;
  lapTimeMs: number;
  basis: Basis;
  source: Source;
  /** 0…1: how sure it is that number and time are right. */
  confidence: number;
  /** Official minus car lap time where both are known; null otherwise. */
  disagreementMs: number | null;
  /** End of the lap on the receiver's clock. */
  atMs: number;
}

/** How the clock of one car's crossings stands to official time, as matched laps tell. */
export interface ClockFit {
  vehicleId: string;
  /** Official = car + offset + drift × time since `atMs`. */
  offsetMs: number;
  driftPpm: number;
  atMs: number;
  /** Laps that both sources told, by which it was found; 0: none, and receive times are compared as they are. */
  matches: number;
}

export interface Resolution {
  /** Ascending by lap. */
  laps: ResolvedLap[];
  clocks: ClockFit[];
}
