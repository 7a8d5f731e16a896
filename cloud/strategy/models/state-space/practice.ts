import { AGE_UNIT_LAPS, FIELD, fieldRegressors } from './design.js';
import type { TyrePacePrior } from './prior.js';
import { observeShared, type Shared } from './star.js';
import type { PracticeTyres } from './types.js';

/** Lap time per kg, share: 0.019 s/kg at 68 s in published fits for cars of 750 kg [prior]. */
const SHARE_PER_KG = 0.0002;
/** Cars differ from those of that figure: one sd, as a share. */
const PER_KG_SD_SHARE = 0.3;
/** Laps of a stint over which practice's straight line is meant. */
const LINE_LAPS = [2, 15] as const;
/** A race is not practice (rubber, temperature, traffic): sd per lap, in ln, and as a share of the slope [judgement]. */
const OTHER_DAY_SD = 0.0001;
const OTHER_DAY_SHARE = 0.25;

/** The prior with the fuel's share that practice tells. */
export function withPractice(prior: TyrePacePrior, practice: PracticeTyres | null): TyrePacePrior {
  const kg = practice?.fuelPerLapKg ?? null;
  if (kg === null || !(kg.mean > 0)) return prior;
  const mean = SHARE_PER_KG * kg.mean;
  return { ...prior, fuelPerLap: { mean, sd: Math.hypot(SHARE_PER_KG * kg.sd, PER_KG_SD_SHARE * mean) } };
}

/** Practice's slope as one observation of the curve's mean slope over a stint. Stints of practice burn fuel, in every series. */
export function takePractice(shared: Shared, practice: PracticeTyres | null): void {
  const slope = practice?.falloffPerLap ?? null;
  if (slope === null || !Number.isFinite(slope.mean) || !(slope.sd >= 0)) return;
  const [from, to] = LINE_LAPS.map((ageLaps) =>
    fieldRegressors(
      new Float64Array(shared.mean.length),
      { ageLaps, compound: 0, fuelLaps: ageLaps, greenLaps: AGE_UNIT_LAPS, traffic: 0 },
      true,
    ),
  );
  const perLap = to.map((value, k) =>
    k === FIELD.restartFading ? 0 : (value - from[k]) / (LINE_LAPS[1] - LINE_LAPS[0]),
  );
  const sd = Math.hypot(slope.sd, OTHER_DAY_SD, OTHER_DAY_SHARE * slope.mean);
  observeShared(shared, perLap, slope.mean, sd ** 2);
}
