import { isRacing, lapsCompleted } from '#cloud/race/laps.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import type { Figure } from '../models/state-space/types.js';
import { clamp, median, robustSd, Z80 } from '../stats.js';
import type { Band } from './types.js';

/** What is known of an entry's fuel. Masses in kg, rates in kg a lap. */
export interface Fuel {
  perLap: Band;
  perYellowLapKg: number;
  /** On board at the last completed lap. */
  leftKg: Band;
  lapsLeft: Band;
  /** One standard deviation of `lapsLeft`. */
  lapsLeftSd: number;
  /** Whether the car's own integral was used, or a figure from before the race alone; and which. */
  measured: boolean;
  source: 'car' | 'practice' | 'session';
}

/** One standard deviation of the session's figure, and the least of practice's: cars and drivers differ by so much [judgement]. */
const PRIOR_SD_SHARE = 0.05;
const PRACTICE_SD_SHARE = 0.02;
/** The prior counts as so many measured laps. */
const PRIOR_LAPS = 1;
/** An ECU integral is a sensor with a constant bias: a tank of fuel by it is wrong by so much [judgement]. */
const ECU_BIAS_SD_SHARE = 0.015;
/** Cells are not filled to the last drop, and the last drop cannot be used. */
const FILL_SD_SHARE = 0.01;
/** Laps under yellow burn much less: share of a green lap until some are measured [judgement, spec §6]. */
const YELLOW_SHARE = 0.45;
/** A session that gives no rate, or none that a car could have, must not make laps left infinite. */
const LAP_KG_MIN = 0.01;
/** Rates outside these shares of the prior are a broken sensor, not a car. */
const RATE_SHARE_MIN = 0.4;
const RATE_SHARE_MAX = 2.5;

/**
 * Fuel as an estimate with a band: no fuel gauge is assumed, and where there is an ECU integral it is taken as biased.
 * Left = what was on board when the stint began − what was used since. A stop fills the tank unless a person said how
 * much went in. Laps left are green laps.
 *
 * Without people's facts (`fuelAdded`): every stop fills the tank, and who was filled short has laps too many here.
 *
 * Limits: fills do not calibrate the integral (a short fill and a biased sensor look the same); who started on less than a
 * full tank is not known; saving is not recognised.
 *
 * @param practice a lap's fuel as practice had it; null: the session's figure counts
 */
export function fuel(state: RaceState, entry: EntryState, practice: Figure | null = null): Fuel {
  const { tankKg } = state.session.car;
  const rate = lapRate(entry.car?.fuelPerLapKg ?? [], priorRate(state.session.car.fuelPerLapKg, practice));
  const perYellowLapKg = yellowRate(entry, rate.meanKg);
  const onBoardKg = stintStartKg(entry, tankKg, rate.meanKg, perYellowLapKg);
  const usedKg = usedInStintKg(entry, rate.meanKg, perYellowLapKg);
  const leftKg = clamp(onBoardKg - usedKg, 0, tankKg);

  // What was used since the fill is as uncertain as the rate (or the sensor); what will be used, likewise.
  const usedSdKg = usedKg * (rate.measured ? ECU_BIAS_SD_SHARE : rate.sdKg / rate.meanKg);
  const leftSdKg = Math.hypot(usedSdKg, tankKg * FILL_SD_SHARE);
  const meanLaps = leftKg / rate.meanKg;
  const sdLaps = Math.hypot(leftSdKg / rate.meanKg, (meanLaps * rate.sdKg) / rate.meanKg);
  return {
    perLap: band(rate.meanKg, rate.sdKg),
    perYellowLapKg,
    leftKg: band(leftKg, leftSdKg),
    lapsLeft: band(meanLaps, sdLaps),
    lapsLeftSd: sdLaps,
    measured: rate.measured,
    source: rate.measured ? 'car' : practice === null ? 'session' : 'practice',
  };
}

function band(mean: number, sd: number): Band {
  return { low: Math.max(0, mean - Z80 * sd), mean, high: mean + Z80 * sd };
}

/** Practice's figure where there is one, in kg a lap; never so small that a tank would last for ever. */
function priorRate(sessionKg: number, practice: Figure | null): Rate {
  const meanKg = Math.max(practice?.mean ?? sessionKg, LAP_KG_MIN);
  const sdKg = practice === null ? meanKg * PRIOR_SD_SHARE : Math.max(practice.sd, meanKg * PRACTICE_SD_SHARE);
  return { meanKg, sdKg, measured: false };
}

interface Rate {
  meanKg: number;
  sdKg: number;
  measured: boolean;
}

function lapRate(measuredKg: readonly number[], prior: Rate): Rate {
  const usable = measuredKg.filter((kg) => kg > prior.meanKg * RATE_SHARE_MIN && kg < prior.meanKg * RATE_SHARE_MAX);
  const middleKg = median(usable);
  if (middleKg === null) return prior;
  const n = usable.length;
  const meanKg = (middleKg * n + prior.meanKg * PRIOR_LAPS) / (n + PRIOR_LAPS);
  const lapSdKg = Math.max(robustSd(usable) ?? 0, meanKg * PRIOR_SD_SHARE * 0.4);
  return { meanKg, sdKg: Math.hypot(lapSdKg / Math.sqrt(n), meanKg * ECU_BIAS_SD_SHARE), measured: true };
}

function yellowRate(entry: EntryState, greenKg: number): number {
  const seenKg = median(entry.car?.fuelPerYellowLapKg ?? []);
  return seenKg === null ? greenKg * YELLOW_SHARE : Math.min(seenKg, greenKg);
}

/** Walks the stints: a stop whose fill is not known fills the tank, one that is known adds to what was left. */
function stintStartKg(entry: EntryState, tankKg: number, greenKg: number, yellowKg: number): number {
  let startKg = tankKg;
  let fromLap = 0;
  let fromEcuKg = entry.car?.fuelUsedAtStartKg ?? null;
  for (const stop of entry.stops) {
    const toLap = stop.outLap === null ? stop.lap : stop.outLap - 1;
    if (toLap > entry.stintFromLap) break;
    if (stop.fuelAddedKg === null) startKg = tankKg;
    else {
      const byEcuKg = fromEcuKg === null || stop.ecuUsedKg === null ? null : stop.ecuUsedKg - fromEcuKg;
      const usedKg = Math.max(0, byEcuKg ?? usedByLapsKg(entry, fromLap, greenKg, yellowKg, toLap));
      startKg = Math.min(tankKg, Math.max(0, startKg - usedKg) + stop.fuelAddedKg);
    }
    fromLap = toLap;
    fromEcuKg = stop.ecuUsedKg;
  }
  return startKg;
}

/** By the ECU integral to the newest crossing that has one, by laps from there. */
function usedInStintKg(entry: EntryState, greenKg: number, yellowKg: number): number {
  const crossing = entry.car?.crossings.at(-1);
  const baseKg = entry.car?.fuelUsedAtStintKg ?? null;
  if (crossing === undefined || baseKg === null || crossing.lap < entry.stintFromLap) {
    return usedByLapsKg(entry, entry.stintFromLap, greenKg, yellowKg);
  }
  return Math.max(0, crossing.usedKg - baseKg) + usedByLapsKg(entry, crossing.lap, greenKg, yellowKg);
}

/** Laps after `fromLap` up to `toLap`, each at the rate of its flag; laps that the feed lost count as green. */
function usedByLapsKg(
  entry: EntryState,
  fromLap: number,
  greenKg: number,
  yellowKg: number,
  toLap = lapsCompleted(entry),
): number {
  let yellow = 0;
  for (let i = entry.laps.length - 1; i >= 0 && entry.laps[i].lap > fromLap; i--) {
    if (entry.laps[i].lap <= toLap && !isRacing(entry.laps[i].flag)) yellow++;
  }
  return (toLap - fromLap - yellow) * greenKg + yellow * yellowKg;
}
