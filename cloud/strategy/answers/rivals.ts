import { findLap, isRacing, lastLap } from '#cloud/race/laps.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import { median } from '../stats.js';
import type { Reading } from './reading.js';

/** When a car will have completed a lap, from its newest crossing and its pace. */
export interface Arrival {
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

/** Newest laps by which the speed under caution is told. */
const CAUTION_LAPS_SEEN = 2;

/** Of every car that is in the race and has crossed the line, in the running order. */
export function arrivals({ state, cars, pitLoss }: Reading): Arrival[] {
  const isGreen = isRacing(state.flag);
  const lossMs = isGreen ? pitLoss.green.mean : pitLoss.yellow.mean;
  const slowLapMs = isGreen ? null : cautionLapMs(state);
  const found: Arrival[] = [];
  for (const { key, entry, paceMs, racing } of cars) {
    const last = lastLap(entry);
    if (last === undefined || paceMs === null || !racing) continue;
    const lapMs = slowLapMs ?? paceMs;
    const stopping = entry.status === 'pit' || last.inLap;
    const shownMs = last.inLap && last.lapTimeMs !== null ? Math.max(0, last.lapTimeMs - lapMs) : 0;
    const overdueMs = Math.max(0, state.lastEventMs - last.atMs - lapMs);
    const delayMs = stopping ? Math.max(overdueMs, lossMs - shownMs) : overdueMs;
    found.push({ key, entry, atMs: last.atMs, lap: last.lap, lapMs, stopping, delayMs });
  }
  return found;
}

/** A lap that is driven already has the time that it had. */
export function completesMs(car: Arrival, lap: number): number {
  if (car.lap >= lap) return findLap(car.entry, lap)?.atMs ?? car.atMs - (car.lap - lap) * car.lapMs;
  return car.atMs + (lap - car.lap) * car.lapMs + car.delayMs;
}

/** Lap time of the field under the caution that is out; null before anybody has completed a lap of it. */
function cautionLapMs(state: RaceState): number | null {
  const timesMs: number[] = [];
  for (const { laps } of Object.values(state.entries)) {
    for (const lap of laps.slice(-CAUTION_LAPS_SEEN)) {
      if (!isRacing(lap.flag) && lap.flag !== 'red' && lap.lapTimeMs !== null && !lap.inLap && !lap.outLap) {
        timesMs.push(lap.lapTimeMs);
      }
    }
  }
  return median(timesMs);
}
