import { clamp } from './stats.js';
import { fuelCostMs, type StintCost, tyreCostMs } from './stint-cost.js';
import type { Band } from './types.js';

/** A car's situation at its last completed lap, as far as a stop plan needs it. */
export interface Situation {
  lap: number;
  lapsTotal: number;
  tyreAgeLaps: number;
  fuelKg: number;
  fuelLapsLeft: Band;
  tankKg: number;
  /** Laps that a full tank lasts, by the cautious end of the band. */
  tankLaps: number;
  pitLossMs: number;
  cost: StintCost;
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
 * - best = cheapest remaining race time over all laps of the window: fall-off, tyre life, fuel weight, pit losses, with
 *   the stops after the next one spread evenly.
 *
 * Null when no stop is needed nor pays. Limits: traffic, rivals' stops, cautions to come and stages are not in this curve
 * (a caution to come is in `stop-gain.ts`).
 */
export function pitWindow(now: Situation): PitWindow | null {
  const remaining = now.lapsTotal - now.lap;
  if (remaining <= 1) return null;
  const reach = Math.floor(now.fuelLapsLeft.low);
  const fewest = reach >= remaining ? 0 : Math.max(1, Math.ceil((remaining - reach) / Math.max(1, now.tankLaps)));
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
 * Remaining race time beyond clean laps on new tyres and an empty tank, ms, when the next of `stops` stops is made at the
 * end of `lap` and the others follow evenly.
 */
export function planCostMs(now: Situation, lap: number, stops: number, pitLossesMs: number): number {
  const first = lap - now.lap;
  const after = (now.lapsTotal - lap) / stops;
  const fillKg = Math.min(now.tankKg, after * now.cost.fuelPerLapKg);
  return (
    tyreCostMs(now.cost, now.tyreAgeLaps, first) +
    fuelCostMs(now.cost, now.fuelKg, first) +
    stops * (tyreCostMs(now.cost, 0, after) + fuelCostMs(now.cost, fillKg, after)) +
    pitLossesMs
  );
}

function stayOutMs(now: Situation, laps: number): number {
  return tyreCostMs(now.cost, now.tyreAgeLaps, laps) + fuelCostMs(now.cost, now.fuelKg, laps);
}
