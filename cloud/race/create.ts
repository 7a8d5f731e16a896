import type { RosterEntry, SessionOpen } from '#wire/race-records.js';
import type { EntryState, RaceState } from './types.js';

/**
 * The state of a race before its first record.
 *
 * @example
 * const state = createRaceState(sessionOpen);
 * for (const record of records) applyRecord(state, record);
 */
export function createRaceState(open: SessionOpen): RaceState {
  const entries: Record<string, EntryState> = {};
  for (const roster of open.roster) entries[roster.entry] = createEntry(roster);
  return {
    version: 1,
    session: open,
    phase: 'open',
    flag: 'none',
    lap: 0,
    greenAtMs: null,
    flags: [],
    entries,
    order: [...new Set(open.roster.map(({ entry }) => entry))],
    lastEventMs: open.eventTimeMs,
    calls: {},
    ignored: {},
    health: {},
  };
}

export function createEntry(roster: RosterEntry): EntryState {
  return {
    roster,
    status: 'grid',
    laps: [],
    stops: [],
    startAtMs: null,
    stintFromLap: 0,
    tyresFromLap: 0,
    position: null,
    elapsedMs: null,
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
