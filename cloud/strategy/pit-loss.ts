import { findLap, isCleanLap, isRacing, lapIndex } from '#cloud/race/laps.js';
import type { EntryState, RaceState, Stop } from '#cloud/race/types.js';
import { median, robustSd } from './stats.js';

/** Time that a stop costs against staying out (in-lap and out-lap together), ms. */
export interface PitLoss {
  green: number;
  yellow: number;
  /** Spread of a single stop, one standard deviation. */
  sdGreen: number;
  sdYellow: number;
  stopsSeen: { green: number; yellow: number };
}

/** The session's figure counts as so many observed stops. */
const PRIOR_STOPS = 2;
/** A stop under yellow costs less, as the field goes by slowly: share of the green loss until stops are seen [judgement]. */
const YELLOW_SHARE = 0.4;
/** Spread of a stop before three were seen: crews' box times differ by p10–p90 of 11–20 s (2022 Cup). */
const PRIOR_SD_SHARE = 0.08;
/** Newest stops by which the figures are judged: box work and pit road do not change within a race, tyre counts do. */
const STOPS_MAX = 60;
/** Own clean laps before the stop that tell what the two laps would have taken. */
const REFERENCE_LAPS = 5;

/**
 * Running median of the stops seen in this race, by flag, drawn to the session's prior while there are few. Green: against
 * the car's own clean laps before. Yellow: against cars that stayed out on the same laps.
 * Limits: drive-throughs, damage and driver changes count as stops (the median is deaf to some of them); one loss for all
 * kinds of service.
 * Without people's facts (`stop`, `lapTime`) it rests on the stops and laps that timing told.
 */
export function pitLoss(state: RaceState): PitLoss {
  const green: { atMs: number; lossMs: number }[] = [];
  const yellow: { atMs: number; lossMs: number }[] = [];
  for (const entry of Object.values(state.entries)) {
    for (const stop of entry.stops) {
      if (stop.flag === 'red') continue;
      const lossMs = isRacing(stop.flag) ? greenLossMs(entry, stop) : yellowLossMs(state, entry, stop);
      if (lossMs !== null && lossMs > 0) (isRacing(stop.flag) ? green : yellow).push({ atMs: stop.inMs, lossMs });
    }
  }
  const priorMs = state.session.car.pitLossMs;
  const greenSeen = newest(green);
  const yellowSeen = newest(yellow);
  return {
    green: shrink(greenSeen, priorMs),
    yellow: shrink(yellowSeen, priorMs * YELLOW_SHARE),
    sdGreen: spread(greenSeen, priorMs),
    sdYellow: spread(yellowSeen, priorMs * YELLOW_SHARE),
    stopsSeen: { green: greenSeen.length, yellow: yellowSeen.length },
  };
}

function newest(stops: { atMs: number; lossMs: number }[]): number[] {
  stops.sort((a, b) => a.atMs - b.atMs || a.lossMs - b.lossMs);
  return stops.slice(-STOPS_MAX).map(({ lossMs }) => lossMs);
}

function shrink(lossesMs: readonly number[], priorMs: number): number {
  const seenMs = median(lossesMs);
  if (seenMs === null) return priorMs;
  return (seenMs * lossesMs.length + priorMs * PRIOR_STOPS) / (lossesMs.length + PRIOR_STOPS);
}

function spread(lossesMs: readonly number[], priorMs: number): number {
  const floorMs = priorMs * PRIOR_SD_SHARE;
  return lossesMs.length < 3 ? floorMs : Math.max(floorMs / 4, robustSd(lossesMs)!);
}

/** Laps that the stop touched: the in-lap, and the out-lap where that is another one. Null while they are not complete. */
function stopLaps(entry: EntryState, stop: Stop): { laps: number[]; tookMs: number } | null {
  if (stop.outLap === null) return null;
  // Even where the whole pit lane lies before the line, the next lap still pays for cold tyres.
  const laps = [stop.lap, stop.lap + 1];
  let tookMs = 0;
  for (const lap of laps) {
    const lapTimeMs = findLap(entry, lap)?.lapTimeMs;
    if (lapTimeMs == null) return null;
    tookMs += lapTimeMs;
  }
  return { laps, tookMs };
}

function greenLossMs(entry: EntryState, stop: Stop): number | null {
  const touched = stopLaps(entry, stop);
  if (touched === null || !touched.laps.every((lap) => isRacing(findLap(entry, lap)!.flag))) return null;
  const before: number[] = [];
  for (let i = lapIndex(entry.laps, stop.lap) - 1; i >= 0 && before.length < REFERENCE_LAPS; i--) {
    if (isCleanLap(entry.laps, i)) before.push(entry.laps[i].lapTimeMs!);
  }
  const paceMs = median(before);
  return paceMs === null || before.length < 3 ? null : touched.tookMs - touched.laps.length * paceMs;
}

function yellowLossMs(state: RaceState, entry: EntryState, stop: Stop): number | null {
  const touched = stopLaps(entry, stop);
  if (touched === null) return null;
  let stayedOutMs = 0;
  for (const lap of touched.laps) {
    const others: number[] = [];
    for (const other of Object.values(state.entries)) {
      const same = findLap(other, lap);
      if (same?.lapTimeMs != null && !same.inLap && !same.outLap) others.push(same.lapTimeMs);
    }
    if (others.length < 3) return null;
    stayedOutMs += median(others)!;
  }
  return touched.tookMs - stayedOutMs;
}
