import { findLap, lastLap } from './laps.js';
import type { EntryState, RaceState } from './types.js';

/**
 * How far behind an entry is; measured where both crossed the line on the same lap, and at least the time for which its
 * next crossing is overdue: a car in the pits falls back on the screen as it does on the track. Null = not known or not
 * meaningful.
 */
export interface Gap {
  /** To the leader, ms; null when the car is a lap or more down. */
  gapMs: number | null;
  lapsDown: number;
  /** To the car ahead in the order, ms; null when that is a lap or more ahead. */
  intervalMs: number | null;
}

/**
 * Gaps of all entries, by entry.
 *
 * @example
 * gaps(state)['24']; // { gapMs: 12_340, lapsDown: 0, intervalMs: 804 }
 */
export function gaps(state: RaceState): Record<string, Gap> {
  const all: Record<string, Gap> = {};
  const leader = state.entries[state.order[0]];
  state.order.forEach((key, index) => {
    const entry = state.entries[key];
    const ahead = state.entries[state.order[index - 1]];
    const toLeader = behind(entry, leader, state.lastEventMs);
    all[key] = {
      gapMs: toLeader.gapMs,
      lapsDown: toLeader.lapsDown,
      intervalMs: ahead === undefined ? null : behind(entry, ahead, state.lastEventMs).gapMs,
    };
  });
  return all;
}

function behind(entry: EntryState, other: EntryState, nowMs: number): { gapMs: number | null; lapsDown: number } {
  const own = lastLap(entry);
  const others = lastLap(other);
  if (own === undefined || others === undefined) return { gapMs: null, lapsDown: 0 };
  const lapsDown = Math.max(lapsAt(other, own.atMs) - own.lap, others.lap - own.lap - 1, 0);
  const crossing = findLap(other, own.lap);
  if (lapsDown > 0 || crossing === undefined) return { gapMs: null, lapsDown };
  // Official order may disagree with crossing times by a little; a car is never behind by less than nothing.
  const next = findLap(other, own.lap + 1);
  const overdueMs = next === undefined ? 0 : nowMs - next.atMs;
  return { gapMs: Math.max(0, own.atMs - crossing.atMs, overdueMs), lapsDown };
}

/** Laps that the entry had completed at that time. */
function lapsAt(entry: EntryState, atMs: number): number {
  for (let i = entry.laps.length - 1; i >= 0; i--) if (entry.laps[i].atMs <= atMs) return entry.laps[i].lap;
  return 0;
}
