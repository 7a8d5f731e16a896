import { factsInForce } from '../facts/in-force.js';
import { lastLap, officialLaps } from '../laps.js';
import type { EntryState, RaceState } from '../types.js';

/** What race control has imposed on a car and it has not served. */
export interface Penalty {
  /** Added to its race time when the result is made. */
  seconds: number;
  /** Drives through the pit lane that it owes. */
  driveThroughs: number;
}

/**
 * As people told: no timing feed that is read here names penalties. `served` settles all that was imposed before it; a
 * drive-through that timing saw is not taken for one, because a stop looks the same until the officials report it.
 */
export function penaltyOf(state: RaceState, entry: EntryState): Penalty {
  const penalty: Penalty = { seconds: 0, driveThroughs: 0 };
  if (entry.facts.length === 0) return penalty;
  const said = factsInForce(state, entry.facts, 'penalty');
  for (const { value } of said.slice(said.findLastIndex((one) => one.value === 'served') + 1)) {
    if (value === 'driveThrough') penalty.driveThroughs++;
    else penalty.seconds += Number(value);
  }
  return penalty;
}

/**
 * Entries by place with all seconds added, while official positions, which are those on the track, have none. A car falls
 * behind those of its own lap that came within its seconds, never behind one of another lap.
 */
export function classification(state: RaceState): string[] {
  const order = state.order.map((key) => ({
    key,
    laps: officialLaps(state.entries[key]),
    atMs: Number.NEGATIVE_INFINITY,
  }));
  order.forEach((place, index) => {
    const before = order[index - 1];
    const crossedMs = lastLap(state.entries[place.key])?.atMs ?? Number.NEGATIVE_INFINITY;
    // The official order stands where crossings contradict it.
    place.atMs = before?.laps === place.laps ? Math.max(before.atMs, crossedMs) : crossedMs;
  });
  const timed = order.map((place) => ({
    ...place,
    atMs: place.atMs + 1_000 * penaltyOf(state, state.entries[place.key]).seconds,
  }));
  timed.sort((a, b) => b.laps - a.laps || (a.atMs < b.atMs ? -1 : a.atMs > b.atMs ? 1 : 0));
  return timed.map(({ key }) => key);
}
