import type { Observation } from './types.js';

/** More laps than any race has; counters that fail show 32768. */
export const MAX_LAP = 5_000;
/** A red flag may hold a car for hours, no lap lasts a day. */
const LAP_TIME_MAX_MS = 86_400_000;

/** What timing told about one lap; of two about the same lap the later one counts. */
export interface OfficialLap {
  lap: number;
  /** Null where only the crossing is known. */
  lapTimeMs: number | null;
  /** End of the lap on the receiver's clock. */
  endMs: number;
}

/** A moment at which the car completed a lap, as official timing has it. */
export interface Boundary {
  atMs: number;
  /** From elapsed time, to the millisecond; otherwise from a receive time, which is some seconds off. */
  exact: boolean;
}

/** Official laps of a car, and all crossings that follow from them. */
export interface OfficialRecord {
  laps: Map<number, OfficialLap>;
  /** By laps completed; 0 is the green flag. A lap's time gives the crossing at its start too. */
  boundaries: Map<number, Boundary>;
  /** Shortest official lap, null without any. */
  bestMs: number | null;
}

export function isLapNumber(lap: number | undefined): lap is number {
  return lap !== undefined && Number.isInteger(lap) && lap >= 1 && lap <= MAX_LAP;
}

/** Whether it can be the duration of anything. */
export function isDuration(ms: number | undefined): ms is number {
  return ms !== undefined && ms > 0 && ms <= LAP_TIME_MAX_MS;
}

/** @param sorted observations of one car in their total order; those of timing are read */
export function readOfficial(sorted: readonly Observation[]): OfficialRecord {
  const newest = new Map<number, Observation>();
  for (const observation of sorted) {
    const { source, lap, lapTimeMs, elapsedMs } = observation;
    if (source !== 'timing' || !isLapNumber(lap) || !(isDuration(lapTimeMs) || isDuration(elapsedMs))) continue;
    newest.set(lap, observation);
  }
  const greenMs = greenFlag(newest);
  const laps = new Map<number, OfficialLap>();
  const boundaries = new Map<number, Boundary>();
  let bestMs: number | null = null;
  for (const [lap, { lapTimeMs, elapsedMs, receivedAt }] of newest) {
    const exact = greenMs !== null && isDuration(elapsedMs);
    const endMs = exact ? greenMs + elapsedMs : receivedAt;
    const time = isDuration(lapTimeMs) ? lapTimeMs : null;
    laps.set(lap, { lap, lapTimeMs: time, endMs });
    boundaries.set(lap, { atMs: endMs, exact });
    if (time !== null && (bestMs === null || time < bestMs)) bestMs = time;
  }
  if (greenMs !== null) boundaries.set(0, { atMs: greenMs, exact: true });
  for (const { lap, lapTimeMs, endMs } of laps.values()) {
    const { exact } = boundaries.get(lap)!;
    const before = boundaries.get(lap - 1);
    if (lapTimeMs !== null && (before === undefined || (exact && !before.exact))) {
      boundaries.set(lap - 1, { atMs: endMs - lapTimeMs, exact });
    }
  }
  return { laps, boundaries, bestMs };
}

/**
 * The green flag on the receiver's clock: the middle one of what each lap says, so that neither a late report nor a
 * correction moves it. What is left of the feed's delay is the same for all laps, and found with the car's clock.
 */
function greenFlag(newest: ReadonlyMap<number, Observation>): number | null {
  const starts: number[] = [];
  for (const { elapsedMs, receivedAt } of newest.values())
    if (isDuration(elapsedMs)) starts.push(receivedAt - elapsedMs);
  return starts.length === 0 ? null : median(starts);
}

/** The middle one (of an even number, the lower of the two), so that it is one of those given. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1];
}
