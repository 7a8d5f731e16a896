import { lastLap, officialLaps } from './laps.js';
import type { EntryState, RaceState } from './types.js';

/** One entry as it is ranked. */
interface Ranked {
  key: string;
  laps: number;
  entry: EntryState;
  gridIndex: number;
}

/**
 * The running order: laps that timing confirmed, then the official positions where every car of that lap has one, else the time of
 * crossing. Official positions are used as given: sums of lap times mis-order real fields.
 */
export function refreshOrder(state: RaceState): void {
  const ranked: Ranked[] = gridOrder(state).map((key, gridIndex) => ({
    key,
    laps: officialLaps(state.entries[key]),
    entry: state.entries[key],
    gridIndex,
  }));
  ranked.sort((a, b) => b.laps - a.laps);
  state.order = [];
  for (let from = 0; from < ranked.length; ) {
    let to = from + 1;
    while (to < ranked.length && ranked[to].laps === ranked[from].laps) to++;
    const group = ranked.slice(from, to);
    const official = group.every(({ entry }) => lastLap(entry)?.position != null);
    const place = official ? ({ entry }: Ranked) => lastLap(entry)!.position! : crossedAtMs;
    group.sort(
      (a, b) => compare(place(a), place(b)) || compare(crossedAtMs(a), crossedAtMs(b)) || a.gridIndex - b.gridIndex,
    );
    for (const { key } of group) state.order.push(key);
    from = to;
  }
  state.lap = ranked.length === 0 ? 0 : ranked[0].laps;
  state.order.forEach((key, index) => {
    const entry = state.entries[key];
    const given = entry.status === 'retired' ? null : (lastLap(entry)?.position ?? null);
    entry.position = given ?? index + 1;
  });
}

/** Roster order, which is the grid; entries that a later roster dropped come last. Keys of an object would sort as numbers. */
function gridOrder(state: RaceState): string[] {
  const keys = new Set([...state.session.roster.map(({ entry }) => entry), ...Object.keys(state.entries)]);
  return [...keys].filter((key) => state.entries[key] !== undefined);
}

/** Comparing, not subtracting: cars that have not crossed at all have an infinite time, and ∞ − ∞ is not a number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function crossedAtMs({ entry }: Ranked): number {
  return lastLap(entry)?.atMs ?? entry.startAtMs ?? Number.POSITIVE_INFINITY;
}
