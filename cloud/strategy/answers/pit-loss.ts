import { isRacing } from '#cloud/race/laps.js';
import { stopLossMs } from '#cloud/race/stop-loss.js';
import type { RaceState } from '#cloud/race/types.js';
import type { Figure } from '../models/state-space/types.js';
import { median, robustSd, Z80 } from '../stats.js';
import type { Band } from './types.js';

/** Time that a stop costs against staying out (in-lap and out-lap together), ms, of one stop: the band is that of single ones. */
export interface PitLoss {
  green: Band;
  yellow: Band;
  /** Spread of a single stop, one standard deviation. */
  sdGreen: number;
  sdYellow: number;
  stopsSeen: { green: number; yellow: number };
  /** By entry: what each of its stops cost; null where that cannot be told. */
  byEntry: Record<string, (number | null)[]>;
  /** Whose figure it starts from. */
  source: 'practice' | 'session';
}

/** The session's figure counts as so many observed stops, practice's as more. */
const PRIOR_STOPS = 2;
const PRACTICE_STOPS = 4;
/** A stop under yellow costs less, as the field goes by slowly: share of the green loss until stops are seen [judgement]. */
const YELLOW_SHARE = 0.4;
/** Spread of a stop before three were seen: crews' box times differ by p10–p90 of 11–20 s (2022 Cup). */
const PRIOR_SD_SHARE = 0.08;
/** Newest stops by which the figures are judged: box work and pit road do not change within a race, tyre counts do. */
const STOPS_MAX = 60;

interface SeenLoss {
  atMs: number;
  lossMs: number;
}

/**
 * Running median of the stops seen in this race, by flag, drawn to the session's or practice's figure while there are few.
 * Green: against the car's own clean laps before. Yellow: against cars that stayed out on the same laps.
 * Limits: drive-throughs, damage and driver changes count as stops (the median is deaf to some of them).
 * Without people's facts (`stop`, `lapTime`) it rests on the stops and laps that timing told.
 */
export function pitLoss(state: RaceState, practice: Figure | null = null): PitLoss {
  const green: SeenLoss[] = [];
  const yellow: SeenLoss[] = [];
  const byEntry: PitLoss['byEntry'] = {};
  for (const [key, entry] of Object.entries(state.entries)) {
    if (entry.stops.length === 0) continue;
    byEntry[key] = entry.stops.map((stop) => {
      const lossMs = stopLossMs(state, entry, stop);
      if (lossMs === null || lossMs <= 0) return null;
      (isRacing(stop.flag) ? green : yellow).push({ atMs: stop.inMs, lossMs });
      return lossMs;
    });
  }
  const priorMs = practice?.mean ?? state.session.car.pitLossMs;
  const weight = practice === null ? PRIOR_STOPS : PRACTICE_STOPS;
  const greenSeen = newest(green);
  const yellowSeen = newest(yellow);
  const greenMs = shrink(greenSeen, priorMs, weight);
  const yellowMs = shrink(yellowSeen, greenMs * YELLOW_SHARE, weight);
  const sdGreen = spread(greenSeen, priorMs);
  const sdYellow = spread(yellowSeen, priorMs * YELLOW_SHARE);
  return {
    green: band(greenMs, sdGreen),
    yellow: band(yellowMs, sdYellow),
    sdGreen,
    sdYellow,
    stopsSeen: { green: greenSeen.length, yellow: yellowSeen.length },
    byEntry,
    source: practice === null ? 'session' : 'practice',
  };
}

function band(meanMs: number, sdMs: number): Band {
  return { low: Math.max(0, meanMs - Z80 * sdMs), mean: meanMs, high: meanMs + Z80 * sdMs };
}

function newest(stops: SeenLoss[]): number[] {
  stops.sort((a, b) => a.atMs - b.atMs || a.lossMs - b.lossMs);
  return stops.slice(-STOPS_MAX).map(({ lossMs }) => lossMs);
}

function shrink(lossesMs: readonly number[], priorMs: number, weight: number): number {
  const seenMs = median(lossesMs);
  if (seenMs === null) return priorMs;
  return (seenMs * lossesMs.length + priorMs * weight) / (lossesMs.length + weight);
}

function spread(lossesMs: readonly number[], priorMs: number): number {
  const floorMs = priorMs * PRIOR_SD_SHARE;
  return lossesMs.length < 3 ? floorMs : Math.max(floorMs / 4, robustSd(lossesMs)!);
}
