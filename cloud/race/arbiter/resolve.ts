import { type NumberedCrossing, numberCrossings } from './align.js';
import { fitClock } from './clock.js';
import { readCrossings } from './crossings.js';
import { isDuration, isLapNumber, type OfficialRecord, readOfficial } from './official.js';
import type { Basis, ClockFit, Observation, Resolution, ResolvedLap } from './types.js';

/** The car's lap time is not believed when it misses the time between two crossings by more than this share of it. */
const SUM_SHARE = 0.15;
/** A time derived from crossings is no lap's below this share of the best official one. */
const DERIVED_SHARE = 0.75;
/** Timing and car of one lap that differ by more than this disagree. */
const DISAGREE_MS = 500;

const CONFIDENCE: Readonly<Record<Basis, number>> = {
  official: 0.98,
  'official-crossings': 0.97,
  'car-anchored': 0.92,
  'car-chained': 0.8,
  crossings: 0.75,
  'car-alone': 0.35,
};

/**
 * Every lap of one car, from all that is known about it: official values as given, and the laps between them from the car.
 * A pure function of the set of observations.
 *
 * @param sorted one car's observations in their total order, equal ones once
 */
export function resolveLaps(sorted: readonly Observation[]): Resolution {
  return resolveAgainst(readOfficial(sorted), sorted);
}

/** The same with official laps that are known by other means; of the observations only the car's are read. */
export function resolveAgainst(official: OfficialRecord, sorted: readonly Observation[]): Resolution {
  const clocks: ClockFit[] = [];
  const tellings: Map<number, NumberedCrossing>[] = [];
  for (const [vehicleId, rows] of byVehicle(sorted)) {
    const crossings = readCrossings(rows, official.bestMs);
    const clock = fitClock(vehicleId, crossings, official);
    clocks.push(clock);
    tellings.push(numberCrossings(crossings, official, clock));
  }
  const numbers = new Set<number>(official.laps.keys());
  for (const telling of tellings) {
    for (const lap of telling.keys()) {
      numbers.add(lap);
      // The lap before the first one told may follow from its start.
      numbers.add(lap - 1);
    }
  }
  const laps: ResolvedLap[] = [];
  for (const lap of [...numbers].sort((a, b) => a - b)) {
    if (!isLapNumber(lap)) continue;
    const resolved = officialLap(lap, official, tellings) ?? bestCarLap(lap, official, tellings);
    if (resolved !== null) laps.push(resolved);
  }
  return { laps, clocks };
}

/** In order of the ids, so that the same set gives the same list. */
function byVehicle(sorted: readonly Observation[]): [string, Observation[]][] {
  const vehicles = new Map<string, Observation[]>();
  for (const observation of sorted) {
    if (observation.source !== 'car') continue;
    const { vehicleId = '' } = observation;
    const rows = vehicles.get(vehicleId);
    if (rows) rows.push(observation);
    else vehicles.set(vehicleId, [observation]);
  }
  return [...vehicles].sort(([a], [b]) => (a < b ? -1 : 1));
}

function officialLap(
  lap: number,
  { laps, boundaries }: OfficialRecord,
  tellings: readonly Map<number, NumberedCrossing>[],
): ResolvedLap | null {
  const told = laps.get(lap);
  const end = boundaries.get(lap);
  const start = boundaries.get(lap - 1);
  const between = end?.exact && start?.exact ? end.atMs - start.atMs : undefined;
  const lapTimeMs = told?.lapTimeMs ?? between;
  if (end === undefined || !isDuration(lapTimeMs)) return null;
  const disagreementMs = nearest(lapTimeMs, tellings, lap);
  const basis = told?.lapTimeMs == null ? 'official-crossings' : 'official';
  const agrees = disagreementMs !== null && Math.abs(disagreementMs) <= DISAGREE_MS;
  const confidence = agrees ? 1 : disagreementMs === null ? CONFIDENCE[basis] : CONFIDENCE[basis] - 0.05;
  return { lap, lapTimeMs, basis, source: 'timing', confidence, disagreementMs, atMs: end.atMs };
}

/** Official minus the car's time, of the vehicle that is nearest. */
function nearest(lapTimeMs: number, tellings: readonly Map<number, NumberedCrossing>[], lap: number): number | null {
  let best: number | null = null;
  for (const telling of tellings) {
    const carMs = telling.get(lap)?.lapTimeMs;
    if (carMs == null) continue;
    if (best === null || Math.abs(lapTimeMs - carMs) < Math.abs(best)) best = lapTimeMs - carMs;
  }
  return best;
}

/** Of several vehicles under one number the one that is surer, then the one that crossed later, as of two official rows. */
function bestCarLap(
  lap: number,
  official: OfficialRecord,
  tellings: readonly Map<number, NumberedCrossing>[],
): ResolvedLap | null {
  let best: ResolvedLap | null = null;
  for (const telling of tellings) {
    const resolved = carLap(lap, official, telling);
    if (resolved === null) continue;
    if (
      best === null ||
      resolved.confidence > best.confidence ||
      (resolved.confidence === best.confidence && resolved.atMs > best.atMs)
    ) {
      best = resolved;
    }
  }
  return best;
}

function carLap(
  lap: number,
  official: OfficialRecord,
  telling: ReadonlyMap<number, NumberedCrossing>,
): ResolvedLap | null {
  const startMs = crossingMs(lap - 1, official, telling);
  const endMs = crossingMs(lap, official, telling);
  const betweenMs = startMs === null || endMs === null ? null : endMs - startMs;
  const crossing = telling.get(lap);
  // Timing counts the first lap from the green flag, the car from the last time that it saw the line.
  const carMs = lap === 1 && betweenMs !== null ? null : crossing?.lapTimeMs;
  if (crossing && carMs != null && (betweenMs === null || Math.abs(carMs - betweenMs) <= carMs * SUM_SHARE)) {
    const basis = official.laps.size === 0 ? 'car-alone' : crossing.how === 'anchored' ? 'car-anchored' : 'car-chained';
    return provisional(lap, carMs, basis, crossing.endMs);
  }
  if (betweenMs === null || endMs === null || !isDuration(betweenMs)) return null;
  if (official.bestMs !== null && betweenMs < official.bestMs * DERIVED_SHARE) return null;
  return provisional(lap, Math.round(betweenMs), official.laps.size === 0 ? 'car-alone' : 'crossings', endMs);
}

/** When the lap ended: officially, else by the start of the next lap of the car, else by the car's own crossing. */
function crossingMs(
  lap: number,
  { boundaries }: OfficialRecord,
  telling: ReadonlyMap<number, NumberedCrossing>,
): number | null {
  const boundary = boundaries.get(lap);
  if (boundary?.exact) return boundary.atMs;
  const next = telling.get(lap + 1);
  const nextEnd = boundaries.get(lap + 1);
  if (next?.lapTimeMs != null && nextEnd?.exact) return nextEnd.atMs - next.lapTimeMs;
  return telling.get(lap)?.endMs ?? boundary?.atMs ?? null;
}

function provisional(lap: number, lapTimeMs: number, basis: Basis, atMs: number): ResolvedLap {
  return { lap, lapTimeMs, basis, source: 'car', confidence: CONFIDENCE[basis], disagreementMs: null, atMs };
}
