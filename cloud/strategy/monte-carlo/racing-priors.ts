import { ofSeries } from '../models/field.js';
import type { ServiceTimes } from './types.js';

/**
 * What a drawn race needs of a group of series beside the fitted models. Times that scale with the track are shares of a
 * green lap.
 */
export interface RacingPrior {
  /** Behind the pace car, under a virtual caution, closing up: multiples of a green lap. */
  fullFactor: number;
  virtualFactor: number;
  closeUpFactor: number;
  bunchGapS: number;
  /** Of slow phases, those that are virtual. */
  virtualShare: number;
  lengthLogSd: number;
  /** Of slow phases, those that are no stage break. */
  drawnCautions: number;
  /** Laps of a full caution until pit road opens. */
  pitClosedLaps: number;
  /** Chance to stop under a full caution, by tyre age in fifths of a usual stint; the last one for all that is older. */
  cautionStop: readonly number[];
  /** Of the stops that hazards were fitted on, those made under green. */
  greenStops: number;
  pitLossLogSd: number;
  /** Lap's share that the pit lane spans: who passes it behind the pace car is slow there, too. */
  laneShare: number;
  /**
   * Green laps on a tank, as a multiple of a usual stint; null where nobody refuels, or stints tell too little of tanks: NASCAR's
   * end with cautions.
   */
  tankStints: number | null;
  /** Only differences between services count: what a stop costs as a whole is observed. */
  service: ServiceTimes;
  /** Over the line, from car to car. */
  minGapS: number;
  /** Advantage at which a pass succeeds one lap in two, the scale on which that chance grows, what letting by costs: shares of a lap. */
  passHalf: number;
  passScale: number;
  lapping: number;
  duelS: number;
  /** Noise of the first laps after a restart, as a multiple, and how many they are. */
  restartNoise: number;
  restartLaps: number;
  /** Chance per green lap to lose time by trouble, and the median of that time. */
  troubleChance: number;
  troubleS: number;
  /** Sd of what stays of a car's pace being other than forecast, and of each lap around it; shares of a lap. */
  paceSd: number;
  noiseSd: number;
  /** Sd of the track's own walk a lap, share of a lap. */
  fieldWalk: number;
}

/** Two new tyres of four leave half of the wear [judgement]. */
const TWO_TYRES_KEEP = 0.5;

/**
 * Sources. Factors, lengths, shares of virtual phases and of green stops, spread of a stop's loss, trouble, stops under
 * caution of F1 and WEC: `bench/fit/racing-figures.ts` on 103 past races, 2026-11-21. Stops under caution of NASCAR: 1,895 stops
 * of the Cup of 2022 with their laps (0.3 on tyres of under 5 laps, 0.5 to 10, 0.8 to 15, 0.9 beyond). Sds of pace:
 * `bench/fit/pace-persistence.ts`. Passes of WEC: how often a car that follows within 1.5 s passes within the lap, by its
 * advantage (0.06 at 0.1 s, 0.23 at 0.75 s, 0.48 at 1.75 s); F1's were made harder on eleven past races (the README says why); gaps and what a duel costs: published parameters of TUM's race simulation (0.5 s, 0.3 s). Box times: NASCAR's
 * stop records of 2022 (four tyres 12.3 to 14.5 s, two 8.7 s, both with fuel; a can of half a tank in about 6.5 s); WEC has one hose, tyres
 * after fuel. The rest of the services, bunching, lane shares and NASCAR's passes are judgement.
 */
const F1: RacingPrior = {
  fullFactor: 1.55,
  virtualFactor: 1.31,
  closeUpFactor: 1.3,
  bunchGapS: 0.8,
  virtualShare: 0.36,
  lengthLogSd: 0.6,
  drawnCautions: 1,
  pitClosedLaps: 0,
  cautionStop: [0.24, 0.38, 0.51, 0.45, 0.51, 0.65, 0.65, 0.71],
  greenStops: 0.73,
  pitLossLogSd: 0.075,
  laneShare: 0.08,
  tankStints: null,
  service: { noTyresS: 1, twoTyresS: 2.5, fourTyresS: 2.5, fillS: 0, together: true, twoTyresKeep: TWO_TYRES_KEEP },
  minGapS: 0.5,
  passHalf: 0.06,
  passScale: 0.016,
  duelS: 0.3,
  lapping: 0.003,
  restartNoise: 1.5,
  restartLaps: 2,
  troubleChance: 0.0064,
  troubleS: 14,
  paceSd: 0.004,
  noiseSd: 0.005,
  fieldWalk: 0.0005,
};

const NASCAR: RacingPrior = {
  fullFactor: 3,
  virtualFactor: 1.4,
  closeUpFactor: 2,
  bunchGapS: 0.4,
  virtualShare: 0,
  lengthLogSd: 0.27,
  drawnCautions: 0.73,
  pitClosedLaps: 1,
  cautionStop: [0.35, 0.65, 0.83, 0.86, 0.86, 0.93],
  greenStops: 0.28,
  pitLossLogSd: 0.09,
  laneShare: 0.2,
  tankStints: null,
  service: { noTyresS: 1, twoTyresS: 8.7, fourTyresS: 13, fillS: 13, together: true, twoTyresKeep: TWO_TYRES_KEEP },
  minGapS: 0.1,
  passHalf: 0.01,
  passScale: 0.005,
  duelS: 0.05,
  lapping: 0.001,
  restartNoise: 3,
  restartLaps: 3,
  troubleChance: 0.005,
  troubleS: 10,
  paceSd: 0.0045,
  noiseSd: 0.004,
  fieldWalk: 0.0003,
};

const WEC: RacingPrior = {
  ...F1,
  fullFactor: 2.06,
  virtualFactor: 1.47,
  closeUpFactor: 1.5,
  bunchGapS: 1,
  virtualShare: 0.41,
  lengthLogSd: 0.8,
  pitClosedLaps: 1,
  cautionStop: [0.14, 0.23, 0.33, 0.47, 0.57, 0.86, 0.9],
  greenStops: 0.86,
  pitLossLogSd: 0.28,
  tankStints: 1.1,
  service: { noTyresS: 3, twoTyresS: 11, fourTyresS: 18, fillS: 36, together: false, twoTyresKeep: TWO_TYRES_KEEP },
  passHalf: 0.02,
  passScale: 0.008,
  restartNoise: 2,
  paceSd: 0.0055,
  noiseSd: 0.006,
  troubleChance: 0.0044,
  troubleS: 48,
};

/** Sprints without stops, and series that nobody has seen. */
const OTHER: RacingPrior = {
  ...F1,
  fullFactor: 2,
  virtualFactor: 1.4,
  virtualShare: 0.3,
  cautionStop: [0.25, 0.35, 0.45, 0.5, 0.5, 0.6],
  greenStops: 0.72,
  pitLossLogSd: 0.16,
  tankStints: 1.3,
  service: { noTyresS: 1, twoTyresS: 8.7, fourTyresS: 13, fillS: 13, together: true, twoTyresKeep: TWO_TYRES_KEEP },
};

const PRIORS: Record<string, RacingPrior> = { f1: F1, nascar: NASCAR, wec: WEC };

export function racingPriorOf(series: string): RacingPrior {
  return ofSeries(PRIORS, series) ?? OTHER;
}
