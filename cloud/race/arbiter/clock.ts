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

/** A lap that both told: when the car did, and by how much that would have to be shifted. */
interface Match {
  atMs: number;
  shiftMs: number;
}

/**
 * Finds how a vehicle's crossings are shifted against official time: every pair of equal lap times votes for the shift
 * that would make it one lap, and the shift most voted for wins. From the laps matched under it follow offset and drift.
 */
export function fitClock(vehicleId: string, crossings: readonly Crossing[], official: OfficialRecord): ClockFit {
  const { atMs, shiftMs } = equalTimes(crossings, official);
  const best = mostVoted(shiftMs);
  if (best === null) {
    return { vehicleId, offsetMs: nearestShift(crossings, official.boundaries), driftPpm: 0, atMs: 0, matches: 0 };
  }
  const matches: Match[] = [];
  for (let i = 0; i < shiftMs.length; i++) {
    if (Math.abs(voteOf(shiftMs[i]) - best) <= 1) matches.push({ atMs: atMs[i], shiftMs: shiftMs[i] });
  }
  return { vehicleId, ...line(matches), matches: matches.length };
}

/** Where a crossing of the car lies on official time. */
export function toOfficialMs({ offsetMs, driftPpm, atMs }: ClockFit, crossingMs: number): number {
  return crossingMs + offsetMs + ((crossingMs - atMs) * driftPpm) / 1e6;
}

/** Every pair of equal lap times. There are hundreds, nearly all by chance: kept as plain numbers, not as a `Match` each. */
function equalTimes(crossings: readonly Crossing[], { laps }: OfficialRecord): { atMs: number[]; shiftMs: number[] } {
  const pairs = { atMs: [] as number[], shiftMs: [] as number[] };
  for (const lap of laps.values()) {
    if (lap.lapTimeMs === null) continue;
    for (const crossing of crossings) {
      if (crossing.lapTimeMs === null || Math.abs(crossing.lapTimeMs - lap.lapTimeMs) > SAME_LAP_TIME_MS) continue;
      pairs.atMs.push(crossing.atMs);
      pairs.shiftMs.push(lap.endMs - crossing.atMs);
    }
  }
  return pairs;
}

/** The vote that most agree on, with its neighbours; of two with as many the smaller shift, then the earlier; null without any. */
function mostVoted(shiftMs: readonly number[]): number | null {
  const bins = new Float64Array(shiftMs.length);
  for (let i = 0; i < bins.length; i++) bins[i] = voteOf(shiftMs[i]);
  bins.sort();
  let best = 0;
  let bestScore = 0;
  for (let from = 0, to = 0; from < bins.length; from = to) {
    const bin = bins[from];
    while (to < bins.length && bins[to] === bin) to++;
    const awayMs = Math.abs(bin * VOTE_MS);
    const score = votesAround(bins, from, to) / (1 + Math.min(awayMs, NEAR_MS) / NEAR_MS);
    if (score > bestScore || (score === bestScore && Math.abs(bin) < Math.abs(best))) {
      best = bin;
      bestScore = score;
    }
  }
  return bestScore === 0 ? null : best;
}

/** Votes for the one at `from` … `to` of the sorted ones and its neighbours; 0 where they are too few for a shift so far. */
function votesAround(bins: Float64Array, from: number, to: number): number {
  const bin = bins[from];
  let first = from;
  let end = to;
  while (first > 0 && bins[first - 1] === bin - 1) first--;
  while (end < bins.length && bins[end] === bin + 1) end++;
  const count = end - first;
  return Math.abs(bin * VOTE_MS) > NEAR_MS && count < FAR_MATCHES_MIN ? 0 : count;
}

function voteOf(shiftMs: number): number {
  return Math.round(shiftMs / VOTE_MS);
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
