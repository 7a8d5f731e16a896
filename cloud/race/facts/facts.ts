import type { FactInput, FactUndo } from '#wire/race-records.js';
import { rebuildFlags } from '../flags.js';
import { ignore } from '../ignored.js';
import { rebuildStops } from '../stops.js';
import type { PersonFact, RaceState, RaceTrigger } from '../types.js';
import { whyNotAFact } from './fact-types.js';
import { correctLaps } from './lap-times.js';

/** Facts kept per entry, and of the race: a 24-hour race has about 35 stops with fuel and tyres each, and some notes. */
const MAX_FACTS = 200;
/** Undone by mistake and said again, a few times: more is a machine. */
const MAX_UNDONE = 1_000;

/**
 * What a person said, or took back. Every fact is kept, also those that later ones replace: what counts is derived, so that
 * an undo gives back what was before, and may come before what it undoes.
 */
export function applyFact(state: RaceState, input: FactInput | FactUndo): RaceTrigger[] {
  if (!Number.isFinite(input.eventTimeMs)) return ignore(state, 'damaged');
  return input.type === 'undo' ? undo(state, input) : stated(state, input);
}

function stated(state: RaceState, input: FactInput): RaceTrigger[] {
  const { type, entry: key, lap, value, eventTimeMs: atMs, author, inputId } = input;
  if (whyNotAFact(input) !== null) return ignore(state, 'damaged');
  const entry = key === null ? undefined : state.entries[key];
  if (key !== null && entry === undefined) return ignore(state, 'unknown-entry');
  const facts = entry?.facts ?? state.facts;
  if (facts.some((known) => known.inputId === inputId)) return [];
  if (facts.length >= MAX_FACTS) return ignore(state, 'too-many-facts');
  const fact: PersonFact = { type, lap, value, atMs, author, inputId };
  facts.push(fact);
  facts.sort((a, b) => a.atMs - b.atMs || (a.inputId < b.inputId ? -1 : 1));
  return consequences(state, key, fact);
}

function undo(state: RaceState, { undoes, eventTimeMs: atMs, author, inputId }: FactUndo): RaceTrigger[] {
  if (typeof undoes !== 'string' || undoes === '') return ignore(state, 'damaged');
  const known = state.undone.findIndex((other) => other.undoes === undoes);
  if (known >= 0) {
    // Undone twice: the earlier one is told, whichever came first.
    const other = state.undone[known];
    if (other.atMs < atMs || (other.atMs === atMs && other.inputId <= inputId)) return [];
    state.undone.splice(known, 1);
  } else if (state.undone.length >= MAX_UNDONE) return ignore(state, 'too-many-facts');
  state.undone.push({ undoes, atMs, author, inputId });
  state.undone.sort((a, b) => (a.undoes < b.undoes ? -1 : 1));
  const ofRace = state.facts.find((fact) => fact.inputId === undoes);
  if (ofRace !== undefined) return consequences(state, null, ofRace);
  for (const key in state.entries) {
    const fact = state.entries[key].facts.find((one) => one.inputId === undoes);
    if (fact !== undefined) return consequences(state, key, fact);
  }
  return [];
}

/** Derives anew what the fact bears on; status and order follow in `applyRecord`. */
function consequences(state: RaceState, key: string | null, { type, atMs }: PersonFact): RaceTrigger[] {
  const triggers: RaceTrigger[] = [{ type: 'fact', entry: key, atMs }];
  if (type === 'flag') triggers.push(...rebuildFlags(state, atMs));
  if (key === null) return triggers;
  if (type === 'lapTime') triggers.push(...correctLaps(state, key));
  triggers.push(...rebuildStops(state, key));
  return triggers;
}
