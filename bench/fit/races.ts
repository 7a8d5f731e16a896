import { listRaces, readRace } from '#cli/strategy/race-files.js';
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { seriesGroup } from '#cloud/strategy/models/field.js';

/** Usable races by group of series; `other` = all of them, from which what has no fit of its own is forecast. */
export function pastRaces(dataDir: string): Map<string, PastRace[]> {
  const groups = new Map<string, PastRace[]>();
  const other: PastRace[] = [];
  for (const listing of listRaces(dataDir)) {
    if (!listing.usable) continue;
    const race: PastRace = { ...listing, history: readRace(dataDir, listing) };
    const group = seriesGroup(race.series);
    groups.set(group, [...(groups.get(group) ?? []), race]);
    other.push(race);
  }
  return groups.set('other', other);
}
