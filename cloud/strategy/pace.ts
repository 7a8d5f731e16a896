import { lapsCompleted } from '#cloud/race/laps.js';
import type { RaceState } from '#cloud/race/types.js';
import { falloff, type PaceLap, paceLaps } from './falloff.js';
import { bandSd, median } from './stats.js';

/** What is expected of one entry. Times in ms for a clean lap at racing speed. */
export interface Pace {
  /** The next lap. */
  lapMs: number;
  /** One standard deviation of that forecast. */
  sdMs: number;
  /** Change per lap of the stint, fuel burn-off included; what a forecast of the next laps adds. */
  netMsPerLap: number;
  /** The tyres' part alone: `netMsPerLap` with the prior effect of burnt fuel taken out. */
  tyreMsPerLap: number;
  /** Spread of `tyreMsPerLap`, one standard deviation. */
  tyreSdMs: number;
  /** Slower by this much for each kg on board. */
  msPerKg: number;
  tyreAgeLaps: number;
}

/** Gain of the lasting level of a car, after its first laps. This and the next four: fitted on F1 and NASCAR races. */
const LEVEL_GAIN = 0.2;
/** Gain and lap-to-lap persistence of what passes: traffic, saving, a mistake's aftermath. */
const PASSING_GAIN = 0.5;
const PASSING_KEPT = 0.85;
/** Share of a common shift (track, weather) that one lap of the whole field passes on to every car. */
const FIELD_GAIN = 0.4;
/** A residual counts at most this many times the usual one, the first time. */
const RESIDUAL_CLIP = 2;
/** Usual residual, as a share of lap time, before any were seen; and the least believed. */
const RESIDUAL_SD = 0.004;
const RESIDUAL_SD_MIN = 0.001;
/** Residuals of an entry by which its spread is told from the field's. */
const SPREAD_LAPS = 20;
/** Lap time per kg, share: 0.019 s/kg at 68 s in published fits for cars of 750 kg, less for heavier ones [prior]. */
const SHARE_PER_KG = 0.0002;
/** A car that has no clean lap yet is taken as the field, with this spread (share of lap time). */
const UNKNOWN_SD = 0.01;

/** One entry's filter. All in ln(ms). */
interface Filter {
  level: number;
  passing: number;
  laps: number;
  last: PaceLap;
  /** The field's drift when the entry was last updated. */
  drift: number;
  residuals: number[];
  /** Side on which the lap before was far off; 0 = it was not. */
  offSide: number;
}

/**
 * Expected lap of every entry, by entry; entries of whom nothing can be said are absent.
 *
 * A filter over the clean laps of the whole field in the order of their crossings: ln(lap time) = the car's level + what
 * passes (decays) + fall-off × tyre age + the field's drift. Exponential forgetting; residuals are clipped. Fall-off is
 * pooled (`falloff.ts`). The fuel-mass term is a prior: within a stint it cannot be told from wear.
 *
 * Limits: no compounds, no traffic term (it is part of what passes), no warm-up laps; restart laps are left out.
 * Without people's facts (`lapTime`, `stop`, `tyres`) timing alone tells the laps, and a stop counts as four new tyres.
 */
export function paces(state: RaceState): Record<string, Pace> {
  const laps: Record<string, PaceLap[]> = {};
  for (const key in state.entries) laps[key] = paceLaps(state.entries[key]);
  const slopes = falloff(state, laps);
  const { filters, drift } = runFilters(laps, slopes.byEntry);
  const fieldResidual = bandSd(Object.values(filters).flatMap(({ residuals }) => residuals)) ?? RESIDUAL_SD;
  const fieldLevel = median(Object.values(filters).map((filter) => filter.level));

  const all: Record<string, Pace> = {};
  for (const key in state.entries) {
    const entry = state.entries[key];
    const filter = filters[key];
    const level = filter?.level ?? fieldLevel;
    if (level === null) continue;
    const slope = slopes.byEntry[key] ?? slopes.field;
    const ageLaps = lapsCompleted(entry) - entry.tyresFromLap;
    const passing = filter === undefined ? 0 : filter.passing * PASSING_KEPT;
    const moved = filter === undefined ? 0 : drift - filter.drift;
    const lapMs = Math.exp(level + passing + moved + slope * (ageLaps + 1));
    const sd = filter === undefined ? UNKNOWN_SD : spreadOf(filter, fieldResidual);
    const fuelShare = SHARE_PER_KG * state.session.car.fuelPerLapKg;
    all[key] = {
      lapMs,
      sdMs: lapMs * sd,
      netMsPerLap: lapMs * slope,
      tyreMsPerLap: lapMs * (slope + fuelShare),
      tyreSdMs: lapMs * slopes.sd,
      msPerKg: lapMs * SHARE_PER_KG,
      tyreAgeLaps: ageLaps,
    };
  }
  return all;
}

function runFilters(
  laps: Record<string, PaceLap[]>,
  slopes: Record<string, number>,
): { filters: Record<string, Filter>; drift: number } {
  const sequence: { key: string; lap: PaceLap }[] = [];
  for (const key in laps) for (const lap of laps[key]) sequence.push({ key, lap });
  sequence.sort((a, b) => a.lap.atMs - b.lap.atMs || (a.key < b.key ? -1 : 1));

  const filters: Record<string, Filter> = {};
  let drift = 0;
  let entries = 0;
  // Running scale of residuals; half of it is at most a field lap old.
  let usual = RESIDUAL_SD;
  for (const { key, lap } of sequence) {
    const worn = lap.logMs - slopes[key] * lap.ageLaps;
    const filter = filters[key];
    if (filter === undefined) {
      filters[key] = { level: worn, passing: 0, laps: 1, last: lap, drift, residuals: [], offSide: 0 };
      entries++;
      continue;
    }
    const passing = filter.passing * PASSING_KEPT ** (lap.lap - filter.last.lap);
    filter.level += drift - filter.drift;
    const residual = worn - filter.level - passing;
    filter.residuals.push(residual);
    if (filter.residuals.length > SPREAD_LAPS) filter.residuals.shift();
    const bound = RESIDUAL_CLIP * usual;
    // Twice far off on the same side is not an outlier, it is rain, or new tyres: then it counts in full.
    const outlier = Math.abs(residual) > bound && Math.sign(residual) !== filter.offSide;
    filter.offSide = Math.abs(residual) > bound ? Math.sign(residual) : 0;
    const clipped = outlier ? Math.sign(residual) * bound : residual;
    usual = Math.max(
      RESIDUAL_SD_MIN,
      usual + (Math.min(Math.abs(residual), 2 * bound) * 1.25 - usual) / (2 * entries + 8),
    );
    filter.laps++;
    const gain = Math.max(LEVEL_GAIN, 1 / filter.laps);
    filter.level += gain * clipped;
    filter.passing = passing + PASSING_GAIN * (1 - gain) * clipped;
    drift += (FIELD_GAIN * clipped) / (entries + 1);
    filter.drift = drift;
    filter.last = lap;
  }
  return { filters, drift };
}

/** The entry's own spread counts as it gets data; the field's before. */
function spreadOf(filter: Filter, field: number): number {
  const own = bandSd(filter.residuals) ?? field;
  const weight = filter.residuals.length / (filter.residuals.length + SPREAD_LAPS);
  return Math.max(RESIDUAL_SD_MIN, weight * own + (1 - weight) * field);
}
