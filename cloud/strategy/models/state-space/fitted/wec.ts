import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const WEC: TyrePacePrior = {
  source:
    'Fitted on 7 races that are over. On races of the other half: in a stint, laps 1–5: 1.92 s (last lap 1.48 s, fresh laps 2.12 s), 83 % of 24317 covered; in a stint, lap 1: 1.66 s (last lap 1.13 s, fresh laps 1.91 s), 85 % of 5630 covered; in a stint, lap 5: 2.02 s (last lap 1.73 s, fresh laps 2.33 s), 83 % of 4081 covered; in a stint, lap 10: 2.59 s (last lap 2.43 s, fresh laps 2.97 s), 81 % of 2525 covered; in a stint, lap 20: 1.07 s (last lap 2.32 s, fresh laps 0.856 s), 91 % of 878 covered; after a stop, laps 2–10: 2.70 s (last lap 2.30 s, fresh laps 2.39 s), 76 % of 15852 covered; after a stop, lap 2: 2.63 s (last lap 2.24 s, fresh laps 2.35 s), 75 % of 2067 covered; after a stop, lap 5: 2.76 s (last lap 2.36 s, fresh laps 2.43 s), 76 % of 1924 covered; after a stop, lap 10: 2.61 s (last lap 2.23 s, fresh laps 2.33 s), 79 % of 1225 covered; after a stop, lap 20: 0.973 s (last lap 1.23 s, fresh laps 0.982 s), 95 % of 466 covered.',
  refuels: true,
  noiseSd: 0.005,
  driftWalkSd: 0.0004,
  driftPerLap: {
    mean: 0.000008702,
    sd: 0.00005472,
  },
  carWalkSd: 0.0005,
  stopSd: 0.002,
  restartSd: 0.001,
  passingSd: 0.003,
  passingKept: 0.75,
  linear: {
    mean: 0.01036,
    sd: 0.003952,
  },
  early: {
    mean: -0.001713,
    sd: 0.004781,
  },
  carLinearSd: 0.002,
  fuelPerLap: {
    mean: 0.0006,
    sd: 0.0002,
  },
  restartFirst: {
    mean: 0.002488,
    sd: 0.0075,
  },
  restartFading: {
    mean: -0.00394,
    sd: 0.0025,
  },
  traffic: {
    mean: 0.006465,
    sd: 0.001,
  },
  compounds: {},
  onceFactor: 3.537,
  noiseFactor: 0.3009,
};
