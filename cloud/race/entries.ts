/** How timing and telemetry name an entry. */
import type { EntryState, RaceState } from './types.js';

/** More laps than any race has; on-car counters that fail show 32768. */
export const MAX_LAP = 5_000;

/** By transponder; by number where the feed names none ('') or it is not in the roster (a spare one was fitted). */
export function findEntry(
  state: RaceState,
  named: { transponder?: string; number: string },
): { key: string; entry: EntryState } | undefined {
  let byNumber: { key: string; entry: EntryState } | undefined;
  for (const key in state.entries) {
    const entry = state.entries[key];
    if (named.transponder && entry.roster.transponder === named.transponder) return { key, entry };
    if (entry.roster.number === named.number) byNumber ??= { key, entry };
  }
  return byNumber;
}

/** The entry whose telemetry the thing sends, by the newest roster. */
export function findEntryOfThing(state: RaceState, thing: string): EntryState | undefined {
  for (const key in state.entries) if (state.entries[key].roster.thing === thing) return state.entries[key];
  return undefined;
}
