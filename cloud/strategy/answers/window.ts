import { clamp } from '../stats.js';
import type { Band } from './types.js';
import { type Wear, wearMs } from './wear.js';

/** A car's situation at its last completed lap, as far as a stop plan needs it. Laps and ms. */
export interface Situation {
  lap: number;
  lapsTotal: number;
  tyreAgeLaps: number;
  fuelLapsLeft: Band;
  fuelLapsSd: number;
  /** Laps that a full tank lasts, by the cautious end of the band. */
  tankLaps: number;
  pitLossMs: number;
  wear: Wear;
}

export interface PitWindow {
  openLap: number;
  closeLap: number;
  bestLap: number;
  stopsToGo: number;
}

/** More stops than the fewest are worth trying: fresh tyres can pay for one or two. */
const EXTRA_STOPS = 2;

/**
 * The pit window: laps at whose end the next stop may be made.
 *
 * - closes on the last lap that the cautious end of the fuel band reaches;
 * - opens on the first lap from which `stopsToGo` stops reach the end on full tanks;
 * - best = cheapest remaining race time over all laps of the window: wear, tyre life, fuel weight, pit losses, with
 *   the stops after the next one spread evenly.
 *
 * Null when no stop is needed nor pays. Limits: traffic, rivals' stops, cautions to come and stages are not in this curve
 * (a caution to come is in `plan.ts`, all of it in the forecast).
 */
export function pitWindow(now: Situation): PitWindow | null {
  const remaining = now.lapsTotal - now.lap;
  if (remaining <= 1) return null;
  const reach = Math.floor(now.fuelLapsLeft.low);
  const fewest = reach >= remaining ? 0 : Math.max(1, Math.ceil((remaining - reach) / now.tankLaps));
  let best = fewest === 0 ? { costMs: stayOutMs(now, remaining), window: null as PitWindow | null } : null;
  for (let stops = Math.max(1, fewest); stops <= fewest + EXTRA_STOPS; stops++) {
    const found = bestOf(now, stops, reach);
    if (found !== null && (best === null || found.costMs < best.costMs)) best = found;
  }
  return best?.window ?? null;
}

function bestOf(now: Situation, stops: number, reach: number): { costMs: number; window: PitWindow } | null {
  const closeLap = clamp(now.lap + reach, now.lap + 1, now.lapsTotal - 1);
  const opens = Math.ceil(now.lapsTotal - stops * now.tankLaps);
  const openLap = clamp(opens, now.lap + 1, closeLap);
  let bestLap = openLap;
  let bestMs = Number.POSITIVE_INFINITY;
  for (let lap = openLap; lap <= closeLap; lap++) {
    const costMs = planCostMs(now, lap, stops, stops * now.pitLossMs);
    if (costMs < bestMs) {
      bestMs = costMs;
      bestLap = lap;
    }
  }
  if (!Number.isFinite(bestMs)) return null;
  return { costMs: bestMs, window: { openLap, closeLap, bestLap, stopsToGo: stops } };
}

/**
 * Remaining race time beyond clean laps on new tyres, ms, when the next of `stops` stops is made at the end of `lap` and the
 * others follow evenly.
 */
export function planCostMs(now: Situation, lap: number, stops: number, pitLossesMs: number): number {
  const after = (now.lapsTotal - lap) / stops;
  return planWearMs(now, now.wear.sumMs, lap, stops) + fuelWeightMs(now, lap, stops, after) + pitLossesMs;
}

/** What of that is wear; with `sumSdMs`, one standard deviation of it. */
export function planWearMs(now: Situation, sums: Float64Array, lap: number, stops: number): number {
  const after = (now.lapsTotal - lap) / stops;
  return wearMs(sums, now.tyreAgeLaps, lap - now.lap) + stops * wearMs(sums, 0, after);
}

/** A stint carries at its beginning what it needs to its end; what is burnt on the way is in the wear. */
function fuelWeightMs(now: Situation, lap: number, stops: number, after: number): number {
  if (now.wear.fuelLapMs === 0) return 0;
  const onBoard = now.fuelLapsLeft.mean + now.tyreAgeLaps;
  return now.wear.fuelLapMs * (onBoard * (lap - now.lap) + stops * Math.min(now.tankLaps, after) * after);
}

function stayOutMs(now: Situation, laps: number): number {
  const onBoard = now.fuelLapsLeft.mean + now.tyreAgeLaps;
  return wearMs(now.wear.sumMs, now.tyreAgeLaps, laps) + now.wear.fuelLapMs * onBoard * laps;
}
