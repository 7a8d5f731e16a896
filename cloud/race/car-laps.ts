/**
 * What the car says of its laps, weighed against official timing by the arbiter. While timing speaks, it confirms every lap
 * and the car's word only shows how far the two disagree. When timing falls silent, own cars carry on from their own laps,
 * marked as such, until it is heard again.
 */
import type { CarLapEvent } from '#wire/messages.js';
import type { OfficialRecord } from './arbiter/official.js';
import { resolveAgainst } from './arbiter/resolve.js';
import type { Observation } from './arbiter/types.js';
import { expireCalls } from './calls.js';
import { ignore } from './ignored.js';
import { lapsCompleted, officialLaps } from './laps.js';
import type { CarLapRow, CarLaps, EntryState, RaceState, RaceTrigger } from './types.js';

/** What on-car lap counters show when they have failed (seen in up to 11 % of real rows). */
const HINT_INVALID = 32_768;
/** Rows kept per car, and so the laps for which a silence can be bridged, less those that tell the clock. */
export const MAX_CAR_LAPS = 40;
/** Official laps that the car's are compared with. */
const OFFICIAL_LAPS = 48;
/** Timing and car of one lap that differ by more than this disagree. */
const DISAGREE_MS = 500;
/** Timing that has not confirmed a crossing this long after it, nor said anything since, is silent. */
export const SILENT_AFTER_MS = 20_000;
/** The car's line and the timing loop are not at the same place. */
const SAME_MOMENT_MS = 2_000;

/** The car's beacon saw the line. */
export function applyCarLap(state: RaceState, entry: EntryState, event: CarLapEvent): RaceTrigger[] {
  const { eventTimeMs: atMs, lapTimeMs, lapHint } = event;
  if (!Number.isFinite(lapTimeMs)) return ignore(state, 'damaged');
  if (lapHint === HINT_INVALID) ignore(state, 'lap-hint-invalid');
  entry.carLaps ??= noCarLaps();
  if (insertRow(entry.carLaps.told, [atMs, lapTimeMs, lapHint])) refreshCarLaps(entry);
  return [];
}

export function noCarLaps(): CarLaps {
  return { told: [], offsetMs: 0, matches: 0, compared: 0, disagreed: 0, worstMs: 0, provisional: [] };
}

/** Derives what stands beside the rows, whole, when a row or an official lap comes. */
export function refreshCarLaps(entry: EntryState): void {
  const { carLaps } = entry;
  if (carLaps === undefined) return;
  const { laps, clocks } = resolveAgainst(officialRecord(entry), carLaps.told.map(observation));
  carLaps.offsetMs = clocks[0]?.offsetMs ?? 0;
  carLaps.matches = clocks[0]?.matches ?? 0;
  carLaps.compared = 0;
  carLaps.disagreed = 0;
  carLaps.worstMs = 0;
  for (const { disagreementMs } of laps) {
    if (disagreementMs === null) continue;
    const byMs = Math.abs(disagreementMs);
    carLaps.compared++;
    if (byMs > DISAGREE_MS) carLaps.disagreed++;
    carLaps.worstMs = Math.max(carLaps.worstMs, byMs);
  }
  const confirmed = officialLaps(entry);
  carLaps.provisional = laps
    .filter(({ lap, source }) => source === 'car' && lap > confirmed)
    .map(({ lap, lapTimeMs, atMs, confidence }) => ({ lap, lapTimeMs, atMs, confidence }));
}

/**
 * Whether timing is silent: a car crossed the line, and timing has said nothing since, though the car was heard 20 s later.
 * Own cars carry on through that, and where timing goes on without them (a transponder that failed). Tells of every lap by
 * which one does.
 */
export function refreshSilence(state: RaceState): RaceTrigger[] {
  const { timing } = state;
  if (timing === undefined) return [];
  let isSilent = false;
  const triggers: RaceTrigger[] = [];
  for (const key in state.entries) {
    const entry = state.entries[key];
    const { carLaps } = entry;
    if (carLaps === undefined) continue;
    const overdue = state.phase === 'running' ? overdueLap(entry, timing.atMs) : undefined;
    if (overdue === undefined || !entry.roster.own) delete carLaps.carriedTo;
    else triggers.push(...carryOn(state, key, carLaps));
    if (overdue !== undefined && overdue.atMs > timing.atMs + SAME_MOMENT_MS) isSilent = true;
  }
  timing.silentSinceMs = isSilent ? timing.atMs : null;
  if (triggers.length === 0) return triggers;
  for (const callId of expireCalls(state, state.lastEventMs)) {
    triggers.push({ type: 'call', callId, status: 'expired', atMs: state.lastEventMs });
  }
  return triggers;
}

/** Whether its laps are its own word, not timing's. */
export function isCarriedOn(entry: EntryState): boolean {
  return lapsCompleted(entry) > officialLaps(entry);
}

function carryOn(state: RaceState, key: string, carLaps: CarLaps): RaceTrigger[] {
  const { lap, atMs } = carLaps.provisional[carLaps.provisional.length - 1];
  const known = carLaps.carriedTo;
  carLaps.carriedTo = lap;
  state.lap = Math.max(state.lap, lap);
  state.lastEventMs = Math.max(state.lastEventMs, atMs);
  return known === lap ? [] : [{ type: 'provisional', entry: key, lap, atMs }];
}

/** The newest lap that timing should have confirmed by now: the car agreed with it before, so the clocks are known. */
function overdueLap(
  { carLaps, car, status }: EntryState,
  timingMs: number,
): CarLaps['provisional'][number] | undefined {
  if (carLaps === undefined || carLaps.provisional.length === 0 || carLaps.matches === 0) return undefined;
  if (status === 'retired' || status === 'finished') return undefined;
  const heardMs = Math.max(car?.atMs ?? 0, carLaps.told[carLaps.told.length - 1][0]) + carLaps.offsetMs;
  const nowMs = Math.max(heardMs, timingMs);
  return carLaps.provisional.findLast(({ atMs }) => nowMs >= atMs + SILENT_AFTER_MS);
}

/** Ascending by time; false when it is known, or older than all that are kept. */
function insertRow(told: CarLaps['told'], row: CarLapRow): boolean {
  let at = told.length;
  while (at > 0 && compareRows(told[at - 1], row) > 0) at--;
  if (at > 0 && compareRows(told[at - 1], row) === 0) return false;
  if (at === 0 && told.length >= MAX_CAR_LAPS) return false;
  told.splice(at, 0, row);
  if (told.length > MAX_CAR_LAPS) told.shift();
  return true;
}

function compareRows(a: CarLapRow, b: CarLapRow): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function observation([atMs, lapTimeMs, hint]: CarLapRow): Observation {
  return { source: 'car', receivedAt: atMs, car: '', lap: hint, lapTimeMs, carTime: atMs };
}

function officialRecord({ laps, startAtMs }: EntryState): OfficialRecord {
  const record: OfficialRecord = { laps: new Map(), boundaries: new Map(), bestMs: null };
  if (startAtMs !== null) record.boundaries.set(0, { atMs: startAtMs, exact: true });
  for (const { lap, lapTimeMs, atMs } of laps.slice(-OFFICIAL_LAPS)) {
    record.laps.set(lap, { lap, lapTimeMs, endMs: atMs });
    record.boundaries.set(lap, { atMs, exact: true });
    if (lapTimeMs !== null) record.bestMs = Math.min(record.bestMs ?? lapTimeMs, lapTimeMs);
    if (lapTimeMs !== null && !record.boundaries.has(lap - 1)) {
      record.boundaries.set(lap - 1, { atMs: atMs - lapTimeMs, exact: true });
    }
  }
  return record;
}
