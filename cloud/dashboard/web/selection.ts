import type { RaceView } from '../view.js';

/** The selected car stands in the address, so that a link shows the same car: `#car=24`. */
export function entryOfHash(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('car') ?? undefined;
}

export function hashOfEntry(entry: string): string {
  return `#${new URLSearchParams({ car: entry })}`;
}

/** Entries as the tower draws them. */
function entriesInOrder(view: RaceView): string[] {
  return Object.values(view.rows)
    .sort((left, right) => left.order - right.order)
    .map((row) => row.entry);
}

/** The wanted car if it is in the race, else the first of our own, else the leader. */
export function selectable(view: RaceView, wanted: string | undefined): string | undefined {
  if (wanted !== undefined && Object.hasOwn(view.rows, wanted)) return wanted;
  const entries = entriesInOrder(view);
  return entries.find((entry) => view.rows[entry].own) ?? entries[0];
}

/** The car `steps` places further down; stops at both ends. */
export function neighbour(view: RaceView, entry: string | undefined, steps: number): string | undefined {
  const entries = entriesInOrder(view);
  const at = entry === undefined ? -1 : entries.indexOf(entry);
  return entries[Math.min(entries.length - 1, Math.max(0, at + steps))];
}
