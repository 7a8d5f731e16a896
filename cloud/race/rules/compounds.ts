import { factsInForce } from '../facts/in-force.js';
import type { EntryState, RaceState } from '../types.js';
import { rulesOf } from './rules.js';

/**
 * Dry compounds that the rules still ask the entry to use. Told by people: `fact tyreSet` with a name that begins with the
 * compound (`hard 2`), of lap 0 for the set that it starts on. Null where the rules ask for none, and where nobody told.
 */
export function compoundsToUse(state: RaceState, entry: EntryState): number | null {
  const { compounds } = rulesOf(state);
  if (entry.facts.length === 0) return null;
  const told = factsInForce(state, entry.facts, 'tyreSet').map(({ value }) => String(value).toLowerCase());
  if (compounds === null || told.length === 0) return null;
  // A race in which wet tyres were used asks for nothing more.
  if (told.some((set) => compounds.wet.some((wet) => set.startsWith(wet)))) return 0;
  const used = compounds.dry.filter((dry) => told.some((set) => set.startsWith(dry)));
  return Math.max(0, compounds.dryToUse - used.length);
}

/** What was on the car after so many completed laps, until the next run. */
export interface CompoundRun {
  fromLap: number;
  /** As the rules name it; null where nobody told the set, or its name begins with none of theirs. */
  compound: string | null;
}

/** The runs of an entry, oldest first; the first is from the start. */
export function compoundRuns(state: RaceState, entry: EntryState): CompoundRun[] {
  const { compounds } = rulesOf(state);
  const named = (set: string | null): string | null =>
    [...(compounds?.dry ?? []), ...(compounds?.wet ?? [])].find((name) => set?.toLowerCase().startsWith(name)) ?? null;
  const atStart = factsInForce(state, entry.facts, 'tyreSet').find(({ lap }) => lap === 0);
  const runs: CompoundRun[] = [{ fromLap: 0, compound: named(atStart === undefined ? null : String(atStart.value)) }];
  for (const { lap, tyresChanged, tyreSet } of entry.stops) {
    // For fuel alone the tyres stay.
    if (tyresChanged !== 0 || tyreSet !== null) runs.push({ fromLap: lap, compound: named(tyreSet) });
  }
  return runs;
}
