import { isClean, isRacing } from '../history/history.js';
import { median } from '../stats.js';
import type { CarForm, Field } from './field.js';

/** Laps ahead that are told; further on it is as there. */
const AHEAD_LAPS = 5;
/** Later in a run nothing changes any more that this could tell. */
const RUN_LAPS_MAX = 80;
/** So many pairs of laps are half believed. */
const PAIRS_HALF = 60;

/** Seconds by which a lap so many laps later usually differs from one that far into a run; 0 where nothing like it was seen. */
export interface RunCurve {
  /** Into a run under green: packs, restarts, tyres that all have alike. */
  green(laps: number, ahead: number): number;
  /** Into a stint: tyres and fuel of its own. */
  stint(laps: number, ahead: number): number;
}

/** Differences between two laps of a stint, by how far into the run the first one was and how much later the second. */
type Pairs = Map<number, number[][]>;

/**
 * How lap times go on within a run, as all cars showed it earlier in this race: slow after a restart, then quick, then falling
 * off, by as much as this track and these tyres do it. Units: seconds. Source: pairs of clean laps of one stint up to five laps
 * apart, their median held towards none while they are few. Limits: drying tracks look like a run; what no run has reached yet is
 * not told.
 */
export function fitRunCurve(field: Field): RunCurve {
  let seen: { green: Pairs; stint: Pairs } | undefined;
  const known = new Map<string, number>();
  const at = (of: 'green' | 'stint', laps: number, ahead: number): number => {
    const key = `${of} ${laps} ${ahead}`;
    let value = known.get(key);
    if (value === undefined) {
      seen ??= readPairs(field);
      value = usual(seen[of], Math.min(laps, RUN_LAPS_MAX), Math.min(ahead, AHEAD_LAPS));
      known.set(key, value);
    }
    return value;
  };
  return {
    green: (laps, ahead) => at('green', laps, ahead),
    stint: (laps, ahead) => at('stint', laps, ahead),
  };
}

function usual(pairs: Pairs, laps: number, ahead: number): number {
  const near = reach(laps);
  const all = Array.from(
    { length: 2 * near + 1 },
    (_, index) => pairs.get(laps - near + index)?.[ahead - 1] ?? [],
  ).flat();
  return ((median(all) ?? 0) * all.length) / (all.length + PAIRS_HALF);
}

/** Right after a restart each lap is its own; later they are alike. */
function reach(laps: number): number {
  if (laps < 4) return 0;
  return laps < 10 ? 1 : Math.round(0.2 * laps);
}

function readPairs(field: Field): { green: Pairs; stint: Pairs } {
  const seen = { green: new Map(), stint: new Map() };
  for (const form of field.cars) readCar(form, seen);
  return seen;
}

function readCar({ car, at, limitS }: CarForm, seen: { green: Pairs; stint: Pairs }): void {
  let green = 0;
  let stint = 0;
  for (let index = 0; index <= at; index++) {
    green = isRacing(car.flag[index]) ? green + 1 : 0;
    stint = car.pitOut[index] || (index > 0 && car.pitIn[index - 1]) ? 1 : stint + 1;
    if (!isClean(car, index) || car.lapTimeS[index] > limitS) continue;
    for (let ahead = 1; ahead <= AHEAD_LAPS && index + ahead <= at; ahead++) {
      const later = index + ahead;
      if (!isClean(car, later)) break;
      if (car.lapTimeS[later] > limitS) continue;
      const changeS = car.lapTimeS[later] - car.lapTimeS[index];
      put(seen.green, green, ahead, changeS);
      put(seen.stint, stint, ahead, changeS);
    }
  }
}

function put(pairs: Pairs, laps: number, ahead: number, changeS: number): void {
  const key = Math.min(laps, RUN_LAPS_MAX);
  let of = pairs.get(key);
  if (of === undefined) {
    of = Array.from({ length: AHEAD_LAPS }, () => []);
    pairs.set(key, of);
  }
  of[ahead - 1].push(changeS);
}
