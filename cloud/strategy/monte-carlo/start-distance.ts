import type { Field } from '../models/field.js';
import type { Progress } from '../models/progress.js';
import { NO_LIMIT, type RaceStart } from './types.js';

/** What ends the race: laps, the clock, or whichever comes first. */
export type DistanceColumns = Pick<RaceStart, 'lapsTotal' | 'durationS' | 'lapsAfter' | 'lapsMax'>;

/** Where the leader is, and how long a lap takes. */
export interface LeaderStanding {
  nowS: number;
  leaderLap: number;
  leaderS: number;
  lapS: number;
}

/** In a race by the clock nobody drives more laps than this multiple of what is expected, and so many on top. */
const LAPS_MARGIN = 1.3;
const LAPS_EXTRA = 2;

/**
 * @param lapsTotal distance of a race that its clock is expected to end before, null without one
 * @param lapsAfter the leader's whole laps after the one in which time runs out
 */
export function distanceColumns(
  field: Field,
  along: Progress,
  at: LeaderStanding,
  lapsTotal: number | null,
  lapsAfter: number,
): DistanceColumns {
  const { history } = field;
  const laps = history.lapsTotal ?? lapsTotal ?? NO_LIMIT;
  if (history.durationS !== null && history.durationS > 0) {
    return byClock(field, along, at, { lapsTotal: laps, durationS: history.durationS, lapsAfter });
  }
  if (laps < NO_LIMIT)
    return { lapsTotal: laps, durationS: NO_LIMIT, lapsAfter: 0, lapsMax: Math.max(at.leaderLap, laps) };
  // Nobody said how long it is: its usual length.
  const durationS = at.nowS + (along.lapsTotal - field.lap) * at.lapS;
  return byClock(field, along, at, { lapsTotal: NO_LIMIT, durationS, lapsAfter: 0 });
}

function byClock(
  field: Field,
  along: Progress,
  { nowS, leaderLap, leaderS, lapS }: LeaderStanding,
  ends: Pick<RaceStart, 'lapsTotal' | 'durationS' | 'lapsAfter'>,
): DistanceColumns {
  const { durationS, lapsAfter } = ends;
  // Once time has run out it is known which lap is the last one.
  const lapsTotal =
    leaderS >= durationS
      ? Math.min(ends.lapsTotal, lapsBefore(field, durationS, leaderLap) + 1 + lapsAfter)
      : ends.lapsTotal;
  const expected = Math.max(0, along.lapsTotal - leaderLap, (durationS - nowS) / lapS);
  const lapsMax = leaderLap + Math.ceil(LAPS_MARGIN * expected) + LAPS_EXTRA + lapsAfter;
  return { lapsTotal, durationS, lapsAfter, lapsMax: Math.max(leaderLap, Math.min(lapsTotal, lapsMax)) };
}

/** Laps that the furthest car had completed before that moment; the leader's newest one is known to have ended after it. */
function lapsBefore({ cars }: Field, atS: number, leaderLap: number): number {
  let most = 0;
  for (const { car, at } of cars) {
    let index = at;
    while (index >= 0 && !(car.elapsedS[index] < atS)) index--;
    if (index >= 0) most = Math.max(most, car.lap[index]);
  }
  return Math.min(most, leaderLap - 1);
}
