/**
 * How long the race is: by laps, by the clock, or by whichever ends it first. What the clock counts, and what follows when it
 * has run out, is in the rules (`rules/rules.ts`).
 */
import { lapIndex, lastLap } from './laps.js';
import { rulesOf } from './rules/rules.js';
import type { RaceState } from './types.js';

export interface Distance {
  /** Laps that the leader completes in all; null where nothing tells it yet. */
  laps: number | null;
  /** The clock decides, so that `laps` is a guess by the leader's mean lap so far, cautions and stops in it. */
  isEstimate: boolean;
  /** Until the clock has run out, at least 0; null where the race is by laps alone, and before it began. */
  timeLeftMs: number | null;
}

/**
 * @example
 * distance(state); // six hours, after two: { laps: 214, isEstimate: true, timeLeftMs: 14_400_000 }
 */
export function distance(state: RaceState): Distance {
  const { lapsTotal } = state.session;
  const overMs = timeOverMs(state);
  if (overMs === null) return { laps: lapsTotal, isEstimate: false, timeLeftMs: null };
  const timed = endLap(state, overMs);
  const isEstimate = timed !== null && (lapsTotal === null || timed < lapsTotal);
  return {
    laps: isEstimate ? timed : lapsTotal,
    isEstimate,
    timeLeftMs: Math.max(0, overMs - state.lastEventMs),
  };
}

/** Event time at which the clock runs out; under a red flag that stops it, as if the race went on now. Null without a clock. */
export function timeOverMs(state: RaceState): number | null {
  const { durationMs } = state.session;
  const fromMs = beganMs(state);
  if (durationMs === undefined || !(durationMs > 0) || fromMs === null) return null;
  if (!rulesOf(state).clock.redStops) return fromMs + durationMs;
  let overMs = fromMs + durationMs;
  state.flags.forEach(({ flag, atMs }, index) => {
    // One that came out after time does not hold the clock.
    if (flag !== 'red' || atMs >= overMs) return;
    const nextMs = state.flags[index + 1]?.atMs ?? Math.max(state.lastEventMs, atMs);
    overMs += nextMs - Math.max(atMs, fromMs);
  });
  return overMs;
}

/**
 * Event time of the leader's crossing that ends the race: its last lap, or the first one after time, and what the rules add.
 * Null before it. For feeds that show no chequered flag.
 */
export function endedMs(state: RaceState): number | null {
  const { lapsTotal } = state.session;
  const ends: number[] = [];
  if (lapsTotal !== null) ends.push(firstToCompleteMs(state, lapsTotal));
  const overMs = timeOverMs(state);
  if (overMs !== null && overMs <= state.lastEventMs) {
    ends.push(firstToCompleteMs(state, lapsAt(state, overMs) + 1 + rulesOf(state).clock.lapsAfter));
  }
  const endMs = Math.min(...ends);
  return Number.isFinite(endMs) ? endMs : null;
}

/** The green flag; where the feed shows none, the first car's first crossing. */
export function beganMs({ greenAtMs, entries }: RaceState): number | null {
  if (greenAtMs !== null) return greenAtMs;
  let firstMs: number | null = null;
  for (const { startAtMs, laps } of Object.values(entries)) {
    const first = laps.at(0);
    const atMs = startAtMs ?? (first?.lap === 1 && first.lapTimeMs !== null ? first.atMs - first.lapTimeMs : null);
    if (atMs !== null && (firstMs === null || atMs < firstMs)) firstMs = atMs;
  }
  return firstMs;
}

/** The leader's last lap, as told by its crossings, or by its mean lap while time is left. */
function endLap(state: RaceState, overMs: number): number | null {
  const { lapsAfter } = rulesOf(state).clock;
  const leader = state.entries[state.order[0]];
  const last = leader === undefined ? undefined : lastLap(leader);
  const fromMs = beganMs(state);
  if (last === undefined || fromMs === null) return null;
  if (last.atMs >= overMs) return Math.max(lapsAt(state, overMs) + 1 + lapsAfter, last.lap);
  const meanMs = (last.atMs - fromMs) / last.lap;
  return meanMs > 0 ? last.lap + Math.floor((overMs - last.atMs) / meanMs) + 1 + lapsAfter : null;
}

/** Laps that the furthest car had completed before that time. */
function lapsAt({ entries }: RaceState, atMs: number): number {
  let most = 0;
  for (const { laps } of Object.values(entries)) {
    for (let i = laps.length - 1; i >= 0; i--) {
      if (laps[i].atMs >= atMs) continue;
      most = Math.max(most, laps[i].lap);
      break;
    }
  }
  return most;
}

function firstToCompleteMs({ entries }: RaceState, lap: number): number {
  let firstMs = Number.POSITIVE_INFINITY;
  for (const { laps } of Object.values(entries)) {
    const crossing = laps[lapIndex(laps, lap)];
    if (crossing !== undefined) firstMs = Math.min(firstMs, crossing.atMs);
  }
  return firstMs;
}
