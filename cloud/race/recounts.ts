import type { RecountMessage } from '#wire/messages.js';
import { refreshCarLaps } from './car-laps.js';
import { findEntry, MAX_LAP } from './entries.js';
import { bestLapMs } from './facts/lap-times.js';
import { labelFlag } from './flags.js';
import { ignore } from './ignored.js';
import { lapIndex } from './laps.js';
import { rebuildStops } from './stops.js';
import type { EntryState, Lap, RaceState, RaceTrigger, Recount } from './types.js';
import { recordVersion } from './versions.js';

/** Past this the feed is broken. */
const MAX_RECOUNTS = 100;

/** Timing takes laps back: those beyond the lap it names, as far as it told them before. Told again, they count again. */
export function applyRecount(state: RaceState, message: RecountMessage): RaceTrigger[] {
  const found = findEntry(state, message);
  if (found === undefined) return ignore(state, 'unknown-entry');
  const { lap, eventTimeMs: atMs } = message;
  const version = recordVersion(message);
  if (!Number.isFinite(atMs) || !Number.isFinite(version)) return ignore(state, 'damaged');
  if (!Number.isInteger(lap) || lap < 0 || lap > MAX_LAP) return ignore(state, 'lap-invalid');
  const { key, entry } = found;
  const recount: Recount = { lap, atMs, version };
  const known = entry.recounts ?? [];
  if (known.some((other) => covers(other, recount))) return [];
  const kept = known.filter((other) => !covers(recount, other));
  if (kept.length >= MAX_RECOUNTS) return ignore(state, 'too-many-facts');
  entry.recounts = [...kept, recount].sort((a, b) => a.version - b.version);

  const removed: Lap[] = [];
  for (let index = lapIndex(entry.laps, lap + 1); index < entry.laps.length; ) {
    if (entry.laps[index].version < version) removed.push(...entry.laps.splice(index, 1));
    else index++;
  }
  if (removed.length === 0) return [];
  entry.bestLapMs = bestLapMs(entry.laps);
  return [{ type: 'recount', entry: key, lap, removed, version, atMs }, ...relabelFrom(state, key, lap + 1)];
}

/** Whether a record of that version about that lap was taken back since. */
export function isTakenBack({ recounts }: EntryState, lap: number, version: number): boolean {
  return recounts?.some((recount) => recount.lap < lap && recount.version > version) ?? false;
}

function covers(a: Recount, b: Recount): boolean {
  return a.lap <= b.lap && a.version >= b.version;
}

/** What follows from the neighbours of laps that are gone. */
function relabelFrom(state: RaceState, key: string, fromLap: number): RaceTrigger[] {
  const entry = state.entries[key];
  const triggers: RaceTrigger[] = [];
  for (let index = lapIndex(entry.laps, fromLap); index < entry.laps.length; index++) {
    if (labelFlag(state, entry, index)) triggers.push({ type: 'lap', entry: key, lap: entry.laps[index] });
  }
  triggers.push(...rebuildStops(state, key));
  refreshCarLaps(entry);
  return triggers;
}
