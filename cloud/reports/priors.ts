import { createHash } from 'node:crypto';
import { median, robustSd } from '#cloud/strategy/stats.js';
import type { PracticeFigure, PracticeFigures, SessionOpen } from '#wire/race-records.js';
import { type LapRow, newestLaps } from './lap-row.js';
import { type PracticeLap, practiceLaps, stintsOf } from './practice/laps.js';
import { trendWithin } from './practice/trend.js';

/** A figure fitted on practice, with what stands behind it. */
export interface Fitted {
  mean: number;
  /** One standard deviation of `mean`. */
  sd: number;
  /** Laps, or stops. */
  count: number;
}

/** What practice on a track says before the race. A part is null where practice does not tell it. */
export interface PracticePriors {
  v: 1;
  track: string;
  runs: readonly string[];
  cars: number;
  /** Hash of the laps that it was fitted on: the same laps give the same model. */
  inputs: string;
  /** Median clean lap of the field, ms. */
  lapMs: number | null;
  /**
   * Change of ln(lap time) per lap of a stint, burnt fuel included, pooled over the field; × `lapMs` = ms per lap. As
   * `cloud/strategy/models/state-space/` has it.
   */
  falloffPerLap: Fitted | null;
  /** kg a clean lap. */
  fuelPerLapKg: Fitted | null;
  /** In-lap and out-lap together, against two clean laps, ms. */
  pitLossMs: Fitted | null;
}

/** As stored: each fit of a track that says something else is one more. */
export interface StoredPriors extends PracticePriors {
  version: number;
  fittedAtMs: number;
}

/** Whoever took longer stood for work on the car: that is no stop of a race. */
const PIT_LOSS_MAX_MS = 90_000;
const STOPS_MIN = 3;
const FUEL_LAPS_MIN = 10;

/**
 * Fits the models of a track on the laps of one or more runs of practice. Robust: medians, and Theil–Sen within stints.
 *
 * @example
 * fitPriors('Test Ring', rows).falloffPerLap; // { mean: 0.00042, sd: 0.00003, count: 180 }
 */
export function fitPriors(track: string, rows: readonly LapRow[]): PracticePriors {
  const byCar = new Map<string, LapRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.race, row.entry]);
    const known = byCar.get(key);
    if (known) known.push(row);
    else byCar.set(key, [row]);
  }
  const cars = [...byCar.keys()].sort().map((key) => practiceLaps(newestLaps(byCar.get(key)!)));
  const clean = cars.map((laps) => laps.filter(({ kind }) => kind === 'clean'));
  return {
    v: 1,
    track,
    runs: [...new Set(rows.map(({ race }) => race))].sort(),
    cars: new Set(rows.map(({ entry }) => entry)).size,
    inputs: hashOf(cars),
    lapMs: median(clean.flat().map(({ lapTimeMs }) => lapTimeMs!)),
    falloffPerLap: falloffOf(clean),
    fuelPerLapKg: fitted(
      clean.flat().flatMap(({ fuelUsedKg }) => fuelUsedKg ?? []),
      FUEL_LAPS_MIN,
    ),
    pitLossMs: fitted(cars.flatMap(pitLosses), STOPS_MIN),
  };
}

function falloffOf(cars: readonly PracticeLap[][]): Fitted | null {
  const stints = cars.flatMap((clean) => stintsOf(clean));
  const trend = trendWithin(
    stints.map((stint) => stint.map(({ ageLaps, lapTimeMs }) => ({ x: ageLaps, y: Math.log(lapTimeMs!) }))),
  );
  return trend && { mean: trend.slope, sd: trend.slopeSd, count: trend.points };
}

function pitLosses(laps: readonly PracticeLap[]): number[] {
  const usual = median(laps.filter(({ kind }) => kind === 'clean').map(({ lapTimeMs }) => lapTimeMs!));
  if (usual === null) return [];
  return laps.slice(1).flatMap((out, i) => {
    const into = laps[i];
    const isStop = out.outLap && into.inLap && out.lap === into.lap + 1;
    if (!isStop || into.lapTimeMs === null || out.lapTimeMs === null) return [];
    // From the line before the stop to the line after it, by the clock: the time in the box belongs to one of both laps or to none.
    const lossMs = Math.max(out.atMs - into.atMs, out.lapTimeMs) + into.lapTimeMs - 2 * usual;
    return lossMs > 0 && lossMs <= PIT_LOSS_MAX_MS ? [lossMs] : [];
  });
}

/** Median, with its standard deviation (that of a mean, × 1.25). */
function fitted(values: readonly number[], countMin: number): Fitted | null {
  if (values.length < countMin) return null;
  return {
    mean: median(values)!,
    sd: (1.25 * robustSd(values)!) / Math.sqrt(values.length),
    count: values.length,
  };
}

function hashOf(cars: readonly PracticeLap[][]): string {
  const hash = createHash('sha256');
  for (const laps of cars) {
    for (const { race, entry, lap, atMs, lapTimeMs, kind, fuelUsedKg } of laps) {
      hash.update(JSON.stringify([race, entry, lap, atMs, lapTimeMs, kind, fuelUsedKg]));
    }
  }
  return hash.digest('hex');
}

/** A fitted figure this far from the one that the team gave is an error of one of both: the team is asked, not overruled. */
const SHARE_MIN = 0.5;
const SHARE_MAX = 2;

/** Figures of a session that practice may correct. */
const FIGURES = ['fuelPerLapKg', 'pitLossMs'] as const;

/**
 * The session with what practice said: strategy begins with it, and corrects it by what it observes. It stands in the
 * session's record, so that a replay begins with the same. Figures that the session gives itself are replaced, too.
 *
 * @returns the session, which of its figures were replaced, and which lie too far from the session's own to be believed
 */
export function withPriors(
  open: SessionOpen,
  priors: PracticePriors,
): { open: SessionOpen; taken: string[]; doubted: string[] } {
  const car = { ...open.car };
  const taken: string[] = [];
  const doubted: string[] = [];
  const { inputs, falloffPerLap } = priors;
  const practice: PracticeFigures = {
    inputs,
    falloffPerLap: figureOf(falloffPerLap),
    fuelPerLapKg: null,
    pitLossMs: null,
  };
  for (const figure of FIGURES) {
    const fit = priors[figure];
    if (fit === null) continue;
    const share = fit.mean / open.car[figure];
    // A session that gives no figure (0) takes whatever practice says.
    if (open.car[figure] > 0 && !(share >= SHARE_MIN && share <= SHARE_MAX)) doubted.push(figure);
    else {
      car[figure] = fit.mean;
      practice[figure] = figureOf(fit);
      taken.push(figure);
    }
  }
  const isTold = falloffPerLap !== null || taken.length > 0;
  return { open: { ...open, car, ...(isTold && { practice }) }, taken, doubted };
}

function figureOf(fit: Fitted | null): PracticeFigure | null {
  return fit && { mean: fit.mean, sd: fit.sd };
}
