import { findLap, isCleanLap, isRacing, lapIndex } from './laps.js';
import type { EntryState, RaceState, Stop } from './types.js';

/** Own clean laps before the stop that tell what the two laps would have taken, and the fewest that do. */
const REFERENCE_LAPS = 5;
const REFERENCE_LAPS_MIN = 3;

/**
 * Time that a stop has cost against staying out, in-lap and out-lap together, ms. Under green against the car's own clean laps
 * before; else against cars that stayed out on the same laps. Null while the out-lap is not complete, under a red flag, and where
 * too few laps tell.
 */
export function stopLossMs(state: RaceState, entry: EntryState, stop: Stop): number | null {
  const { lap, outLap, flag } = stop;
  if (outLap === null || flag === 'red') return null;
  // Even where the whole pit lane lies before the line, the next lap still pays for cold tyres.
  const laps = [findLap(entry, lap), findLap(entry, lap + 1)];
  let tookMs = 0;
  for (const touched of laps) {
    if (touched === undefined || touched.lapTimeMs === null) return null;
    if (isRacing(flag) && !isRacing(touched.flag)) return null;
    tookMs += touched.lapTimeMs;
  }
  const usualMs = isRacing(flag) ? ownLapsMs(entry, lap) : othersLapsMs(state, [lap, lap + 1]);
  return usualMs === null ? null : tookMs - usualMs;
}

function ownLapsMs(entry: EntryState, lap: number): number | null {
  const beforeMs: number[] = [];
  for (let i = lapIndex(entry.laps, lap) - 1; i >= 0 && beforeMs.length < REFERENCE_LAPS; i--) {
    if (isCleanLap(entry.laps, i)) beforeMs.push(entry.laps[i].lapTimeMs!);
  }
  return beforeMs.length < REFERENCE_LAPS_MIN ? null : 2 * middle(beforeMs);
}

function othersLapsMs(state: RaceState, laps: readonly number[]): number | null {
  let sumMs = 0;
  for (const lap of laps) {
    const othersMs: number[] = [];
    for (const other of Object.values(state.entries)) {
      const same = findLap(other, lap);
      if (same !== undefined && same.lapTimeMs !== null && !same.inLap && !same.outLap) othersMs.push(same.lapTimeMs);
    }
    if (othersMs.length < REFERENCE_LAPS_MIN) return null;
    sumMs += middle(othersMs);
  }
  return sumMs;
}

/** The median. */
function middle(values: number[]): number {
  values.sort((a, b) => a - b);
  const at = values.length >> 1;
  return values.length % 2 === 1 ? values[at] : (values[at - 1] + values[at]) / 2;
}
