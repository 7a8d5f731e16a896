import type { PassingMessage } from '#wire/messages.js';
import { refreshFuel } from './car-fuel.js';
import { refreshCarLaps } from './car-laps.js';
import { findEntry, MAX_LAP } from './entries.js';
import { bestLapMs, correctLap } from './facts/lap-times.js';
import { labelFlag } from './flags.js';
import { ignore } from './ignored.js';
import { lapIndex } from './laps.js';
import { isTakenBack } from './recounts.js';
import { beginStint, hasStatedStop, labelPits, rebuildStops } from './stops.js';
import type { EntryState, Lap, RaceState, RaceTrigger } from './types.js';
import { recordVersion } from './versions.js';

/** A 24-hour race has about 35 stops, two passages each. Past this the feed is broken. */
const MAX_PASSAGES = 400;
/** A red flag may hold a car for hours, no lap lasts a day. */
const LAP_TIME_MAX_MS = 86_400_000;

/** A transponder crossed a loop: a lap completed at SF, a stop begun or ended at PI, PO. */
export function applyPassing(state: RaceState, message: PassingMessage): RaceTrigger[] {
  const found = findEntry(state, message);
  if (found === undefined) return ignore(state, 'unknown-entry');
  const { lap, eventTimeMs } = message;
  if (!Number.isFinite(eventTimeMs) || !Number.isFinite(recordVersion(message))) return ignore(state, 'damaged');
  if (!Number.isInteger(lap) || lap < 0 || lap > MAX_LAP) return ignore(state, 'lap-invalid');
  if (message.loop !== 'SF') return applyPitPassage(state, found.key, found.entry, message);
  return lap === 0 ? applyStart(state, found.entry, message) : applyCrossing(state, found.key, found.entry, message);
}

/** The first crossing after the start completes no lap. */
function applyStart(state: RaceState, entry: EntryState, message: PassingMessage): RaceTrigger[] {
  entry.startAtMs = message.eventTimeMs;
  if (entry.laps.length > 0) labelFlag(state, entry, 0);
  return [];
}

function applyCrossing(state: RaceState, key: string, entry: EntryState, message: PassingMessage): RaceTrigger[] {
  const version = recordVersion(message);
  const index = lapIndex(entry.laps, message.lap);
  const known = entry.laps[index]?.lap === message.lap ? entry.laps[index] : undefined;
  if ((known !== undefined && known.version >= version) || isTakenBack(entry, message.lap, version)) return [];

  const lap: Lap = {
    lap: message.lap,
    lapTimeMs: plausibleLapTime(state, message.lapTimeMs),
    atMs: message.eventTimeMs,
    position: Number.isInteger(message.position) ? message.position : null,
    flag: 'none',
    inLap: false,
    outLap: false,
    version,
  };
  entry.laps.splice(index, known === undefined ? 0 : 1, lap);
  correctLap(state, entry, lap);
  labelFlag(state, entry, index);
  if (index + 1 < entry.laps.length) labelFlag(state, entry, index + 1);
  labelPits(entry, index);
  refreshCarLaps(entry);
  entry.bestLapMs = newBestMs(entry, known, lap);
  // A car that completes a lap after its in-lap is out of the pits, seen to leave them or not.
  const triggers = hasStatedStop(entry) ? rebuildStops(state, key) : [];
  if (entry.stops.some((stop) => stop.outLap === null)) beginStint(entry);
  else refreshFuel(entry);

  if (known === undefined || !isSame(known, lap)) triggers.unshift({ type: 'lap', entry: key, lap });
  return triggers;
}

/** Null for a time that cannot be one (0, negative, not a number, more than a day): counted, and the crossing still counts. */
function plausibleLapTime(state: RaceState, lapTimeMs: number | null): number | null {
  if (lapTimeMs === null) return null;
  if (lapTimeMs > 0 && lapTimeMs <= LAP_TIME_MAX_MS) return lapTimeMs;
  ignore(state, 'lap-time-invalid');
  return null;
}

function newBestMs(entry: EntryState, replaced: Lap | undefined, added: Lap): number | null {
  if (replaced !== undefined) return bestLapMs(entry.laps);
  if (added.lapTimeMs === null) return entry.bestLapMs;
  return entry.bestLapMs === null ? added.lapTimeMs : Math.min(entry.bestLapMs, added.lapTimeMs);
}

function isSame(a: Lap, b: Lap): boolean {
  return (
    a.lapTimeMs === b.lapTimeMs &&
    a.atMs === b.atMs &&
    a.position === b.position &&
    a.flag === b.flag &&
    a.inLap === b.inLap &&
    a.outLap === b.outLap
  );
}

function applyPitPassage(state: RaceState, key: string, entry: EntryState, message: PassingMessage): RaceTrigger[] {
  const { lap, eventTimeMs: atMs } = message;
  const loop = message.loop === 'PI' ? 'PI' : 'PO';
  const version = recordVersion(message);
  const index = entry.passages.findIndex((known) => known.loop === loop && known.lap === lap);
  if (index >= 0) {
    if (entry.passages[index].version >= version) return [];
    entry.passages.splice(index, 1);
  } else if (entry.passages.length >= MAX_PASSAGES) return ignore(state, 'too-many-passages');
  entry.passages.push({ loop, lap, atMs, version });
  return rebuildStops(state, key);
}
