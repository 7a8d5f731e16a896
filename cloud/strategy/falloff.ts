import { isCleanLap } from '#cloud/race/laps.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import { median } from './stats.js';

/** A clean lap as the models read it: natural logarithm of ms, so that classes of different speed can be pooled. */
export interface PaceLap {
  lap: number;
  atMs: number;
  logMs: number;
  ageLaps: number;
  stint: number;
}

export interface Falloff {
  /** Change of ln(lap time) per lap of a stint, fuel burn-off included: field, and per entry. */
  field: number;
  byEntry: Record<string, number>;
  /** One standard deviation of an entry's slope. */
  sd: number;
}

/** Laps this much slower than the car's median are trouble or rain, not pace (spec §4 uses the same bound). */
const SLOW_SHARE_MAX = 1.12;
const FAST_SHARE_MIN = 0.9;
/** A straight line over one stint is worse than no line at all (spec §5): the field counts as much as this many lap². */
const CAR_SHRINK = 3_000;
/** Prior of the field's slope: none, worth this many lap². One 20-lap stint has 665. */
const FIELD_SHRINK = 3_000;
/** Newest stints weigh most: weight of a stint that ended this many laps ago is a half. */
const HALF_LIFE_LAPS = 60;
/** Spread of one entry's slope around the estimate, per lap [fitted on development races]. */
const SLOPE_SD = 0.0003;
/** Residuals from the stint's middle beyond this share are traffic, not tyres. */
const RESIDUAL_MAX = 0.02;

/** Clean laps of an entry, with tyre age and stint. Implausible times are left out. */
export function paceLaps(entry: EntryState): PaceLap[] {
  const found: PaceLap[] = [];
  let stint = 0;
  let tyresFrom = 0;
  for (let i = 0; i < entry.laps.length; i++) {
    const lap = entry.laps[i];
    while (stint < entry.stops.length && beganAfter(entry, stint) < lap.lap) {
      if (entry.stops[stint].tyresChanged !== 0) tyresFrom = beganAfter(entry, stint);
      stint++;
    }
    if (!isCleanLap(entry.laps, i)) continue;
    found.push({ lap: lap.lap, atMs: lap.atMs, logMs: Math.log(lap.lapTimeMs!), ageLaps: lap.lap - tyresFrom, stint });
  }
  const middle = median(found.map(({ logMs }) => logMs));
  if (middle === null) return found;
  const low = middle + Math.log(FAST_SHARE_MIN);
  const high = middle + Math.log(SLOW_SHARE_MAX);
  return found.filter(({ logMs }) => logMs >= low && logMs <= high);
}

/** Laps completed when the stint after the stop began. */
function beganAfter(entry: EntryState, stop: number): number {
  const { lap, outLap } = entry.stops[stop];
  return outLap === null ? lap : outLap - 1;
}

/**
 * Fall-off per lap of a stint: least squares within stints (each has its own level), pooled over the field and drawn to
 * zero, then each entry's drawn to the field's. Robust by leaving out laps far from the stint's middle.
 *
 * Includes what burnt fuel gives back; `pace.ts` takes that out. Limits: straight line (no curvature), one slope for all
 * compounds, and track evolution cannot be told from wear.
 * Without a report or a person's `tyres`, a stop counts as a change of all four.
 */
export function falloff(state: RaceState, laps: Record<string, PaceLap[]>): Falloff {
  const sums: Record<string, { xx: number; xy: number }> = {};
  let fieldXx = 0;
  let fieldXy = 0;
  for (const key in laps) {
    const own = { xx: 0, xy: 0 };
    for (const stint of stintsOf(laps[key])) addStint(own, stint, state.lap);
    sums[key] = own;
    fieldXx += own.xx;
    fieldXy += own.xy;
  }
  const field = fieldXy / (fieldXx + FIELD_SHRINK);
  const byEntry: Record<string, number> = {};
  for (const key in sums) byEntry[key] = (sums[key].xy + CAR_SHRINK * field) / (sums[key].xx + CAR_SHRINK);
  return { field, byEntry, sd: SLOPE_SD };
}

function stintsOf(laps: readonly PaceLap[]): PaceLap[][] {
  const stints: PaceLap[][] = [];
  for (const lap of laps) {
    const current = stints[stints.length - 1];
    if (current !== undefined && current[0].stint === lap.stint) current.push(lap);
    else stints.push([lap]);
  }
  return stints;
}

function addStint(sums: { xx: number; xy: number }, stint: readonly PaceLap[], nowLap: number): void {
  const middle = median(stint.map(({ logMs }) => logMs))!;
  const near = stint.filter(({ logMs }) => Math.abs(logMs - middle) <= RESIDUAL_MAX);
  if (near.length < 3) return;
  let meanX = 0;
  let meanY = 0;
  for (const { lap, logMs } of near) {
    meanX += lap / near.length;
    meanY += logMs / near.length;
  }
  const weight = 2 ** (-(nowLap - near[near.length - 1].lap) / HALF_LIFE_LAPS);
  for (const { lap, logMs } of near) {
    sums.xx += weight * (lap - meanX) ** 2;
    sums.xy += weight * (lap - meanX) * (logMs - meanY);
  }
}
