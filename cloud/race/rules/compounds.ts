import { factsInForce } from '../facts/in-force.js';
import type { EntryState, RaceState } from '../types.js';
import { rulesOf } from './rules.js';

/**
 * Dry compounds that the rules still ask the entry to use. Told by people: `fact tyreSet` with a name that begins with the
 * compound (`hard 2`), of lap 0 for the set that it starts on. Null where the rules ask for none, and where nobody told.
 */
export function compoundsToUse(state: RaceState, entry: EntryState): number | null {
  const { compounds } = rulesOf(state);
  const told = factsInForce(state, entry.facts, 'tyreSet').map(({ value }) => String(value).toLowerCase());
  if (compounds === null || told.length === 0) return null;
  // A race in which wet tyres were used asks for nothing more.
  if (told.some((set) => compounds.wet.some((wet) => set.startsWith(wet)))) return 0;
  const used = compounds.dry.filter((dry) => told.some((set) => set.startsWith(dry)));
  return Math.max(0, compounds.dryToUse - used.length);
}
