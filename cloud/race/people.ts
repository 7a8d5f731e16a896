import type { CallDecision, FactInput, SessionClose, SessionOpen } from '#wire/race-records.js';
import { transition } from './calls.js';
import { createEntry } from './create.js';
import { ignore } from './ignored.js';
import { refreshOrder } from './order.js';
import { rebuildStops } from './stops.js';
import type { PersonFact, RaceState, RaceTrigger } from './types.js';

/** Facts kept per entry: a 24-hour race has about 35 stops with fuel and tyres each, and some notes. */
const MAX_FACTS = 200;

/** An `open` for a race that is open already corrects roster and figures: data is relabelled, never rewritten. */
export function applySession(state: RaceState, record: SessionOpen | SessionClose): RaceTrigger[] {
  if (record.type === 'close') {
    if (state.phase === 'closed') return [];
    state.phase = 'closed';
    return [{ type: 'session', phase: 'closed', atMs: record.eventTimeMs }];
  }
  if (record.inputId === state.session.inputId || record.eventTimeMs < state.session.eventTimeMs) return [];
  state.session = record;
  const listed = new Set<string>();
  for (const roster of record.roster) {
    listed.add(roster.entry);
    const entry = state.entries[roster.entry];
    if (entry === undefined) state.entries[roster.entry] = createEntry(roster);
    else entry.roster = roster;
  }
  for (const [key, entry] of Object.entries(state.entries)) {
    if (!listed.has(key) && entry.laps.length === 0 && entry.passages.length === 0) delete state.entries[key];
  }
  refreshOrder(state);
  return [{ type: 'session', phase: state.phase, atMs: record.eventTimeMs }];
}

/** Fuel, tyres or a note, by a person. Of two about the same lap and matter the later one counts. */
export function applyFact(state: RaceState, fact: FactInput): RaceTrigger[] {
  const entry = state.entries[fact.entry];
  if (entry === undefined) return ignore(state, 'unknown-entry');
  if (!isPlausible(fact)) return ignore(state, 'damaged');
  const { type, lap, value, eventTimeMs: atMs, author, inputId } = fact;
  const { facts } = entry;
  if (facts.some((known) => known.inputId === inputId)) return [];
  const rival = type === 'note' ? -1 : facts.findIndex((known) => known.type === type && known.lap === lap);
  if (rival >= 0) {
    // Two facts of the same moment: the id decides, so that arrival order cannot.
    const known = facts[rival];
    if (known.atMs > atMs || (known.atMs === atMs && known.inputId > inputId)) return [];
    facts.splice(rival, 1);
  } else if (facts.length >= MAX_FACTS) return ignore(state, 'too-many-facts');
  facts.push({ type, lap, value, atMs, author, inputId } satisfies PersonFact);
  facts.sort((a, b) => a.atMs - b.atMs || (a.inputId < b.inputId ? -1 : 1));
  return [{ type: 'fact', entry: fact.entry, atMs }, ...rebuildStops(state, fact.entry)];
}

/** A person accepted or rejected a call. */
export function applyDecision(state: RaceState, record: CallDecision): RaceTrigger[] {
  const known = state.calls[record.callId];
  if (known === undefined || known.call.revision !== record.revision) return ignore(state, 'unknown-call');
  const { callId, decision, author, eventTimeMs: atMs } = record;
  if (known.status === decision) return [];
  if (!transition(state, callId, decision, author, atMs)) return ignore(state, 'call-transition');
  return [{ type: 'call', callId, status: decision, atMs }];
}

function isPlausible({ type, value, lap, eventTimeMs }: FactInput): boolean {
  if (!Number.isFinite(eventTimeMs) || (lap !== null && !Number.isInteger(lap))) return false;
  if (type === 'note') return typeof value === 'string';
  if (type === 'tyres') return value === 0 || value === 2 || value === 4;
  return type === 'fuelAdded' && typeof value === 'number' && value >= 0 && Number.isFinite(value);
}
