import type { CallDecision, SessionClose, SessionOpen } from '#wire/race-records.js';
import { transition } from './calls.js';
import { ignore } from './ignored.js';
import { refreshOrder } from './order.js';
import { relabel } from './relabel.js';
import { refreshStatus } from './status.js';
import type { RaceState, RaceTrigger } from './types.js';

/** An `open` for a race that is open already corrects roster and figures: data is relabelled, never rewritten. */
export function applySession(state: RaceState, record: SessionOpen | SessionClose): RaceTrigger[] {
  if (record.type === 'close') {
    if (state.phase === 'closed') return [];
    state.phase = 'closed';
    return [{ type: 'session', phase: 'closed', atMs: record.eventTimeMs }];
  }
  if (record.inputId === state.session.inputId || record.eventTimeMs < state.session.eventTimeMs) return [];
  state.session = record;
  relabel(state, record.roster);
  const triggers = refreshStatus(state);
  refreshOrder(state);
  triggers.push({ type: 'session', phase: state.phase, atMs: record.eventTimeMs });
  return triggers;
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
