import type { Crossing } from './crossings.js';
import { median, type OfficialRecord } from './official.js';
import type { ClockFit } from './types.js';

/** Two lap times this close may be of the same lap: medians of real rows differ by 30–60 ms. */
const SAME_LAP_TIME_MS = 150;
/** Width of a vote: crossings of one clock lie within it, however the timing loop and the car's line differ. */
const VOTE_MS = 4_000;
/**
 * Both sources are stamped by one receiver, so a small shift is likelier: a vote for none counts full, one for this much or
 * more counts half. It decides where all laps take the same time and every shift by whole laps explains as many.
 */
const NEAR_MS = 60_000;
/** A shift further than that needs this many laps that agree. */
const FAR_MATCHES_MIN = 3;
/** Drift is told from at least this many matches over at least this span; no clock is worse than `DRIFT_MAX_PPM`. */
const DRIFT_MATCHES_MIN = 6;
const DRIFT_SPAN_MS = 600_000;
const DRIFT_MAX_PPM = 500;

interface Match {
  atMs: number;
  shiftMs: number;
}

/**
 * Finds how a vehicle's crossings are shifted against official time: every pair of equal lap times votes for the shift
 * that would make it one lap, and the shift most voted for wins. From the laps matched under it follow offset and drift.
 */
export function fitClock(
  vehicleId: string,
  crossings: readonly Crossing[],
  { laps, boundaries }: OfficialRecord,
): ClockFit {
  const pairs: Match[] = [];
  for (const { lapTimeMs, endMs } of laps.values()) {
    if (lapTimeMs === null) continue;
    for (const { atMs, lapTimeMs: carMs } of crossings) {
      if (carMs !== null && Math.abs(carMs - lapTimeMs) <= SAME_LAP_TIME_MS)
        pairs.push({ atMs, shiftMs: endMs - atMs });
    }
  }
  const matches = mostVoted(pairs);
  if (matches.length === 0)
    return { vehicleId, offsetMs: nearestShift(crossings, boundaries), driftPpm: 0, atMs: 0, matches: 0 };
  return { vehicleId, ...line(matches), matches: matches.length };
}

/** Where a crossing of the car lies on official time. */
export function toOfficialMs({ offsetMs, driftPpm, atMs }: ClockFit, crossingMs: number): number {
  return crossingMs + offsetMs + ((crossingMs - atMs) * driftPpm) / 1e6;
}

function mostVoted(pairs: readonly Match[]): Match[] {
  const votes = new Map<number, number>();
  for (const { shiftMs } of pairs) {
    const bin = Math.round(shiftMs / VOTE_MS);
    votes.set(bin, (votes.get(bin) ?? 0) + 1);
  }
  let best = 0;
  let bestScore = 0;
  for (const bin of votes.keys()) {
    const count = (votes.get(bin - 1) ?? 0) + votes.get(bin)! + (votes.get(bin + 1) ?? 0);
    const awayMs = Math.abs(bin * VOTE_MS);
    if (awayMs > NEAR_MS && count < FAR_MATCHES_MIN) continue;
    const score = count / (1 + Math.min(awayMs, NEAR_MS) / NEAR_MS);
    if (score > bestScore || (score === bestScore && Math.abs(bin) < Math.abs(best))) {
      best = bin;
      bestScore = score;
    }
  }
  if (bestScore === 0) return [];
  return pairs.filter(({ shiftMs }) => Math.abs(Math.round(shiftMs / VOTE_MS) - best) <= 1);
}

/** Middle shift, and the slope of the shifts where there are enough of them. */
function line(matches: readonly Match[]): { offsetMs: number; driftPpm: number; atMs: number } {
  const offsetMs = median(matches.map(({ shiftMs }) => shiftMs));
  const times = matches.map(({ atMs }) => atMs);
  const atMs = median(times);
  const still = { offsetMs, driftPpm: 0, atMs };
  if (matches.length < DRIFT_MATCHES_MIN || Math.max(...times) - Math.min(...times) < DRIFT_SPAN_MS) return still;
  // Each match with the one half of them later: as robust as all pairs, and as many only as there are matches.
  const ordered = [...matches].sort((a, b) => a.atMs - b.atMs || a.shiftMs - b.shiftMs);
  const half = ordered.length >> 1;
  const slopes: number[] = [];
  for (let i = 0; i + half < ordered.length; i++) {
    const spanMs = ordered[i + half].atMs - ordered[i].atMs;
    if (spanMs > 0) slopes.push((ordered[i + half].shiftMs - ordered[i].shiftMs) / spanMs);
  }
  const driftPpm = slopes.length === 0 ? 0 : median(slopes) * 1e6;
  return Math.abs(driftPpm) <= DRIFT_MAX_PPM ? { offsetMs, driftPpm, atMs } : still;
}

/** Without a matched lap time: the middle distance of the crossings that lie near an official one. */
function nearestShift(crossings: readonly Crossing[], boundaries: OfficialRecord['boundaries']): number {
  const shifts: number[] = [];
  for (const { atMs } of crossings) {
    let best = VOTE_MS;
    for (const boundary of boundaries.values()) {
      const shiftMs = boundary.atMs - atMs;
      if (Math.abs(shiftMs) < Math.abs(best)) best = shiftMs;
    }
    if (best !== VOTE_MS) shifts.push(best);
  }
  return shifts.length < FAR_MATCHES_MIN ? 0 : median(shifts);
}
