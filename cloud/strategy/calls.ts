import { openCallOf } from '#cloud/race/calls.js';
import { isRacing, lapsCompleted, lastLap } from '#cloud/race/laps.js';
import type { CallState, EntryState, RaceState } from '#cloud/race/types.js';
import { reasonsFor } from './reasons.js';
import type { EntryAnswer, StopPlan, StrategyAnswer } from './types.js';

/** A call is made so many laps ahead: the wall decides, the driver hears it, the crew gets ready. */
const LEAD_LAPS = 3;
/** Laps on which it may be obeyed: the planned one and up to so many more. */
const SLACK_LAPS = 2;
/** No calls before the models have seen some laps. */
const FIRST_LAP = 3;
/** Advice that moved by no more than this is the same advice. */
const SAME_LAPS = 2;
/** A lap under caution takes up to so many green laps; the expiry allows for one that falls while the call is open. */
const CAUTION_LAP_SHARE = 1.6;

/**
 * Pit calls that should be made now, for own cars: at most one open call an entry. A call is due when the planned lap is
 * near, or a caution is out inside the window and stopping under it gains. A proposal that nobody has
 * decided on is superseded when the advice moves by more than two laps, changes tyres, or a caution opens a cheaper stop;
 * what a person accepted is left alone, and what was rejected is not proposed again before its laps are over or a new
 * caution falls.
 *
 * Pure: hand the result to `addCall`.
 */
export function proposeCalls(state: RaceState, answer: StrategyAnswer): CallState[] {
  if (state.phase !== 'running') return [];
  const proposed: CallState[] = [];
  for (const key of Object.keys(state.entries).sort()) {
    const entry = state.entries[key];
    const own = answer.entries[key];
    const plan = own?.plan;
    if (!entry.roster.own || entry.status !== 'running' || plan == null || lapsCompleted(entry) < FIRST_LAP) continue;
    const open = openCallOf(state, key);
    if (open === undefined ? isDue(state, entry, plan) : isRevision(entry, open, plan, answer)) {
      proposed.push(createCall(state, answer, own, plan, open));
    }
  }
  return proposed;
}

function isDue(state: RaceState, entry: EntryState, plan: StopPlan): boolean {
  const lap = lapsCompleted(entry);
  const near = plan.opportunity || plan.lap - lap <= LEAD_LAPS;
  return near && (plan.gainMs.mean > 0 || !plan.opportunity) && !wasRejected(state, entry, lap);
}

function wasRejected(state: RaceState, entry: EntryState, lap: number): boolean {
  const rejected = Object.values(state.calls).findLast(({ call }) => call.entry === entry.roster.entry);
  if (rejected?.status !== 'rejected' || lap >= rejected.call.lapTo) return false;
  const rejectedMs = rejected.history[rejected.history.length - 1].atMs;
  return !state.flags.some(({ flag, atMs }) => flag === 'yellow' && atMs > rejectedMs);
}

function isRevision(entry: EntryState, open: CallState, plan: StopPlan, answer: StrategyAnswer): boolean {
  if (open.status !== 'proposed') return false;
  const { call, history } = open;
  if (plan.opportunity) return plan.lap < call.lapFrom && plan.gainMs.mean > 0;
  const last = lastLap(entry)!;
  // One revision a lap at most: figures breathe from record to record.
  const settled = last.atMs > history[0].atMs && answer.atMs > history[0].atMs;
  const moved = plan.lap < call.lapFrom - SAME_LAPS || plan.lap > call.lapTo + SAME_LAPS;
  return settled && (moved || plan.service.tyres !== call.service.tyres) && plan.gainMs.mean > 0;
}

function createCall(
  state: RaceState,
  answer: StrategyAnswer,
  own: EntryAnswer,
  plan: StopPlan,
  open: CallState | undefined,
): CallState {
  const { race } = state.session;
  const { entry } = own;
  const lapTo = Math.max(plan.lap, Math.min(own.pitWindow!.closeLap, plan.lap + SLACK_LAPS));
  return {
    call: {
      v: 1,
      kind: 'call',
      callId: `${race}-${entry}-${nextNumber(state, entry)}`,
      revision: (open?.call.revision ?? 0) + 1,
      supersedes: open?.call.callId ?? null,
      race,
      entry,
      action: 'pit',
      lapFrom: plan.lap,
      lapTo,
      service: plan.service,
      text: callText(plan, lapTo),
      expiresAtMs: expiresAtMs(state, own, lapTo),
    },
    status: 'proposed',
    reasons: reasonsFor(state, answer, own, plan),
    expectedGainMs: Math.round(plan.gainMs.mean),
    gainLowMs: Math.round(plan.gainMs.low),
    gainHighMs: Math.round(plan.gainMs.high),
    history: [{ status: 'proposed', atMs: answer.atMs, by: 'strategy' }],
    answer: answer.provenance,
  };
}

function callText({ lap, service }: StopPlan, lapTo: number): string {
  const laps = lapTo > lap ? `lap ${lap}, at the latest ${lapTo}` : `lap ${lap}`;
  return `Pit on ${laps}: ${service.tyres === 0 ? 'no tyres' : `${service.tyres} tyres`}, ${service.fuelKg.toFixed(1)} kg.`;
}

/** When the car will have completed the last lap of the call, with room for slow laps under caution. */
function expiresAtMs(state: RaceState, own: EntryAnswer, lapTo: number): number {
  const last = lastLap(state.entries[own.entry])!;
  const lapMs = own.paceMs!.mean;
  const laps =
    lapTo - last.lap + (isRacing(state.flag) ? CAUTION_LAP_SHARE - 1 : (lapTo - last.lap) * (CAUTION_LAP_SHARE - 1));
  return Math.round(last.atMs + laps * lapMs);
}

/** Numbers of an entry's calls grow by one; ended calls may have left the state, the newest never has. */
function nextNumber(state: RaceState, entry: string): number {
  let greatest = 0;
  for (const { call } of Object.values(state.calls)) {
    if (call.entry === entry)
      greatest = Math.max(greatest, Number(call.callId.slice(call.callId.lastIndexOf('-') + 1)));
  }
  return greatest + 1;
}
