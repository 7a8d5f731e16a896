/** How timing and telemetry name an entry. */
import type { RosterEntry } from '#wire/race-records.js';
import type { EntryState, RaceState } from './types.js';

/** More laps than any race has; on-car counters that fail show 32768. */
export const MAX_LAP = 5_000;

/** The roster's row for the entry that held at that event time; undefined before the first. A row without a begin always held. */
export function rosterAt({ roster, rosterBefore }: EntryState, atMs: number): RosterEntry | undefined {
  if (hasBegun(roster, atMs)) return roster;
  return rosterBefore?.findLast((row) => hasBegun(row, atMs));
}

/** By transponder; by number where the feed names none ('') or it is not in the roster (a spare one was fitted). */
export function findEntry(
  state: RaceState,
  named: { transponder?: string; number: string; eventTimeMs: number },
): { key: string; entry: EntryState } | undefined {
  let byNumber: { key: string; entry: EntryState } | undefined;
  for (const key in state.entries) {
    const entry = state.entries[key];
    const row = rosterAt(entry, named.eventTimeMs);
    if (row === undefined) continue;
    if (named.transponder && row.transponder === named.transponder) return { key, entry };
    if (row.number === named.number) byNumber ??= { key, entry };
  }
  return byNumber;
}

/** The entry whose telemetry the thing sent at that event time; without one, as the roster is now. */
export function findEntryOfThing(state: RaceState, thing: string, atMs?: number): EntryState | undefined {
  for (const key in state.entries) {
    const entry = state.entries[key];
    const row = atMs === undefined ? entry.roster : rosterAt(entry, atMs);
    if (row?.thing === thing) return entry;
  }
  return undefined;
}

/** Rows of one entry, as they follow each other; of two that begin together the later one counts. */
export function rowsByEntry(roster: readonly RosterEntry[]): Map<string, RosterEntry[]> {
  const rows = new Map<string, RosterEntry[]>();
  for (const row of roster) {
    const known = rows.get(row.entry)?.filter(({ fromMs }) => fromMs !== row.fromMs) ?? [];
    rows.set(
      row.entry,
      [...known, row].sort((a, b) => beginMs(a) - beginMs(b)),
    );
  }
  return rows;
}

function hasBegun({ fromMs }: RosterEntry, atMs: number): boolean {
  return fromMs === undefined || fromMs <= atMs;
}

function beginMs({ fromMs = Number.MIN_SAFE_INTEGER }: RosterEntry): number {
  return fromMs;
}
