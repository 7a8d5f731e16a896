import type { RosterEntry } from '#wire/race-records.js';
import { MAX_CAR_LAPS, noCarLaps, refreshCarLaps } from './car-laps.js';
import { createEntries, createEntry } from './create.js';
import { rosterAt } from './entries.js';
import { bestLapMs, correctLaps } from './facts/lap-times.js';
import { labelFlag } from './flags.js';
import { rebuildStops } from './stops.js';
import type { EntryState, RaceState } from './types.js';

/** By what a record names its car. */
type Identity = 'transponder' | 'number' | 'thing';

/**
 * Takes in a corrected roster. What crossed a loop goes with the transponder, what officials reported with the number, what
 * telemetry told with the thing, what people told with the entry, each by the rows that held at its event time: so laps that
 * were counted for the wrong car become the right one's, and no record is rewritten.
 *
 * Limit: where telemetry goes to other laps than it was joined to, fuel per lap is measured anew from there.
 */
export function relabel(state: RaceState, roster: readonly RosterEntry[]): void {
  const before = state.entries;
  const after = createEntries(roster);
  for (const [key, entry] of Object.entries(before)) {
    // Whom the roster has dropped keeps what is nobody else's.
    const left = after[key] ?? createEntry([...(entry.rosterBefore ?? []), entry.roster]);
    left.facts = entry.facts;
    handOver(entry, (name, atMs) => heir(before, after, { entry, left, name, atMs }), state.lastEventMs);
    if (left.laps.length > 0 || left.passages.length > 0) after[key] = left;
  }
  state.entries = after;
  for (const [key, entry] of Object.entries(after)) {
    putInOrder(entry);
    for (let index = 0; index < entry.laps.length; index++) labelFlag(state, entry, index);
    entry.bestLapMs = bestLapMs(entry.laps);
    correctLaps(state, key);
    rebuildStops(state, key);
    refreshCarLaps(entry);
  }
}

type HeirOf = (name: Identity, atMs: number) => EntryState | undefined;

/** Gives everything that the entry had to who has it now. */
function handOver(entry: EntryState, heirOf: HeirOf, nowMs: number): void {
  const { laps, stops, passages, recounts = [], reports, retirement, startAtMs, carLaps, alarms, alarmAtMs } = entry;
  for (const lap of laps) heirOf('transponder', lap.atMs)?.laps.push(lap);
  for (const stop of stops) heirOf('transponder', stop.inMs)?.stops.push(stop);
  for (const passage of passages) heirOf('transponder', passage.atMs)?.passages.push(passage);
  for (const recount of recounts) {
    const to = heirOf('transponder', recount.atMs);
    if (to !== undefined) to.recounts = [...(to.recounts ?? []), recount];
  }
  for (const report of reports) heirOf('number', report.atMs)?.reports.push(report);
  const started = startAtMs === null ? undefined : heirOf('transponder', startAtMs);
  if (started !== undefined) started.startAtMs = startAtMs;
  const retired = retirement === null ? undefined : heirOf('number', retirement.atMs);
  if (retired !== undefined) retired.retirement = retirement;
  for (const row of carLaps?.told ?? []) {
    const to = heirOf('thing', row[0] + (carLaps?.offsetMs ?? 0));
    if (to === undefined) continue;
    to.carLaps ??= noCarLaps();
    to.carLaps.told.push(row);
  }
  for (const alarm of alarms) heirOf('thing', alarm.atMs)?.alarms.push(alarm);
  for (const [name, atMs] of Object.entries(alarmAtMs)) {
    const to = heirOf('thing', atMs);
    if (to !== undefined) to.alarmAtMs[name] = atMs;
  }
  const running = heirOf('transponder', nowMs);
  if (running !== undefined) Object.assign(running, { status: entry.status, position: entry.position });
  handOverCar(entry, running, heirOf('thing', nowMs));
}

/** The newest telemetry goes whole, to who has the car now; its fuel was joined to the laps of who ran with it. */
function handOverCar({ car }: EntryState, running: EntryState | undefined, sending: EntryState | undefined): void {
  if (car === null || sending === undefined) return;
  sending.car = car;
  if (sending === running) return;
  sending.car = { ...car, crossings: [], fuelPerLapKg: [], fuelPerYellowLapKg: [], fuelUsedAtStartKg: null };
  sending.stops = [];
}

/**
 * Who has what the entry had at that time: who is now listed with its transponder (number, thing); where nobody is, itself,
 * unless what it is listed with now was another's.
 */
function heir(
  before: Readonly<Record<string, EntryState>>,
  after: Readonly<Record<string, EntryState>>,
  { entry, left, name, atMs }: { entry: EntryState; left: EntryState; name: Identity; atMs: number },
): EntryState | undefined {
  const named = rosterAt(entry, atMs)?.[name];
  if (named) {
    const listed = Object.values(after).find((other) => rosterAt(other, atMs)?.[name] === named);
    if (listed !== undefined) return listed;
  }
  const now = rosterAt(left, atMs)?.[name];
  const wasAnothers =
    now && Object.values(before).some((other) => other !== entry && rosterAt(other, atMs)?.[name] === now);
  return wasAnothers ? undefined : left;
}

/** Of two laps of one number the one counts that timing told later. */
function putInOrder(entry: EntryState): void {
  const newest = new Map(entry.laps.sort((a, b) => a.version - b.version).map((lap) => [lap.lap, lap]));
  entry.laps = [...newest.values()].sort((a, b) => a.lap - b.lap);
  entry.alarms.sort((a, b) => a.atMs - b.atMs || (a.name < b.name ? -1 : 1));
  entry.recounts?.sort((a, b) => a.version - b.version);
  if (entry.carLaps === undefined) return;
  const { told } = entry.carLaps;
  entry.carLaps.told = told.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).slice(-MAX_CAR_LAPS);
}
