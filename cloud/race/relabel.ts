import type { RosterEntry } from '#wire/race-records.js';
import { refreshCarLaps } from './car-laps.js';
import { createEntry } from './create.js';
import { bestLapMs, correctLaps } from './facts/lap-times.js';
import { rebuildStops } from './stops.js';
import type { EntryState, RaceState } from './types.js';

/**
 * Takes in a corrected roster. What crossed a loop goes with the transponder, what officials reported with the number, what
 * telemetry told with the thing, what people told with the entry: so laps that were counted for the wrong car become the right one's, and no record is rewritten. A
 * correction holds from the start of the session on.
 *
 * Limit: where telemetry goes to other laps than it was joined to, fuel per lap is measured anew from there.
 */
export function relabel(state: RaceState, roster: readonly RosterEntry[]): void {
  const before = state.entries;
  const after: Record<string, EntryState> = {};
  const moved = new Set<EntryState>();
  for (const listed of roster) {
    const timed = sourceOf(before, roster, listed, 'transponder');
    const reported = sourceOf(before, roster, listed, 'number');
    const sending = sourceOf(before, roster, listed, 'thing');
    if (timed !== undefined) moved.add(timed);
    after[listed.entry] = joined(listed, { own: before[listed.entry], timed, reported, sending });
  }
  for (const [key, entry] of Object.entries(before)) {
    const isEmpty = entry.laps.length === 0 && entry.passages.length === 0;
    if (after[key] === undefined && !moved.has(entry) && !isEmpty) after[key] = entry;
  }
  state.entries = after;
  for (const key in after) {
    after[key].bestLapMs = bestLapMs(after[key].laps);
    correctLaps(state, key);
    rebuildStops(state, key);
    refreshCarLaps(after[key]);
  }
}

/** Whose records the listed car has: the entry that had its transponder (number, thing), else itself if no other took them. */
function sourceOf(
  before: Readonly<Record<string, EntryState>>,
  roster: readonly RosterEntry[],
  listed: RosterEntry,
  name: 'transponder' | 'number' | 'thing',
): EntryState | undefined {
  if (listed[name]) {
    const holder = Object.values(before).find((entry) => entry.roster[name] === listed[name]);
    if (holder !== undefined) return holder;
  }
  const own = before[listed.entry];
  const isTaken = own?.roster[name] && roster.some((other) => other[name] === own.roster[name]);
  return isTaken ? undefined : own;
}

interface Sources {
  own: EntryState | undefined;
  timed: EntryState | undefined;
  reported: EntryState | undefined;
  sending: EntryState | undefined;
}

function joined(roster: RosterEntry, { own, timed, reported, sending }: Sources): EntryState {
  const entry = createEntry(roster);
  if (own !== undefined) entry.facts = own.facts;
  if (timed !== undefined) {
    const { laps, stops, startAtMs, position, status, passages, recounts } = timed;
    Object.assign(entry, { laps, stops, startAtMs, position, status, passages, ...(recounts && { recounts }) });
  }
  if (reported !== undefined) {
    entry.reports = reported.reports;
    entry.retirement = reported.retirement;
  }
  if (sending !== undefined) {
    const { car, alarms, alarmAtMs, carLaps } = sending;
    Object.assign(entry, { car, alarms, alarmAtMs, ...(carLaps && { carLaps }) });
    if (entry.car !== null && sending !== timed) {
      entry.car = { ...entry.car, crossings: [], fuelPerLapKg: [], fuelPerYellowLapKg: [], fuelUsedAtStartKg: null };
      entry.stops = [];
    }
  }
  return entry;
}
