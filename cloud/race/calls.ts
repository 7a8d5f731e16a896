/**
 * The life of a pit call (decision 11), as data. A call is a command: it is proposed once, decided by a person, may be
 * sent, and ends as done, rejected or expired. Nothing leads out of those three.
 */
import type { CallSentRecord } from '#wire/engine-records.js';
import type { CallAckMessage } from '#wire/messages.js';
import { findEntryOfThing } from './entries.js';
import { ignore } from './ignored.js';
import { findLap, lapsCompleted } from './laps.js';
import { stopLossMs } from './stop-loss.js';
import type { CallState, CallStatus, Lap, RaceState, RaceTrigger, Stop } from './types.js';

/** Where each status may lead. A call that goes by radio is never sent nor delivered: it is done from `accepted`. */
export const CALL_TRANSITIONS: Readonly<Record<CallStatus, readonly CallStatus[]>> = {
  proposed: ['accepted', 'rejected', 'done', 'expired'],
  accepted: ['sent', 'delivered', 'rejected', 'done', 'expired'],
  sent: ['delivered', 'rejected', 'done', 'expired'],
  delivered: ['done', 'expired'],
  rejected: [],
  done: [],
  expired: [],
};

/** Calls of an entry kept in the state; older ones that have ended stand in the table of calls. */
const MAX_CALLS_PER_ENTRY = 30;

export function isOpenCall(call: CallState): boolean {
  return CALL_TRANSITIONS[call.status].length > 0;
}

/** The one open call of an entry, if there is one. */
export function openCallOf(state: RaceState, entry: string): CallState | undefined {
  for (const callId in state.calls) {
    const call = state.calls[callId];
    if (call.call.entry === entry && isOpenCall(call)) return call;
  }
  return undefined;
}

/** Takes in what strategy proposed; the call that it supersedes expires. A call that is known already changes nothing. */
export function addCall(state: RaceState, proposed: CallState): RaceTrigger[] {
  const { callId, supersedes } = proposed.call;
  if (state.calls[callId] !== undefined) return [];
  const atMs = proposed.history[0].atMs;
  const triggers: RaceTrigger[] = [];
  if (supersedes !== null && transition(state, supersedes, 'expired', `superseded by ${callId}`, atMs)) {
    triggers.push({ type: 'call', callId: supersedes, status: 'expired', atMs });
  }
  state.calls[callId] = proposed;
  const ofEntry = Object.values(state.calls).filter(({ call }) => call.entry === proposed.call.entry);
  for (const old of ofEntry.slice(0, -MAX_CALLS_PER_ENTRY)) if (!isOpenCall(old)) delete state.calls[old.call.callId];
  triggers.push({ type: 'call', callId, status: proposed.status, atMs });
  return triggers;
}

/** Moves a call on; false (and nothing changed) when the call is unknown or the table does not lead there. */
export function transition(state: RaceState, callId: string, status: CallStatus, by: string, atMs: number): boolean {
  const call = state.calls[callId];
  if (call === undefined || !CALL_TRANSITIONS[call.status].includes(status)) return false;
  call.status = status;
  call.history.push({ status, atMs, by });
  return true;
}

/** Ends open calls whose time is over, or whose car has passed their last lap; returns their ids. */
export function expireCalls(state: RaceState, nowMs: number): string[] {
  const expired: string[] = [];
  for (const callId in state.calls) {
    const call = state.calls[callId];
    if (!isOpenCall(call)) continue;
    const entry = state.entries[call.call.entry];
    // A car inside the pit lane has obeyed already, though its lap is counted before the stop is told.
    const passed = entry !== undefined && entry.status !== 'pit' && lapsCompleted(entry) > call.call.lapTo;
    const by = nowMs >= call.call.expiresAtMs ? 'time' : passed ? 'lap' : null;
    if (by !== null && transition(state, callId, 'expired', by, nowMs)) expired.push(callId);
  }
  return expired;
}

/** The car stopped: its open call is done when the lap was one of the call's, else it has become void. */
export function settleCalls(state: RaceState, entry: string, stop: Stop): RaceTrigger[] {
  const triggers: RaceTrigger[] = [];
  for (const callId in state.calls) {
    const { call, history } = state.calls[callId];
    // A stop from before the proposal, told late, settles nothing.
    if (call.entry !== entry || call.action !== 'pit' || stop.inMs < history[0].atMs) continue;
    const status = stop.lap >= call.lapFrom && stop.lap <= call.lapTo ? 'done' : 'expired';
    if (transition(state, callId, status, `stop on lap ${stop.lap}`, stop.inMs)) {
      triggers.push({ type: 'call', callId, status, atMs: stop.inMs });
    }
  }
  return triggers;
}

/**
 * The engine sent it. The word of it may come behind the car's answer, or when the call has ended: then the step takes its
 * place in the history all the same.
 */
export function applyCallSent(state: RaceState, { callId, revision, eventTimeMs }: CallSentRecord): RaceTrigger[] {
  const known = state.calls[callId];
  if (known === undefined || known.call.revision !== revision) return ignore(state, 'unknown-call');
  const accepted = known.history.findIndex(({ status }) => status === 'accepted');
  if (accepted === -1 || known.history.some(({ status }) => status === 'sent')) return [];
  if (!transition(state, callId, 'sent', 'engine', eventTimeMs)) {
    known.history.splice(accepted + 1, 0, { status: 'sent', atMs: eventTimeMs, by: 'engine' });
  }
  return [{ type: 'call', callId, status: 'sent', atMs: eventTimeMs }];
}

/**
 * What became of calls that have ended, told when the car has completed the out-lap of its next stop: also of calls that were
 * rejected, so that the wall sees what it did instead. A call that a newer one superseded has no outcome of its own.
 */
export function settleOutcomes(state: RaceState): RaceTrigger[] {
  const triggers: RaceTrigger[] = [];
  for (const callId in state.calls) {
    const known = state.calls[callId];
    if (known.outcome !== undefined || isOpenCall(known) || known.call.action !== 'pit' || isSuperseded(state, callId))
      continue;
    const entry = state.entries[known.call.entry];
    const stop = entry?.stops.find(({ inMs }) => inMs >= known.history[0].atMs);
    const out = stop && findLap(entry, stop.lap + 1);
    if (stop === undefined || out === undefined) continue;
    const { lapFrom, lapTo } = known.call;
    const asCalled = stop.lap >= lapFrom && stop.lap <= lapTo;
    const lossMs = stopLossMs(state, entry, stop);
    known.outcome = {
      lap: stop.lap,
      asCalled,
      position: placeAt(state, out),
      predictedPosition: known.expected?.position ?? null,
      lossMs,
      gainMs:
        !asCalled || lossMs === null || known.expected === undefined
          ? null
          : Math.round(known.expectedGainMs - (lossMs - known.expected.lossMs)),
    };
    triggers.push({ type: 'call', callId, status: known.status, atMs: out.atMs });
  }
  return triggers;
}

/** Its successor is younger, so that it is kept for longer. */
function isSuperseded({ calls }: RaceState, callId: string): boolean {
  return Object.values(calls).some(({ call }) => call.supersedes === callId);
}

/** Official; where the feed gives none, by the cars that completed the lap before. */
function placeAt(state: RaceState, { lap, atMs, position }: Lap): number {
  if (position !== null) return position;
  return 1 + Object.values(state.entries).filter((other) => (findLap(other, lap)?.atMs ?? atMs) < atMs).length;
}

/** What the car answered. A refusal by the car is a rejection; expired or superseded in the car is expired here. */
export function applyCallAck(state: RaceState, ack: CallAckMessage): RaceTrigger[] {
  const known = state.calls[ack.callId];
  if (known === undefined || known.call.revision !== ack.revision) return ignore(state, 'unknown-call');
  if (findEntryOfThing(state, ack.thing)?.roster.entry !== known.call.entry) return ignore(state, 'unknown-thing');
  const status = STATUS_OF_OUTCOME[ack.outcome];
  if (status === undefined || !Number.isFinite(ack.eventTimeMs)) return ignore(state, 'damaged');
  if (known.status === status) return [];
  const by = ack.reason === undefined ? ack.thing : `${ack.thing}: ${ack.reason}`;
  if (!transition(state, ack.callId, status, by, ack.eventTimeMs)) return ignore(state, 'call-transition');
  return [{ type: 'call', callId: ack.callId, status, atMs: ack.eventTimeMs }];
}

const STATUS_OF_OUTCOME: Partial<Record<string, CallStatus>> = {
  delivered: 'delivered',
  expired: 'expired',
  superseded: 'expired',
  refused: 'rejected',
};
