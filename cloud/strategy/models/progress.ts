import type { CarForm, Field } from './field.js';
import { average } from './linear.js';

/** Where nobody said how long the race is: a usual length, in laps or seconds. */
export interface Length {
  laps: number | null;
  durationS: number | null;
}

/** How far the race is, for everybody. */
export interface Progress {
  /** 0 … 1 of the distance. */
  share: number;
  /** Laps that the leader completes in all; an estimate in a race by the clock. */
  lapsTotal: number;
  /** To the full distance, at least 0. A car that is laps down is flagged off before. */
  lapsLeft(form: CarForm): number;
  /** That the car itself will complete: by the clock, those that are laps down drive fewer. */
  ownLapsLeft(form: CarForm): number;
  leader: CarForm | null;
}

/** A race that goes on beyond its usual length has at least this share of what it has done left. */
const OVERTIME = 0.05;
/** By the clock, a car goes on as in its newest laps, a stop or two among them. */
const RECENT_S = 5_400;

/**
 * Distance done and left, in laps. Units: laps. Source: the race's own length; by the clock, the leader's mean lap so far,
 * cautions and stops included. Limits: a race that is shortened is told only by a changed `lapsTotal` or `durationS`.
 */
export function progress(field: Field, usual: Length): Progress {
  const leader = leaderOf(field);
  const lapsTotal = leader === null ? 0 : totalLaps(field, leader, usual);
  return {
    lapsTotal,
    leader,
    share: lapsTotal > 0 ? Math.min(1, field.lap / lapsTotal) : 0,
    lapsLeft: (form) => Math.max(0, lapsTotal - form.lap),
    ownLapsLeft: (form) => clockLaps(field, form, usual) ?? Math.max(0, lapsTotal - form.lap),
  };
}

function leaderOf({ cars, lap }: Field): CarForm | null {
  const furthest = cars.filter((form) => form.lap === lap);
  const placed = furthest.filter((form) => form.car.pos[form.at] > 0);
  if (placed.length > 0) return placed.reduce((a, b) => (a.car.pos[a.at] <= b.car.pos[b.at] ? a : b));
  return furthest[0] ?? null;
}

function totalLaps(field: Field, leader: CarForm, usual: Length): number {
  const { lapsTotal, durationS } = field.history;
  if (lapsTotal !== null && lapsTotal > 0) return Math.max(lapsTotal, field.lap);
  const elapsedS = leader.car.elapsedS[leader.at];
  const clockS = durationS !== null && durationS > 0 ? durationS : usual.durationS;
  if (clockS !== null && elapsedS > 0) {
    const leftS = Math.max(clockS - elapsedS, durationS === null ? OVERTIME * elapsedS : 0);
    return field.lap + Math.ceil(leftS / meanLapS(leader));
  }
  return Math.max(usual.laps ?? 0, Math.ceil(field.lap * (1 + OVERTIME)));
}

/** Laps until the clock runs out, the one under way at that moment included; null where laps are counted. */
function clockLaps({ history: { lapsTotal, durationS } }: Field, form: CarForm, usual: Length): number | null {
  const clockS = durationS !== null && durationS > 0 ? durationS : usual.durationS;
  const nowS = form.car.elapsedS[form.at];
  if ((lapsTotal !== null && lapsTotal > 0) || clockS === null || !(nowS > 0)) return null;
  const lapS = recentLapS(form);
  return lapS > 0 ? Math.max(1, Math.ceil((clockS - nowS) / lapS)) : null;
}

function recentLapS(form: CarForm): number {
  const { elapsedS, lap } = form.car;
  const { at } = form;
  let from = at;
  while (from > 0 && elapsedS[from - 1] >= elapsedS[at] - RECENT_S) from--;
  return from > 0 && from < at ? (elapsedS[at] - elapsedS[from]) / (lap[at] - lap[from]) : meanLapS(form);
}

/** Of all laps so far; stops and cautions are in it. */
export function meanLapS({ car, at, timesS }: CarForm): number {
  const whole = car.elapsedS[at] / car.lap[at];
  return whole > 0 ? whole : average(timesS);
}
