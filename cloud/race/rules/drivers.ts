import { factsInForce } from '../facts/in-force.js';
import type { EntryState, RaceState } from '../types.js';
import { rulesOf } from './rules.js';

export interface DriverTime {
  driver: string;
  /** At the wheel over all completed laps, ms, and in the turn that is on (0 for those who are out of the car). */
  raceMs: number;
  turnMs: number;
  laps: number;
  /** What the rules leave, ms, the lesser of race and turn; null where they set no limit. */
  leftMs: number | null;
}

/** Who is in the car: the roster's driver until a person says otherwise. */
export function driverNow(state: RaceState, entry: EntryState): string {
  return turns(state, entry).at(-1)!.driver;
}

/**
 * Time at the wheel per driver, first in the car first. By crossings, so that laps which the feed lost count too; without a
 * person's word on driver changes all of it is the roster's driver. Limits: the lap under way is not counted, and "4 h in
 * any 6" is taken as 4 h without a change, which is the stricter reading.
 */
export function driverTimes(state: RaceState, entry: EntryState): DriverTime[] {
  const limits = rulesOf(state).driverTime;
  const all = turns(state, entry);
  const times = new Map<string, DriverTime>();
  all.forEach(({ driver, fromLap }, index) => {
    const toLap = all[index + 1]?.fromLap ?? Number.POSITIVE_INFINITY;
    const driven = entry.laps.filter(({ lap }) => lap > fromLap && lap <= toLap);
    const fromMs = entry.laps.findLast(({ lap }) => lap <= fromLap)?.atMs ?? entry.startAtMs ?? state.greenAtMs;
    const last = driven.at(-1);
    const turnMs = last === undefined || fromMs === null ? 0 : Math.max(0, last.atMs - fromMs);
    const time = times.get(driver) ?? { driver, raceMs: 0, turnMs: 0, laps: 0, leftMs: null };
    time.raceMs += turnMs;
    time.laps += driven.length;
    time.turnMs = index === all.length - 1 ? turnMs : 0;
    times.set(driver, time);
  });
  for (const time of times.values()) {
    if (limits !== null) time.leftMs = Math.max(0, Math.min(limits.raceMs - time.raceMs, limits.stintMs - time.turnMs));
  }
  return [...times.values()];
}

function turns(state: RaceState, entry: EntryState): { driver: string; fromLap: number }[] {
  const said = entry.facts.length === 0 ? [] : factsInForce(state, entry.facts, 'driver');
  const changes = said.map(({ value, lap }) => ({ driver: String(value), fromLap: lap ?? 0 }));
  changes.sort((a, b) => a.fromLap - b.fromLap);
  return changes[0]?.fromLap === 0 ? changes : [{ driver: entry.roster.driver, fromLap: 0 }, ...changes];
}
