import type { RosterEntry, SessionOpen } from '#wire/race-records.js';
import { rowsByEntry } from './entries.js';
import type { EntryState, RaceState } from './types.js';

/**
 * The state of a race before its first record.
 *
 * @example
 * const state = createRaceState(sessionOpen);
 * for (const record of records) applyRecord(state, record);
 */
export function createRaceState(open: SessionOpen): RaceState {
  return {
    version: 1,
    session: open,
    phase: 'open',
    flag: 'none',
    lap: 0,
    greenAtMs: null,
    flags: [],
    timedFlags: [],
    facts: [],
    undone: [],
    entries: createEntries(open.roster),
    order: [...new Set(open.roster.map(({ entry }) => entry))],
    lastEventMs: open.eventTimeMs,
    calls: {},
    ignored: {},
    health: {},
  };
}

/** A state that an earlier version stored, with what has been added to the state since at its beginning. */
export function completeState(stored: RaceState): RaceState {
  const state = { ...createRaceState(stored.session), ...stored };
  state.timedFlags = stored.timedFlags ?? stored.flags;
  for (const key in state.entries) {
    state.entries[key] = { ...createEntry([state.entries[key].roster]), ...state.entries[key] };
  }
  return state;
}

/** By entry, in the order of the roster. */
export function createEntries(roster: readonly RosterEntry[]): Record<string, EntryState> {
  const entries: Record<string, EntryState> = {};
  for (const [key, rows] of rowsByEntry(roster)) entries[key] = createEntry(rows);
  return entries;
}

/** @param rows of the entry, the newest last; at least one */
export function createEntry(rows: readonly RosterEntry[]): EntryState {
  return {
    roster: rows[rows.length - 1],
    ...(rows.length > 1 && { rosterBefore: rows.slice(0, -1) }),
    status: 'grid',
    laps: [],
    stops: [],
    startAtMs: null,
    stintFromLap: 0,
    tyresFromLap: 0,
    position: null,
    bestLapMs: null,
    car: null,
    fuelAddedKg: null,
    alarms: [],
    alarmAtMs: {},
    passages: [],
    reports: [],
    facts: [],
    retirement: null,
  };
}
