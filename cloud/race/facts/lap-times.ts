import type { EntryState, Lap, RaceState, RaceTrigger } from '../types.js';
import { prevails } from './fact-types.js';
import { factsInForce } from './in-force.js';

/** Puts a person's lap time over timing's, which is kept beside it for an undo; true when that changed the lap. */
export function correctLap(state: RaceState, entry: EntryState, lap: Lap): boolean {
  if (entry.facts.length === 0) return false;
  const said = factsInForce(state, entry.facts, 'lapTime').find((fact) => fact.lap === lap.lap);
  const beforeMs = lap.lapTimeMs;
  const officialMs = lap.officialTimeMs === undefined ? beforeMs : lap.officialTimeMs;
  if (said !== undefined && prevails('lapTime', said.atMs, lap.atMs)) {
    lap.lapTimeMs = Number(said.value);
    lap.officialTimeMs = officialMs;
  } else {
    lap.lapTimeMs = officialMs;
    delete lap.officialTimeMs;
  }
  return lap.lapTimeMs !== beforeMs;
}

/** After a fact about a lap time was stated or undone. */
export function correctLaps(state: RaceState, key: string): RaceTrigger[] {
  const entry = state.entries[key];
  const triggers: RaceTrigger[] = [];
  for (const lap of entry.laps) if (correctLap(state, entry, lap)) triggers.push({ type: 'lap', entry: key, lap });
  if (triggers.length > 0) entry.bestLapMs = bestLapMs(entry.laps);
  return triggers;
}

export function bestLapMs(laps: readonly Lap[]): number | null {
  let best: number | null = null;
  for (const { lapTimeMs } of laps) if (lapTimeMs !== null && (best === null || lapTimeMs < best)) best = lapTimeMs;
  return best;
}
