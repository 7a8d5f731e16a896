/**
 * Stops are derived whole from what was observed (pit loops, officials' reports, people's facts), so that a late or
 * corrected observation gives the very stops that it would have given in time.
 */
import type { StopMessage } from '#wire/messages.js';
import { settleCalls } from './calls.js';
import { refreshFuel } from './car-fuel.js';
import { findEntry, MAX_LAP } from './entries.js';
import { prevails } from './facts/fact-types.js';
import { factsInForce } from './facts/in-force.js';
import { flagAt } from './flags.js';
import { ignore } from './ignored.js';
import { findLap, lapsCompleted } from './laps.js';
import type { EntryState, PersonFact, RaceState, RaceTrigger, Stop, StopReport } from './types.js';
import { recordVersion } from './versions.js';

/** As for passages: past this the feed is broken. */
const MAX_REPORTS = 200;
/** Reports and facts name the in-lap or the lap after it: one lap of difference is still the same stop. */
const SAME_STOP_LAPS = 1;

/** The officials reported a stop. */
export function applyStop(state: RaceState, message: StopMessage): RaceTrigger[] {
  const found = findEntry(state, message);
  if (found === undefined) return ignore(state, 'unknown-entry');
  const { lap, eventTimeMs: atMs, boxTimeMs, laneTimeMs, tyresChanged } = message;
  const version = recordVersion(message);
  if (![atMs, boxTimeMs, laneTimeMs, tyresChanged, version].every(Number.isFinite)) return ignore(state, 'damaged');
  if (!Number.isInteger(lap) || lap < 0 || lap > MAX_LAP) return ignore(state, 'lap-invalid');

  const { reports } = found.entry;
  const index = reports.findIndex((known) => known.lap === lap);
  if (index >= 0) {
    if (reports[index].version >= version) return [];
    reports.splice(index, 1);
  } else if (reports.length >= MAX_REPORTS) return ignore(state, 'too-many-reports');
  reports.push({ lap, atMs, boxTimeMs, laneTimeMs, tyresChanged, version });
  return rebuildStops(state, found.key);
}

/** Derives stops, in- and out-laps, stint and tyres anew; tells which stops and laps that changed. */
export function rebuildStops(state: RaceState, key: string): RaceTrigger[] {
  const entry = state.entries[key];
  const before = new Map(entry.stops.map((stop) => [stop.lap, stop]));
  entry.stops = deriveStops(state, entry);
  const triggers: RaceTrigger[] = [];
  for (const stop of entry.stops) {
    const old = before.get(stop.lap);
    stop.ecuUsedKg = old?.ecuUsedKg ?? null;
    if (old === undefined || !isSame(old, stop)) {
      triggers.push({ type: 'stop', entry: key, stop });
      triggers.push(...settleCalls(state, key, stop));
    }
  }
  for (let index = 0; index < entry.laps.length; index++) {
    if (labelPits(entry, index)) triggers.push({ type: 'lap', entry: key, lap: entry.laps[index] });
  }
  beginStint(entry);
  return triggers;
}

/** Writes whether the lap was an in- or out-lap; true when that changed it. */
export function labelPits(entry: EntryState, index: number): boolean {
  const lap = entry.laps[index];
  let inLap = false;
  let outLap = false;
  for (const stop of entry.stops) {
    if (stop.lap === lap.lap) inLap = true;
    // Where the pit exit was lost, the lap after the in-lap began there all the same.
    if ((stop.outLap ?? stop.lap + 1) === lap.lap) outLap = true;
  }
  if (inLap === lap.inLap && outLap === lap.outLap) return false;
  lap.inLap = inLap;
  lap.outLap = outLap;
  return true;
}

function deriveStops(state: RaceState, entry: EntryState): Stop[] {
  entry.passages.sort((a, b) => a.atMs - b.atMs || a.lap - b.lap || (a.loop < b.loop ? -1 : 1));
  entry.reports.sort((a, b) => a.atMs - b.atMs || a.lap - b.lap);

  const stops: Stop[] = [];
  let open: Stop | null = null;
  for (const { loop, lap, atMs } of entry.passages) {
    if (loop === 'PI') {
      open = emptyStop(lap, atMs);
      stops.push(open);
    } else if (open !== null) {
      open.outLap = lap;
      open.outMs = atMs;
      open = null;
    }
    // A PO alone is how a race is started from the pit lane; it is no stop.
  }
  for (const report of entry.reports) addReport(stops, report);
  stops.sort((a, b) => a.inMs - b.inMs);
  if (entry.facts.length > 0) addFacts(state, entry, stops);
  for (const stop of stops) stop.flag = flagAt(state, stop.inMs);
  return stops;
}

function emptyStop(lap: number, inMs: number): Stop {
  return {
    lap,
    outLap: null,
    inMs,
    outMs: null,
    laneTimeMs: null,
    boxTimeMs: null,
    tyresChanged: null,
    fuelAddedKg: null,
    tyreSet: null,
    service: null,
    ecuUsedKg: null,
    flag: 'none',
  };
}

function addReport(stops: Stop[], report: StopReport): void {
  let stop = nearest(stops, report.lap);
  if (stop === undefined) {
    // No loops at this pit lane: the report is all there is.
    stop = emptyStop(report.lap, report.atMs - report.laneTimeMs);
    stop.outMs = report.atMs;
    stop.outLap = report.lap + 1;
    stops.push(stop);
  }
  stop.laneTimeMs = report.laneTimeMs;
  stop.boxTimeMs = report.boxTimeMs;
  stop.tyresChanged = report.tyresChanged;
}

/** Which stops there were first, then what was done at them. */
function addFacts(state: RaceState, entry: EntryState, stops: Stop[]): void {
  for (const { lap, value, atMs } of factsInForce(state, entry.facts, 'stop')) {
    const known = nearest(stops, lap!);
    if (!prevails('stop', atMs, known?.inMs ?? null)) continue;
    if (value === 'none' && known !== undefined) stops.splice(stops.indexOf(known), 1);
    else if (value === 'made' && known === undefined) stops.push(statedStop(entry, lap!, atMs));
  }
  stops.sort((a, b) => a.inMs - b.inMs);
  for (const type of SERVICES) for (const fact of factsInForce(state, entry.facts, type)) addService(stops, fact);
}

/** A stop that timing did not see: at the end of its in-lap, where that crossing is known; nobody measured how long. */
function statedStop(entry: EntryState, lap: number, saidMs: number): Stop {
  const stop = emptyStop(lap, findLap(entry, lap)?.atMs ?? saidMs);
  stop.outMs = stop.inMs;
  stop.outLap = lap + 1;
  return stop;
}

/** Whether a person stated a stop, whose time is that of a crossing which may come yet. */
export function hasStatedStop(entry: EntryState): boolean {
  return entry.facts.some(({ type }) => type === 'stop');
}

const SERVICES = ['fuelAdded', 'tyres', 'tyreSet', 'service'] as const;

function addService(stops: Stop[], { type, lap, value, atMs }: PersonFact): void {
  const stop = lap === null ? stops.findLast(({ inMs }) => inMs <= atMs) : nearest(stops, lap);
  if (stop === undefined || !prevails(type, atMs, stop.tyresChanged === null ? null : stop.inMs)) return;
  if (type === 'fuelAdded') stop.fuelAddedKg = Number(value);
  else if (type === 'tyres') stop.tyresChanged = value === 0 ? 0 : value === 2 ? 2 : 4;
  else if (type === 'tyreSet') stop.tyreSet = String(value);
  else if (type === 'service') stop.service = String(value);
}

/** The stop of that lap, or the nearest within `SAME_STOP_LAPS`. */
function nearest(stops: readonly Stop[], lap: number): Stop | undefined {
  let best: Stop | undefined;
  for (const stop of stops) {
    const away = Math.abs(stop.lap - lap);
    if (away <= SAME_STOP_LAPS && (best === undefined || away < Math.abs(best.lap - lap))) best = stop;
  }
  return best;
}

/** A stint begins at pit exit; where that crossing was lost, at the end of the in-lap, once the car is seen again. */
export function beginStint(entry: EntryState): void {
  entry.stintFromLap = 0;
  entry.tyresFromLap = 0;
  entry.fuelAddedKg = null;
  for (const stop of entry.stops) {
    if (stop.outLap === null && lapsCompleted(entry) <= stop.lap) continue;
    const completed = stop.outLap === null ? stop.lap : stop.outLap - 1;
    entry.stintFromLap = completed;
    // Not reported means four: that is what a stop is for, and the report follows within seconds.
    if (stop.tyresChanged !== 0) entry.tyresFromLap = completed;
    entry.fuelAddedKg = stop.fuelAddedKg;
  }
  refreshFuel(entry);
}

function isSame(a: Stop, b: Stop): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
