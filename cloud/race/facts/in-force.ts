import type { FactType } from '#wire/race-records.js';
import type { EntryState, PersonFact, RaceState } from '../types.js';
import { FACT_TYPES } from './fact-types.js';

/** Of one type, those that count: neither undone nor replaced by a later one. Ascending by (time, id), as they are kept. */
export function factsInForce(state: RaceState, facts: readonly PersonFact[], type: FactType): PersonFact[] {
  const said = facts.filter((fact) => fact.type === type && !isUndone(state, fact.inputId));
  const { replaces } = FACT_TYPES[type];
  if (replaces === 'none') return said;
  return said.filter(
    (fact, index) => !said.slice(index + 1).some((later) => replaces === 'any' || later.lap === fact.lap),
  );
}

/** The newest of a type of which only one counts at a time. */
export function factInForce(state: RaceState, entry: EntryState, type: FactType): PersonFact | undefined {
  return entry.facts.length === 0 ? undefined : factsInForce(state, entry.facts, type).at(-1);
}

function isUndone(state: RaceState, inputId: string): boolean {
  return state.undone.some(({ undoes }) => undoes === inputId);
}

/** What is damaged, in a person's words; null when nobody said so, or said that it is mended. */
export function damageOf(state: RaceState, entry: EntryState): string | null {
  const said = factInForce(state, entry, 'damage')?.value;
  return typeof said === 'string' && said !== 'none' ? said : null;
}
