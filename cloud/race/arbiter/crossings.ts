import { isDuration, median } from './official.js';
import type { Observation } from './types.js';

/** What a failed on-car lap counter shows. */
const HINT_INVALID = 32_768;
/** Rows this close belong to one crossing: a failing counter steps up and back within some tens of ms. */
const SAME_CROSSING_MS = 5_000;
/** Receive delays reach 84 s; a clock that differs by more than this has been set anew (another outing). */
const SAME_CLOCK_MS = 300_000;
/** No lap is faster than this share of the best official one, */
const BEST_SHARE = 0.9;
/** or, while timing has told slow laps only, than this share of the middle one of the car's own. */
const OWN_SHARE_MIN = 0.75;
/** Without any official lap: nor slower than this multiple of it. */
const OWN_SHARE_MAX = 3;
/** No lap at all is shorter. */
const LAP_TIME_MIN_MS = 5_000;

/** The car saw the line: one or several rows about the same moment. */
export interface Crossing {
  /** On the receiver's clock: the car's clock, shifted so that the quickest row had no delay; else when it was received. */
  atMs: number;
  /** Time of the lap that ended, null where the car gave none that can be one. */
  lapTimeMs: number | null;
  /** The car's count, null where it has failed. */
  hint: number | null;
  /** Whether the car's clock, or only the moment of receipt, says when. */
  clocked: boolean;
}

/** @param sorted observations of one vehicle in their total order */
export function readCrossings(sorted: readonly Observation[], bestOfficialMs: number | null): Crossing[] {
  const gate = plausible(sorted, bestOfficialMs);
  const offsets = clockOffsets(sorted);
  const rows = sorted.map((row, index): Crossing => {
    const offset = offsets[index];
    const { lap, lapTimeMs, receivedAt, carTime } = row;
    return {
      atMs: offset === undefined ? receivedAt : carTime! + offset,
      lapTimeMs: isDuration(lapTimeMs) && lapTimeMs >= gate.minMs && lapTimeMs <= gate.maxMs ? lapTimeMs : null,
      hint: lap !== undefined && Number.isInteger(lap) && lap >= 0 && lap < HINT_INVALID ? lap : null,
      clocked: offset !== undefined,
    };
  });
  // Stable: rows of one moment stay in their total order.
  rows.sort((a, b) => a.atMs - b.atMs);
  return mergeRows(rows);
}

/** Of rows about one crossing the first with a lap time counts, else the first. */
function mergeRows(rows: readonly Crossing[]): Crossing[] {
  const crossings: Crossing[] = [];
  let fromMs = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const last = crossings[crossings.length - 1];
    if (row.atMs - fromMs > SAME_CROSSING_MS) {
      crossings.push(row);
      fromMs = row.atMs;
    } else if (last.lapTimeMs === null && row.lapTimeMs !== null) crossings[crossings.length - 1] = row;
  }
  return crossings;
}

/** Bounds of what a lap time may be. */
function plausible(rows: readonly Observation[], bestOfficialMs: number | null): { minMs: number; maxMs: number } {
  const own: number[] = [];
  for (const { lapTimeMs } of rows) if (isDuration(lapTimeMs) && lapTimeMs >= LAP_TIME_MIN_MS) own.push(lapTimeMs);
  const middle = own.length === 0 ? Number.POSITIVE_INFINITY : median(own);
  const best = bestOfficialMs ?? Number.POSITIVE_INFINITY;
  const minMs = Math.min(best * BEST_SHARE, middle * OWN_SHARE_MIN);
  return {
    minMs: Number.isFinite(minMs) ? Math.max(LAP_TIME_MIN_MS, minMs) : LAP_TIME_MIN_MS,
    maxMs: bestOfficialMs === null ? middle * OWN_SHARE_MAX : Number.POSITIVE_INFINITY,
  };
}

/**
 * What to add to each row's car time; undefined where it has none. Rows whose clocks differ from the moment of receipt by
 * about the same are one outing; its quickest row tells the offset, because a delay can only be positive.
 */
function clockOffsets(rows: readonly Observation[]): (number | undefined)[] {
  const behindMs = rows.map(({ receivedAt, carTime = Number.NaN }) => receivedAt - carTime);
  const offsets: (number | undefined)[] = rows.map(() => undefined);
  let offset = Number.NEGATIVE_INFINITY;
  const quickestFirst = [...rows.keys()].filter((row) => Number.isFinite(behindMs[row]));
  for (const row of quickestFirst.sort((a, b) => behindMs[a] - behindMs[b])) {
    if (behindMs[row] - offset > SAME_CLOCK_MS) offset = behindMs[row];
    offsets[row] = offset;
  }
  return offsets;
}
