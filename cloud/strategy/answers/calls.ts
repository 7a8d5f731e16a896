import { openCallOf } from '#cloud/race/calls.js';
import { isCaution, isRacing, lapsCompleted, lastLap } from '#cloud/race/laps.js';
import type { CallState, EntryState, RaceState } from '#cloud/race/types.js';
import { type Advice, adviceFor, serviceOf } from './advice.js';
import type { Forecast } from './forecast-types.js';
import { reasonsFor } from './reasons.js';
import type { Answers, OwnAnswer } from './types.js';

/** A call is made so many laps ahead: the wall decides, the driver hears it, the crew gets ready. */
const LEAD_LAPS = 3;
/** No calls before the models have seen some laps. */
const FIRST_LAP = 3;
/** Advice that moved by no more than this is the same advice. */
const SAME_LAPS = 2;
/** A lap under caution takes up to so many green laps; the expiry allows for one that falls while the call is open. */
const CAUTION_LAP_SHARE = 1.6;

/**
 * Pit calls that should be made now, for own cars: at most one open call an entry. A call is due when the planned lap is
 * near, or a caution is out and stopping under it gains. A proposal that nobody has
 * decided on is superseded, once a lap at most, when the advice moves by more than two laps, changes tyres, or a caution opens a
 * cheaper stop; what a person accepted is left alone, and what was rejected is not proposed again before its laps are over or a
 * new caution falls. A car that needs no stop, and gains by none, gets no call.
 *
 * Pure: hand the result to `addCall`.
 *
 * @param forecast the newest one; calls rest on it while it is fresh, and on the quick models before there is one
 */
export function proposeCalls(state: RaceState, answers: Answers, forecast: Forecast | null = null): CallState[] {
  if (state.phase !== 'running') return [];
  const proposed: CallState[] = [];
  for (const key of Object.keys(answers.own).sort()) {
    const entry = state.entries[key];
    if (entry === undefined || !entry.roster.own || entry.status !== 'running' || lapsCompleted(entry) < FIRST_LAP)
      continue;
    const own = answers.own[key];
    const advice = adviceFor(state, answers, forecast, own);
    if (advice === null) continue;
    const open = openCallOf(state, key);
    if (open === undefined ? isDue(state, entry, own, advice) : isRevision(entry, open, advice, answers)) {
      proposed.push(createCall(state, answers, own, advice, open));
    }
  }
  return proposed;
}

function isDue(state: RaceState, entry: EntryState, own: OwnAnswer, advice: Advice): boolean {
  const lap = lapsCompleted(entry);
  if (advice.lap <= lap || wasRejected(state, entry, lap)) return false;
  if (advice.opportunity) return gains(advice);
  // What gains nothing can wait until it must be.
  const must = own.window !== null && own.window.closeLap - lap <= LEAD_LAPS;
  return advice.lap - lap <= LEAD_LAPS && (must || gains(advice));
}

/** Places where races were simulated: behind a pace car time is no measure. */
function gains({ gainPlaces, gainMs }: Advice): boolean {
  return gainPlaces === null || gainPlaces.mean === 0 ? gainMs.mean > 0 : gainPlaces.mean > 0;
}

function wasRejected(state: RaceState, entry: EntryState, lap: number): boolean {
  const rejected = Object.values(state.calls).findLast(({ call }) => call.entry === entry.roster.entry);
  if (rejected?.status !== 'rejected' || lap >= rejected.call.lapTo) return false;
  const rejectedMs = rejected.history[rejected.history.length - 1].atMs;
  return !state.flags.some(({ flag, atMs }) => isCaution(flag) && atMs > rejectedMs);
}

function isRevision(entry: EntryState, open: CallState, advice: Advice, answers: Answers): boolean {
  if (open.status !== 'proposed' || advice.lap <= lapsCompleted(entry) || !gains(advice)) return false;
  const { call, history } = open;
  if (advice.opportunity) return advice.lap < call.lapFrom;
  const last = lastLap(entry);
  // One revision a lap at most: figures breathe from record to record.
  const settled = last !== undefined && last.atMs > history[0].atMs && answers.atMs > history[0].atMs;
  const moved = advice.lap < call.lapFrom - SAME_LAPS || advice.lap > call.lapTo + SAME_LAPS;
  return settled && (moved || changesTyres(call.service.tyres, advice));
}

/** Between services simulated races are close: tyres are changed in a call only where the quick models agree. */
function changesTyres(called: 0 | 2 | 4, { service, quick }: Advice): boolean {
  return service.tyres !== called && (quick === null || quick.service.tyres === service.tyres);
}

function createCall(
  state: RaceState,
  answers: Answers,
  own: OwnAnswer,
  advice: Advice,
  open: CallState | undefined,
): CallState {
  const { race } = state.session;
  const { entry } = own;
  const { lapTo, gainMs, gainPlaces } = advice;
  const call: CallState = {
    call: {
      v: 1,
      kind: 'call',
      callId: `${race}-${entry}-${nextNumber(state, entry)}`,
      revision: (open?.call.revision ?? 0) + 1,
      supersedes: open?.call.callId ?? null,
      race,
      entry,
      action: 'pit',
      lapFrom: advice.lap,
      lapTo,
      service: advice.service,
      text: callText(advice),
      expiresAtMs: expiresAtMs(state, answers, entry, lapTo),
    },
    status: 'proposed',
    reasons: reasonsFor(state, answers, own, advice),
    expectedGainMs: Math.round(gainMs.mean),
    gainLowMs: Math.round(gainMs.low),
    gainHighMs: Math.round(gainMs.high),
    ...(gainPlaces !== null && { gainPlaces }),
    ...expectation(own, advice),
    history: [{ status: 'proposed', atMs: answers.atMs, by: 'strategy' }],
    answer: advice.provenance,
  };
  return call;
}

/** What the outcome is measured against. */
function expectation({ pitNow }: OwnAnswer, { service, forecast }: Advice): Pick<CallState, 'expected'> {
  const of = serviceOf(service.tyres);
  const lossMs = pitNow?.lossMs[of];
  if (pitNow === null || lossMs === undefined) return {};
  const simulated = forecast?.pitNow.find((one) => one.service === of && one.caution === 'drawn')?.rejoin?.position
    .mean;
  const position = simulated == null ? pitNow.rejoin[of]?.position : Math.round(simulated);
  return { expected: { position: position ?? null, lossMs: Math.round(lossMs) } };
}

function callText({ lap, lapTo, service: { tyres, fuelKg } }: Advice): string {
  const laps = lapTo > lap ? `lap ${lap}, at the latest ${lapTo}` : `lap ${lap}`;
  const fuel = fuelKg > 0 ? `, ${fuelKg.toFixed(1)} kg` : '';
  return `Pit on ${laps}: ${tyres === 0 ? 'no tyres' : `${tyres} tyres`}${fuel}.`;
}

/** When the car will have completed the last lap of the call, with room for slow laps under caution. */
function expiresAtMs(state: RaceState, answers: Answers, entry: string, lapTo: number): number {
  const last = lastLap(state.entries[entry])!;
  const lapMs = answers.entries[entry].paceMs?.mean ?? last.lapTimeMs ?? 0;
  const laps = lapTo - last.lap;
  const slowLaps = isRacing(state.flag) ? 1 : laps;
  return Math.round(last.atMs + (laps + slowLaps * (CAUTION_LAP_SHARE - 1)) * lapMs);
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
