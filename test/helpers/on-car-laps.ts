/** Real on-car lap events beside official timing, and how much of the truth they can tell. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CarLap } from '#cloud/race/arbiter/fold.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { readSharedRace, sharedFolder } from './shared-data.js';

/** The development races whose cars told of their laps. */
export const ON_CAR_RACES = [
  'circuit-of-the-americas_R1',
  'circuit-of-the-americas_R2',
  'sebring_R1',
  'sebring_R2',
  'sonoma_R1',
  'sonoma_R2',
  'barber-motorsports-park_R1',
  'barber-motorsports-park_R2',
] as const;

export interface OfficialTruth {
  car: string;
  lap: number;
  lapTimeMs: number;
  elapsedMs: number;
}

export interface OnCarRace {
  /** What the cars told, as it was received. */
  rows: Observation[];
  truth: OfficialTruth[];
  /** The green flag on the receiver's clock. */
  greenMs: number;
}

/** Within a tenth of a second is right. */
export const RIGHT_MS = 100;
const TIMELY_BEFORE_MS = 30_000;
const TIMELY_AFTER_MS = 100_000;
const BIN_MS = 200;

export function readOnCarRace(race: string): OnCarRace {
  const path = resolve(sharedFolder, `data/arbiter/grcup_2025_${race}_oncar_lap_time.csv.gz`);
  const [, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/);
  const rows = lines.map((line): Observation => {
    const [vehicleId, lap, value, received, carTime] = line.split(',');
    return {
      source: 'car',
      receivedAt: Date.parse(received),
      car: String(Number(vehicleId.split('-')[2])),
      vehicleId,
      lap: Number(lap),
      ...(value === '' ? {} : { lapTimeMs: Number(value) }),
      carTime: Date.parse(carTime),
    };
  });
  // Two cars share a number in some races: the row that stands last is what a (car, lap) means.
  const truth = new Map<string, OfficialTruth>();
  for (const { car, lap, lapTimeS, elapsedS } of readSharedRace(`grcup_2025_${race}`)) {
    const lapTimeMs = Math.round(lapTimeS! * 1000);
    truth.set(`${car} ${lap}`, { car, lap, lapTimeMs, elapsedMs: Math.round(elapsedS! * 1000) });
  }
  return { rows, truth: [...truth.values()], greenMs: greenFlag(rows, [...truth.values()]) };
}

/** The moment that most pairs of an official lap and an equal one of the car agree on. */
function greenFlag(rows: readonly Observation[], truth: readonly OfficialTruth[]): number {
  const votes = new Map<number, number>();
  for (const { car, lapTimeMs, carTime } of rows) {
    for (const lap of truth) {
      if (lap.car !== car || (lapTimeMs !== undefined && Math.abs(lapTimeMs - lap.lapTimeMs) > RIGHT_MS)) continue;
      const bin = Math.floor((carTime! - lap.elapsedMs) / BIN_MS);
      votes.set(bin, (votes.get(bin) ?? 0) + 1);
    }
  }
  const score = (bin: number) => (votes.get(bin - 1) ?? 0) + (votes.get(bin) ?? 0) + (votes.get(bin + 1) ?? 0);
  const best = [...votes.keys()].reduce((a, b) => (score(b) > score(a) ? b : a));
  return best * BIN_MS + BIN_MS / 2;
}

/** Official laps that some row of the car tells right, received from 30 s before to 100 s after the end of the lap. */
export function timelyLaps({ rows, truth, greenMs }: OnCarRace): Set<string> {
  const timely = new Set<string>();
  for (const { car, lap, lapTimeMs, elapsedMs } of truth) {
    const told = rows.some((row) => {
      const lateMs = row.receivedAt - greenMs - elapsedMs;
      const right = row.lapTimeMs !== undefined && Math.abs(row.lapTimeMs - lapTimeMs) <= RIGHT_MS;
      return row.car === car && right && lateMs >= -TIMELY_BEFORE_MS && lateMs <= TIMELY_AFTER_MS;
    });
    if (told) timely.add(`${car} ${lap}`);
  }
  return timely;
}

/** Every third official lap, as the feed would tell it. */
export function everyThirdLap({ truth, greenMs }: OnCarRace, withElapsed: boolean): Observation[] {
  return truth
    .filter(({ lap }) => lap % 3 === 0)
    .map(({ car, lap, lapTimeMs, elapsedMs }) => ({
      source: 'timing',
      receivedAt: greenMs + elapsedMs,
      car,
      lap,
      lapTimeMs,
      ...(withElapsed ? { elapsedMs } : {}),
    }));
}

export interface OnCarScore {
  /** Laps asked for: those that timing did not give. */
  laps: number;
  /** Of them, laps found: the right number, and the time within a tenth. */
  right: number;
  /** Of them, laps that some timely row of a car tells right; and of these, laps found. */
  timely: number;
  rightOfTimely: number;
}

/** @param given what of timing the arbiter was told */
export function scoreLaps(race: OnCarRace, told: readonly CarLap[], given: readonly Observation[]): OnCarScore {
  const timely = timelyLaps(race);
  const known = new Set(given.map(({ car, lap }) => `${car} ${lap}`));
  const found = new Map(told.map(({ car, lap, lapTimeMs }) => [`${car} ${lap}`, lapTimeMs]));
  const score: OnCarScore = { laps: 0, right: 0, timely: 0, rightOfTimely: 0 };
  for (const { car, lap, lapTimeMs } of race.truth) {
    const key = `${car} ${lap}`;
    if (known.has(key)) continue;
    const isRight = Math.abs((found.get(key) ?? Number.NaN) - lapTimeMs) <= RIGHT_MS;
    score.laps++;
    if (isRight) score.right++;
    if (!timely.has(key)) continue;
    score.timely++;
    if (isRight) score.rightOfTimely++;
  }
  return score;
}
