import { findLap, lapsCompleted, lastLap } from '#cloud/race/laps.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import type { Pace } from './pace.js';

/** Where a stop at the end of the lap under way puts a car. */
export interface Rejoin {
  position: number;
  /** To the car ahead in the order at the end of the out-lap, ms; null when it comes out in the lead. */
  gapAheadMs: number | null;
  aheadEntry: string | null;
}

/** When a rival will have completed a lap, from its newest crossing and its pace. */
export interface RivalForecast {
  key: string;
  entry: EntryState;
  atMs: number;
  lap: number;
  lapMs: number;
  /** Its stop is under way: in the pit lane, or on the lap that began there. */
  stopping: boolean;
  /** What the lap under way takes longer, ms: what is left of the stop, and no less than the crossing is overdue. */
  delayMs: number;
}

/** Forecast of every car that is in the race and has crossed the line. Done once per answer, read for every car. */
export function rivalForecasts(
  state: RaceState,
  paces: Record<string, Pace>,
  lossMs: number,
  yellowLapMs: number | null,
): RivalForecast[] {
  const forecasts: RivalForecast[] = [];
  for (const key of state.order) {
    const entry = state.entries[key];
    const last = lastLap(entry);
    if (last === undefined || paces[key] === undefined || entry.status === 'retired' || entry.status === 'finished')
      continue;
    const lapMs = yellowLapMs ?? paces[key].lapMs;
    const stopping = entry.status === 'pit' || last.inLap;
    const shownMs = last.inLap && last.lapTimeMs !== null ? Math.max(0, last.lapTimeMs - lapMs) : 0;
    const overdueMs = Math.max(0, state.lastEventMs - last.atMs - lapMs);
    const delayMs = stopping ? Math.max(overdueMs, lossMs - shownMs) : overdueMs;
    forecasts.push({ key, entry, atMs: last.atMs, lap: last.lap, lapMs, stopping, delayMs });
  }
  return forecasts;
}

/**
 * Position and gap at the end of the out-lap if the car stops at the end of the lap under way and rivals stay out: times
 * at which each completes that lap are compared. A rival who has completed it already counts with the time that it had.
 * A car whose stop is under way makes no other one: where it comes out. Null for a car that has not crossed the line yet.
 *
 * Limits: no traffic at pit exit, no blue flags, rivals' own stops not foreseen; under yellow the field is taken to go on
 * at caution speed.
 */
export function rejoin(forecasts: readonly RivalForecast[], key: string, lossMs: number): Rejoin | null {
  const own = forecasts.find((forecast) => forecast.key === key);
  if (own === undefined) return null;
  const lap = lapsCompleted(own.entry) + 2;
  const ownMs = own.atMs + 2 * own.lapMs + own.delayMs + (own.stopping ? 0 : lossMs);
  let position = 1;
  let aheadMs = Number.NEGATIVE_INFINITY;
  let aheadEntry: string | null = null;
  for (const rival of forecasts) {
    if (rival === own) continue;
    const rivalMs = completesMs(rival, lap);
    if (rivalMs > ownMs) continue;
    position++;
    if (rivalMs > aheadMs) {
      aheadMs = rivalMs;
      aheadEntry = rival.key;
    }
  }
  return { position, gapAheadMs: aheadEntry === null ? null : ownMs - aheadMs, aheadEntry };
}

function completesMs(rival: RivalForecast, lap: number): number {
  if (rival.lap >= lap) return findLap(rival.entry, lap)?.atMs ?? rival.atMs - (rival.lap - lap) * rival.lapMs;
  return rival.atMs + (lap - rival.lap) * rival.lapMs + rival.delayMs;
}
