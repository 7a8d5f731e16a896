import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const NASCAR: TyrePacePrior = {
  source:
    'Fitted on 7 races that are over. On races of the other half: in a stint, laps 1–5: 0.254 s (last lap 0.304 s, fresh laps 0.452 s), 85 % of 28551 covered; in a stint, lap 1: 0.212 s (last lap 0.294 s, fresh laps 0.489 s), 89 % of 6012 covered; in a stint, lap 5: 0.286 s (last lap 0.302 s, fresh laps 0.421 s), 82 % of 5318 covered; in a stint, lap 10: 0.335 s (last lap 0.370 s, fresh laps 0.452 s), 80 % of 4561 covered; in a stint, lap 20: 0.413 s (last lap 0.480 s, fresh laps 0.545 s), 78 % of 3166 covered; after a stop, laps 2–10: 0.693 s (last lap 0.972 s, fresh laps 0.624 s), 62 % of 3269 covered; after a stop, lap 2: 1.22 s (last lap 1.34 s, fresh laps 1.23 s), 41 % of 389 covered; after a stop, lap 5: 0.588 s (last lap 0.900 s, fresh laps 0.507 s), 64 % of 370 covered; after a stop, lap 10: 0.498 s (last lap 0.798 s, fresh laps 0.442 s), 72 % of 315 covered; after a stop, lap 20: 0.474 s (last lap 0.654 s, fresh laps 0.500 s), 80 % of 213 covered.',
  refuels: true,
  noiseSd: 0.004,
  driftWalkSd: 0.0004,
  driftPerLap: {
    mean: -0.000003623,
    sd: 0.00009193,
  },
  carWalkSd: 0.0005,
  stopSd: 0.002,
  restartSd: 0.001,
  passingSd: 0.003,
  passingKept: 0.75,
  linear: {
    mean: 0.001025,
    sd: 0.002,
  },
  early: {
    mean: 0.004336,
    sd: 0.007595,
  },
  carLinearSd: 0.002,
  fuelPerLap: {
    mean: 0.0002,
    sd: 0.00006,
  },
  restartFirst: {
    mean: 0.03143,
    sd: 0.03763,
  },
  restartFading: {
    mean: -0.005379,
    sd: 0.006859,
  },
  traffic: {
    mean: -0.0005152,
    sd: 0.001534,
  },
  compounds: {},
  onceFactor: 3.921,
  noiseFactor: 0.3009,
};
