import { toOfficialMs } from './clock.js';
import type { Crossing } from './crossings.js';
import { type Boundary, median, type OfficialRecord } from './official.js';
import type { ClockFit } from './types.js';

/** How far a crossing may lie from the official one that it is: a slow car behind the safety car sees another line than the loop. */
const END_EXACT_MS = 6_000;
/** The same where official time is only a receive time, or no lap has told how the clocks stand. */
const END_RECEIVED_MS = 20_000;
/** Never more than this share of a lap. */
const LAP_SHARE = 0.3;
/** How far a lap's start, by its own time, may lie from the crossing before it. */
const CHAIN_MS = 3_000;
/** The car's count is usually one too high; used where nothing else tells. */
const USUAL_HINT_SHIFT = 1;

/** A crossing and the lap that ended with it. */
export interface NumberedCrossing extends Crossing {
  lap: number;
  how: 'anchored' | 'chained' | 'counted';
  /** On official time. */
  endMs: number;
}

interface TimedBoundary extends Boundary {
  lap: number;
}

/**
 * Numbers a vehicle's crossings by official ones: where a lap ends or begins at an official crossing it is that lap; its
 * neighbours follow by their own times; what is left goes by the car's count, corrected by what it was wrong elsewhere.
 * What fits nowhere is left out.
 *
 * @returns by lap
 */
export function numberCrossings(
  crossings: readonly Crossing[],
  official: OfficialRecord,
  clock: ClockFit,
): Map<number, NumberedCrossing> {
  const ends = crossings.map(({ atMs }) => toOfficialMs(clock, atMs));
  const timeline = timelineOf(official, clock);
  const laps: (number | null)[] = crossings.map((crossing, i) => anchoredLap(crossing, ends[i], timeline));
  const how: NumberedCrossing['how'][] = laps.map(() => 'anchored');
  chain(crossings, ends, laps, how);
  count(crossings, ends, laps, how, official);
  const best = new Map<number, NumberedCrossing>();
  crossings.forEach((crossing, i) => {
    const lap = laps[i];
    if (lap === null || lap < 0) return;
    // Written out: a spread takes longer than all the rest, and this is done for every observation.
    const { atMs, lapTimeMs, hint, clocked } = crossing;
    const numbered: NumberedCrossing = { atMs, lapTimeMs, hint, clocked, lap, how: how[i], endMs: ends[i] };
    const rival = best.get(lap);
    if (rival === undefined || isBetter(numbered, rival, official)) best.set(lap, numbered);
  });
  return best;
}

function timelineOf({ boundaries }: OfficialRecord, { matches }: ClockFit): TimedBoundary[] {
  const timeline: TimedBoundary[] = [];
  boundaries.forEach(({ atMs, exact }, lap) => {
    timeline.push({ lap, atMs, exact: exact && matches > 0 });
  });
  return timeline.sort((a, b) => a.atMs - b.atMs || a.lap - b.lap);
}

function anchoredLap({ lapTimeMs }: Crossing, endMs: number, timeline: readonly TimedBoundary[]): number | null {
  const end = nearestBoundary(timeline, endMs, lapTimeMs);
  if (lapTimeMs === null) return end?.lap ?? null;
  const start = nearestBoundary(timeline, endMs - lapTimeMs, lapTimeMs);
  if (start === null) return end?.lap ?? null;
  if (end === null) return start.lap + 1;
  const endOffMs = Math.abs(endMs - end.atMs);
  return endOffMs <= Math.abs(endMs - lapTimeMs - start.atMs) ? end.lap : start.lap + 1;
}

/** The official crossing nearest to a moment, if it is near enough to be it. */
function nearestBoundary(timeline: readonly TimedBoundary[], atMs: number, lapTimeMs: number | null) {
  let from = 0;
  let to = timeline.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (timeline[middle].atMs < atMs) from = middle + 1;
    else to = middle;
  }
  let nearest: TimedBoundary | null = null;
  for (let i = Math.max(0, from - 1); i <= from && i < timeline.length; i++) {
    const boundary = timeline[i];
    const offMs = Math.abs(boundary.atMs - atMs);
    if (offMs > tolerance(boundary.exact, lapTimeMs)) continue;
    if (nearest === null || offMs < Math.abs(nearest.atMs - atMs)) nearest = boundary;
  }
  return nearest;
}

function tolerance(exact: boolean, lapTimeMs: number | null): number {
  const widest = exact ? END_EXACT_MS : END_RECEIVED_MS;
  return lapTimeMs === null ? widest : Math.min(widest, lapTimeMs * LAP_SHARE);
}

/** From each numbered crossing to its neighbours, as far as laps join end to start. */
function chain(
  crossings: readonly Crossing[],
  ends: readonly number[],
  laps: (number | null)[],
  how: NumberedCrossing['how'][],
): void {
  const joins = (i: number): boolean => {
    const { lapTimeMs } = crossings[i];
    return (
      lapTimeMs !== null && Math.abs(ends[i] - lapTimeMs - ends[i - 1]) <= Math.min(CHAIN_MS, lapTimeMs * LAP_SHARE)
    );
  };
  for (let i = 1; i < laps.length; i++) {
    const before = laps[i - 1];
    if (laps[i] !== null || before === null || !joins(i)) continue;
    laps[i] = before + 1;
    how[i] = 'chained';
  }
  for (let i = laps.length - 2; i >= 0; i--) {
    const after = laps[i + 1];
    if (laps[i] !== null || after === null || !joins(i + 1)) continue;
    laps[i] = after - 1;
    how[i] = 'chained';
  }
}

/** By the car's own count, where the numbers on both sides leave room for it. */
function count(
  crossings: readonly Crossing[],
  ends: readonly number[],
  laps: (number | null)[],
  how: NumberedCrossing['how'][],
  official: OfficialRecord,
): void {
  if (!laps.includes(null)) return;
  const shift = hintShift(crossings, laps);
  if (shift === null && official.laps.size > 0) return;
  const usualMs = official.bestMs ?? usualLapMs(crossings);
  for (let i = 0; i < laps.length; i++) {
    const { hint } = crossings[i];
    if (laps[i] !== null || hint === null) continue;
    const lap = hint - (shift ?? USUAL_HINT_SHIFT);
    if (!hasRoom(laps, ends, i, lap, usualMs)) continue;
    laps[i] = lap;
    how[i] = 'counted';
  }
}

function usualLapMs(crossings: readonly Crossing[]): number | null {
  const lapMs = crossings.flatMap(({ lapTimeMs }) => lapTimeMs ?? []);
  return lapMs.length === 0 ? null : median(lapMs);
}

/** Between the numbered neighbours, and no further from them in time than so many laps may take. */
function hasRoom(
  laps: readonly (number | null)[],
  ends: readonly number[],
  i: number,
  lap: number,
  usualMs: number | null,
): boolean {
  const fits = (other: number): boolean => {
    const known = laps[other];
    if (known === null || known === undefined) return true;
    const between = (lap - known) * Math.sign(i - other);
    if (between <= 0) return false;
    return usualMs === null || Math.abs(ends[i] - ends[other]) <= between * usualMs * 3;
  };
  let before = i - 1;
  while (before >= 0 && laps[before] === null) before--;
  let after = i + 1;
  while (after < laps.length && laps[after] === null) after++;
  return fits(before) && fits(after);
}

/** What the car's count was off by where its laps are known, the most frequent one; null when none is. */
function hintShift(crossings: readonly Crossing[], laps: readonly (number | null)[]): number | null {
  const counts = new Map<number, number>();
  let best: number | null = null;
  crossings.forEach(({ hint }, i) => {
    const lap = laps[i];
    if (hint === null || lap === null) return;
    const shift = hint - lap;
    const count = (counts.get(shift) ?? 0) + 1;
    counts.set(shift, count);
    if (best === null || count > counts.get(best)!) best = shift;
  });
  return best;
}

const RANK = { anchored: 0, chained: 1, counted: 2 } as const;

/** Of two crossings for one lap: the better founded, then the one with a lap time, then the nearer to the official crossing. */
function isBetter(a: NumberedCrossing, b: NumberedCrossing, { boundaries }: OfficialRecord): boolean {
  if (RANK[a.how] !== RANK[b.how]) return RANK[a.how] < RANK[b.how];
  if ((a.lapTimeMs === null) !== (b.lapTimeMs === null)) return a.lapTimeMs !== null;
  const end = boundaries.get(a.lap);
  return end !== undefined && Math.abs(a.endMs - end.atMs) < Math.abs(b.endMs - end.atMs);
}
