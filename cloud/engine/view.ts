import { strategyShown } from '#cloud/dashboard/strategy-shown.js';
import type { CallCard, CarRow, RaceView } from '#cloud/dashboard/view.js';
import { unlistedThings } from '#cloud/race/car.js';
import { isCarriedOn } from '#cloud/race/car-laps.js';
import { distance } from '#cloud/race/distance.js';
import { damageOf } from '#cloud/race/facts/in-force.js';
import { gaps } from '#cloud/race/gaps.js';
import { linkSeen } from '#cloud/race/heard.js';
import { lapsCompleted, lastLap } from '#cloud/race/laps.js';
import { classPlaces } from '#cloud/race/rules/classes.js';
import { driverNow, driverTimes } from '#cloud/race/rules/drivers.js';
import { lapsBack } from '#cloud/race/rules/lapped.js';
import { classification, penaltyOf } from '#cloud/race/rules/penalties.js';
import { rulesOf } from '#cloud/race/rules/rules.js';
import { cautions, stageNow } from '#cloud/race/rules/stages.js';
import type { CallState, CarData, EntryState, RaceState } from '#cloud/race/types.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import type { Answers, EntryAnswer } from '#cloud/strategy/answers/types.js';
import { callTimes } from './call-times.js';
import { addForecast } from './forecast-view.js';
import { raceLog } from './race-log.js';

/** What the screen shows beside the race itself. */
export interface ViewMoment {
  /** Race clock now, epoch ms. */
  raceTimeMs: number;
  /** Race ms per wall ms, as reached. */
  speed: number;
  /** Race ms that are still to be read until it is live; absent when it is. */
  behindMs?: number;
  /** Out of an archive, and not going on live. */
  isReplay?: boolean;
}

/** Calls shown; older ones stand in the table of calls. */
const MAX_CALLS_SHOWN = 30;

/** State and newest answer as the screen shows them. Pure; what is unknown is absent. */
export function raceView(
  state: RaceState,
  answer: Answers | null,
  moment: ViewMoment,
  forecast: Forecast | null = null,
): RaceView {
  const { session, phase, flag, lap, greenAtMs, lastEventMs } = state;
  const view: RaceView = {
    race: session.race,
    name: session.name,
    track: session.track,
    phase,
    flag,
    lap,
    raceTimeMs: moment.raceTimeMs,
    cautions: cautions(state).length,
    dataMs: lastEventMs,
    speed: moment.speed,
    rows: {},
    calls: {},
    log: raceLog(state),
  };
  addDistance(view, state);
  if (greenAtMs !== null) view.elapsedMs = Math.max(0, lastEventMs - greenAtMs);
  // Whole seconds, as it is shown.
  if (moment.behindMs !== undefined) view.behindMs = Math.ceil(moment.behindMs / 1_000) * 1_000;
  if (moment.isReplay) view.isReplay = true;
  const shownBy = state.flags.at(-1)?.by;
  if (shownBy !== undefined) view.flagBy = shownBy;
  const stage = stageNow(state);
  if (stage !== null) view.stage = stage;
  const gapOf = gaps(state);
  state.order.forEach((key, index) => {
    const entry = state.entries[key];
    const row = carRow(state, key, index + 1);
    addGap(row, gapOf[key]);
    // Strategy is not asked after the flag: what it said last about a car that has finished is about laps now driven.
    if (entry.status !== 'finished' && entry.status !== 'retired') addAnswer(row, answer?.entries[key]);
    addTelemetry(row, state, entry, moment);
    view.rows[key] = row;
  });
  addRules(view, state);
  for (const thing of unlistedThings(state)) {
    // An entry may have a thing's name: the race's own row stays.
    if (view.rows[thing] === undefined)
      view.rows[thing] = unlistedRow(thing, Object.keys(view.rows).length + 1, state, moment);
  }
  for (const call of Object.values(state.calls).slice(-MAX_CALLS_SHOWN)) {
    view.calls[call.call.callId] = callCard(state, call);
  }
  // Nobody asks before the start or after the flag: what was said last is about laps now driven.
  if (answer !== null && phase === 'running') view.strategy = strategyShown(answer, forecast);
  if (forecast !== null) addForecast(view, forecast);
  addCallTimes(view, state);
  addLapSource(view, state);
  return view;
}

function addDistance(view: RaceView, state: RaceState): void {
  const { laps, isEstimate, timeLeftMs } = distance(state);
  if (laps !== null) view.lapsTotal = laps;
  if (isEstimate) view.lapsEstimated = true;
  if (timeLeftMs !== null) view.timeLeftMs = timeLeftMs;
}

/** What follows from the rules of the race, and damage that a person told. */
function addRules(view: RaceView, state: RaceState): void {
  const { freePass, given, waveAround } = lapsBack(state);
  if (freePass !== null) view.rows[freePass].freePass = true;
  for (const key of given) view.rows[key].freePassGiven = true;
  for (const key of waveAround) view.rows[key].waveAround = true;
  for (const [key, { cls, position }] of Object.entries(classPlaces(state))) {
    view.rows[key].cls = cls;
    view.rows[key].classPosition = position;
  }
  classification(state).forEach((key, index) => {
    const row = view.rows[key];
    if (row.order !== index + 1) row.classified = index + 1;
  });
  const limited = rulesOf(state).driverTime !== null;
  for (const [key, entry] of Object.entries(state.entries)) {
    const row = view.rows[key];
    const penalty = penaltyOf(state, entry);
    if (penalty.seconds > 0 || penalty.driveThroughs > 0) row.penalty = penalty;
    const damage = damageOf(state, entry);
    if (damage !== null) row.damage = damage;
    if (!limited) continue;
    const leftMs = driverTimes(state, entry).find(({ driver }) => driver === row.driver)?.leftMs;
    if (leftMs != null) row.driverLeftMs = leftMs;
  }
}

function addCallTimes(view: RaceView, state: RaceState): void {
  const { called, acknowledged, done, acknowledgedAfterMs, doneAfterMs } = callTimes(Object.values(state.calls));
  if (called === 0) return;
  view.callTimes = { called, acknowledged, done };
  if (acknowledgedAfterMs !== null) view.callTimes.acknowledgedAfterMs = Math.round(acknowledgedAfterMs);
  if (doneAfterMs !== null) view.callTimes.doneAfterMs = Math.round(doneAfterMs);
}

function addLapSource(view: RaceView, { timing, entries }: RaceState): void {
  if (timing === undefined) return;
  const ageMs = Math.max(0, Math.floor((view.raceTimeMs - timing.atMs) / 1_000) * 1_000);
  const source = timing.silentSinceMs === null ? 'timing' : 'cars';
  view.lapSource = { source, ageMs, compared: 0, disagreed: 0, worstMs: 0 };
  for (const { carLaps } of Object.values(entries)) {
    if (carLaps === undefined) continue;
    view.lapSource.compared += carLaps.compared;
    view.lapSource.disagreed += carLaps.disagreed;
    view.lapSource.worstMs = Math.max(view.lapSource.worstMs, Math.round(carLaps.worstMs));
  }
}

function carRow(state: RaceState, key: string, order: number): CarRow {
  const entry = state.entries[key];
  const { roster, status, stops, bestLapMs, stintFromLap, tyresFromLap } = entry;
  const laps = lapsCompleted(entry);
  const row: CarRow = {
    entry: key,
    number: roster.number,
    driver: driverNow(state, entry),
    team: roster.team,
    own: roster.own,
    order,
    status,
    laps,
    lapsSinceStop: laps - stintFromLap,
    tyreAge: laps - tyresFromLap,
    stops: stops.length,
  };
  if (roster.thing !== null) row.thing = roster.thing;
  const isCarried = isCarriedOn(entry);
  if (isCarried) row.lapsBy = 'car';
  const lastLapMs = isCarried ? entry.carLaps?.provisional.at(-1)?.lapTimeMs : lastLap(entry)?.lapTimeMs;
  if (lastLapMs != null) row.lastLapMs = lastLapMs;
  if (bestLapMs !== null) row.bestLapMs = bestLapMs;
  return row;
}

/** Below the race: whoever wants to know what it sends can select it. */
function unlistedRow(thing: string, order: number, state: RaceState, moment: ViewMoment): CarRow {
  const row: CarRow = {
    entry: thing,
    number: '',
    driver: thing,
    team: 'not in the roster',
    thing,
    own: false,
    order,
    status: 'unlisted',
    laps: 0,
    lapsSinceStop: 0,
    tyreAge: 0,
    stops: 0,
  };
  addHealth(row, state, { thing, car: null }, moment);
  return row;
}

function addHealth(
  row: CarRow,
  state: RaceState,
  { thing, car }: { thing: string; car: CarData | null },
  { raceTimeMs, behindMs = 0, speed }: ViewMoment,
): void {
  const health = state.health[thing];
  if (health === undefined) return;
  const { unacked, oldestMs, dropped, reconnects, rttMs, clock } = health;
  // A late reader compares with where it is: what it has not read yet, nobody failed to say.
  const seen = linkSeen(health, car, raceTimeMs - behindMs, speed);
  row.link = seen.link;
  if (seen.link === 'silent') row.silentMs = Math.floor(seen.silentMs / 1_000) * 1_000;
  row.agent = { unacked, oldestMs: Math.round(oldestMs), dropped, reconnects };
  if (rttMs !== null) row.agent.rttMs = Math.round(rttMs);
  if (clock) row.agent.clock = clock.quality;
  if (clock?.errorMs != null) row.agent.clockErrorMs = clock.errorMs;
}

function addGap(row: CarRow, gap: ReturnType<typeof gaps>[string]): void {
  if (gap.gapMs !== null) row.gapMs = gap.gapMs;
  if (gap.lapsDown > 0) row.lapsDown = gap.lapsDown;
  if (gap.intervalMs !== null) row.intervalMs = gap.intervalMs;
}

function addAnswer(row: CarRow, answer: EntryAnswer | undefined): void {
  if (!answer) return;
  const { fuelLapsLeft, pitWindow, falloffMsPerLap, rejoin } = answer;
  if (fuelLapsLeft) row.fuelLapsLeft = fuelLapsLeft;
  if (pitWindow) {
    const { openLap, closeLap, bestLap } = pitWindow;
    row.pitWindow = { openLap, closeLap, bestLap };
  }
  if (falloffMsPerLap !== null) row.falloffMsPerLap = falloffMsPerLap;
  if (rejoin) row.rejoin = { position: rejoin.position };
  addStanding(row, answer);
}

function addStanding(row: CarRow, { group, lastStopLap, tyresTaken, fuelToEnd, stopWithin5 }: EntryAnswer): void {
  row.strategyGroup = group;
  if (lastStopLap !== null) row.lastStopLap = lastStopLap;
  if (tyresTaken !== null) row.tyresTaken = tyresTaken;
  if (fuelToEnd !== null) row.fuelToEnd = fuelToEnd;
  if (stopWithin5 !== null) row.stopWithin5 = Math.round(stopWithin5 * 100) / 100;
}

function addTelemetry(row: CarRow, state: RaceState, { roster, car, alarms }: EntryState, moment: ViewMoment): void {
  // Tenths of a second: finer steps would only change every row of every delta.
  if (car) row.telemetryAgeMs = Math.max(0, Math.round((moment.raceTimeMs - car.atMs) / 100) * 100);
  if (roster.thing !== null) addHealth(row, state, { thing: roster.thing, car }, moment);
  const alarm = alarms.find(({ level }) => level === 'critical') ?? alarms[0];
  if (alarm) row.alarm = alarm.name;
}

function callCard(
  state: RaceState,
  { call, status, reasons, expectedGainMs, gainLowMs, gainHighMs, history }: CallState,
) {
  const { callId, revision, entry, action, lapFrom, lapTo, text, expiresAtMs } = call;
  const card: CallCard = {
    callId,
    revision,
    entry,
    number: state.entries[entry]?.roster.number ?? entry,
    status,
    action,
    lapFrom,
    lapTo,
    text,
    reasons: Object.fromEntries(reasons.map((reason, index) => [String(index), reason])),
    expectedGainMs,
    gainLowMs,
    gainHighMs,
    expiresAtMs,
  };
  const decision = history.find((step) => step.status === 'accepted' || step.status === 'rejected');
  if (decision) card.decidedBy = decision.by;
  return card;
}
