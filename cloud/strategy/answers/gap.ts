import { findLap, isRacing, lastLap } from '#cloud/race/laps.js';
import type { EntryState } from '#cloud/race/types.js';
import { median } from '../stats.js';

/** Newest laps of both by which a trend is told. */
const TREND_LAPS = 8;
const TREND_LAPS_MIN = 3;

/** Time by which `behind` crossed the line after `ahead` on the newest lap that both have completed, ms; null without one. */
export function gapMs(behind: EntryState, ahead: EntryState): number | null {
  const own = lastLap(behind);
  const other = lastLap(ahead);
  if (own === undefined || other === undefined) return null;
  const lap = Math.min(own.lap, other.lap);
  const crossed = findLap(behind, lap);
  const crossedOther = findLap(ahead, lap);
  if (crossed === undefined || crossedOther === undefined) return null;
  return Math.max(0, crossed.atMs - crossedOther.atMs);
}

/**
 * Change of that gap per lap, ms: the median of all slopes between the newest green laps of both since either last stopped, so
 * that one slow lap says nothing. Null with fewer than three laps.
 */
export function gapSlopeMs(behind: EntryState, ahead: EntryState): number | null {
  const points: { lap: number; gapMs: number }[] = [];
  const from = Math.max(behind.stintFromLap, ahead.stintFromLap);
  for (let index = behind.laps.length - 1; index >= 0 && points.length < TREND_LAPS; index--) {
    const own = behind.laps[index];
    if (own.lap <= from + 1 || !isRacing(own.flag)) break;
    const other = findLap(ahead, own.lap);
    if (other !== undefined) points.push({ lap: own.lap, gapMs: own.atMs - other.atMs });
  }
  if (points.length < TREND_LAPS_MIN) return null;
  const slopes: number[] = [];
  for (const [index, a] of points.entries()) {
    for (const b of points.slice(index + 1)) slopes.push((a.gapMs - b.gapMs) / (a.lap - b.lap));
  }
  return median(slopes);
}
