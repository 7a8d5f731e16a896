import type { TimingMessage } from '#wire/messages.js';
import type { RaceRecord } from '#wire/race-records.js';
import { applyCallAck, applyCallSent, expireCalls, settleOutcomes } from './calls.js';
import { applyAgentEvent, applyHealth } from './car.js';
import { refreshSilence } from './car-laps.js';
import { applyFact } from './facts/facts.js';
import { applyFlag } from './flags.js';
import { ignore } from './ignored.js';
import { refreshOrder } from './order.js';
import { applyPassing } from './passings.js';
import { applyDecision, applySession } from './people.js';
import { applyRecount } from './recounts.js';
import { applyRetirement, refreshStatus } from './status.js';
import { applyStop } from './stops.js';
import type { RaceState, RaceTrigger } from './types.js';

/**
 * Folds one record of `pitwall-race` into the state and tells what was found. Deterministic and idempotent; never throws
 * for what a record holds: what cannot be used is counted by reason in `state.ignored`. `arrivalMs`: the stream's stamp (race
 * clock); where there is none, the record's own time stands for it.
 *
 * The state is changed in place: laps of a whole field are not copied for each record.
 */
export function applyRecord(state: RaceState, record: RaceRecord, arrivalMs?: number): RaceTrigger[] {
  const triggers = foldRecord(state, record, arrivalMs);
  triggers.push(...refreshSilence(state));
  return triggers;
}

function foldRecord(state: RaceState, record: RaceRecord, arrivalMs: number | undefined): RaceTrigger[] {
  switch (record.kind) {
    case 'timing':
      return applyTiming(state, record);
    case 'event':
      return applyAgentEvent(state, record);
    case 'health':
      return applyHealth(state, record, arrivalMs ?? record.eventTimeMs);
    case 'callAck':
      return applyCallAck(state, record);
    case 'session':
    case 'fact':
    case 'callDecision':
      return applyPeople(state, record);
    case 'callSent':
      return applyCallSent(state, record);
    case 'lapChannels':
    case 'forecast':
      // For tables and reports, and for strategy; the race itself does not need them.
      return [];
    default:
      return ignore(state, 'unknown-kind');
  }
}

function applyTiming(state: RaceState, message: TimingMessage): RaceTrigger[] {
  if (message.thing !== state.session.timingThing) return ignore(state, 'not-official-timing');
  const triggers = foldTiming(state, message);
  seen(state, message.eventTimeMs);
  heard(state, message.eventTimeMs);
  return derived(state, triggers);
}

/** What follows from timing and from people's facts alike: status, order, calls whose time is over. */
function derived(state: RaceState, triggers: RaceTrigger[]): RaceTrigger[] {
  triggers.push(...refreshStatus(state));
  refreshOrder(state);
  for (const callId of expireCalls(state, state.lastEventMs)) {
    triggers.push({ type: 'call', callId, status: 'expired', atMs: state.lastEventMs });
  }
  triggers.push(...settleOutcomes(state));
  return triggers;
}

function foldTiming(state: RaceState, message: TimingMessage): RaceTrigger[] {
  switch (message.type) {
    case 'passing':
      return applyPassing(state, message);
    case 'flag':
      return applyFlag(state, message);
    case 'stop':
      return applyStop(state, message);
    case 'retirement':
      return applyRetirement(state, message);
    case 'recount':
      return applyRecount(state, message);
    default:
      return ignore(state, 'unknown-kind');
  }
}

function applyPeople(
  state: RaceState,
  record: Extract<RaceRecord, { kind: 'session' | 'fact' | 'callDecision' }>,
): RaceTrigger[] {
  if (record.race !== state.session.race) return ignore(state, 'other-race');
  seen(state, record.eventTimeMs);
  switch (record.kind) {
    case 'session':
      return applySession(state, record);
    case 'fact':
      return derived(state, applyFact(state, record));
    default:
      return applyDecision(state, record);
  }
}

/** Official timing spoke; of what it told only the time counts here. */
function heard(state: RaceState, atMs: number): void {
  if (!Number.isFinite(atMs)) return;
  state.timing ??= { atMs, silentSinceMs: null };
  state.timing.atMs = Math.max(state.timing.atMs, atMs);
}

function seen(state: RaceState, atMs: number): void {
  if (Number.isFinite(atMs) && atMs > state.lastEventMs) state.lastEventMs = atMs;
}
