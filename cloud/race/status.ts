import type { RetirementMessage } from '#wire/messages.js';
import { endedMs } from './distance.js';
import { findEntry } from './entries.js';
import { prevails } from './facts/fact-types.js';
import { factInForce } from './facts/in-force.js';
import { ignore } from './ignored.js';
import { lapsCompleted, lastLap } from './laps.js';
import type { EntryState, RaceState, RaceTrigger } from './types.js';
import { recordVersion } from './versions.js';

/** A car is out. Should it cross a loop later than that, it is running again. */
export function applyRetirement(state: RaceState, message: RetirementMessage): RaceTrigger[] {
  const found = findEntry(state, message);
  if (found === undefined) return ignore(state, 'unknown-entry');
  const { lap, eventTimeMs: atMs } = message;
  const version = recordVersion(message);
  if (!Number.isFinite(atMs) || !Number.isFinite(lap) || !Number.isFinite(version)) return ignore(state, 'damaged');
  const known = found.entry.retirement;
  if (known === null || known.version < version) found.entry.retirement = { lap, atMs, version };
  return [];
}

/** Derives every entry's status and the phase from the facts; tells of retirements and of a new phase. */
export function refreshStatus(state: RaceState): RaceTrigger[] {
  const triggers: RaceTrigger[] = [];
  const endMs = finishMs(state);
  for (const key in state.entries) {
    const entry = state.entries[key];
    const status = statusOf(state, entry, endMs);
    if (status === 'retired' && entry.status !== 'retired') {
      triggers.push({ type: 'retired', entry: key, lap: lapsCompleted(entry), atMs: retiredMs(state, entry)! });
    }
    entry.status = status;
  }
  const phase = phaseOf(state);
  if (phase !== state.phase) {
    state.phase = phase;
    triggers.push({ type: 'session', phase, atMs: state.lastEventMs });
  }
  return triggers;
}

function statusOf(state: RaceState, entry: EntryState, endMs: number | null): EntryState['status'] {
  if (hasFinished(state, entry, endMs)) return 'finished';
  const passage = entry.passages[entry.passages.length - 1];
  const seenMs = Math.max(
    lastLap(entry)?.atMs ?? Number.NEGATIVE_INFINITY,
    entry.startAtMs ?? Number.NEGATIVE_INFINITY,
    passage?.atMs ?? Number.NEGATIVE_INFINITY,
  );
  const outMs = retiredMs(state, entry);
  if (outMs !== null && outMs >= seenMs) return 'retired';
  const stop = entry.stops[entry.stops.length - 1];
  if (stop !== undefined && stop.outMs === null && lapsCompleted(entry) <= stop.lap) return 'pit';
  return Number.isFinite(seenMs) ? 'running' : 'grid';
}

/** Since when it is out, by timing or a person; null when neither says so. */
function retiredMs(state: RaceState, entry: EntryState): number | null {
  const timedMs = entry.retirement?.atMs ?? null;
  const said = factInForce(state, entry, 'retirement');
  if (said === undefined || !prevails('retirement', said.atMs, timedMs)) return timedMs;
  return said.value === 'out' ? said.atMs : null;
}

/** From when on a crossing ends a car's race: by the chequered flag; in a feed without any flags, by the distance. */
function finishMs(state: RaceState): number | null {
  if (state.flags.length === 0) return endedMs(state);
  return state.flags.find(({ flag }) => flag === 'checkered')?.atMs ?? null;
}

/** The first crossing after the leader's last ends a car's race, whatever lap it is on. */
function hasFinished(state: RaceState, entry: EntryState, endMs: number | null): boolean {
  const last = lastLap(entry);
  if (last === undefined || endMs === null) return false;
  const checkered = state.flags.find(({ flag }) => flag === 'checkered');
  return last.atMs >= endMs || (checkered !== undefined && last.lap >= checkered.lap);
}

function phaseOf(state: RaceState): RaceState['phase'] {
  if (state.phase === 'closed') return 'closed';
  const entries = Object.values(state.entries);
  if (entries.some((entry) => entry.status === 'finished')) return 'finished';
  return state.greenAtMs !== null || entries.some((entry) => entry.laps.length > 0) ? 'running' : 'open';
}
