import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const WEC: TyrePacePrior = {
  source:
    'Fitted on 7 races that are over. On races of the other half: in a stint, laps 1–5: 1.92 s (last lap 1.48 s, fresh laps 2.12 s), 80 % of 24317 covered; in a stint, lap 1: 1.56 s (last lap 1.13 s, fresh laps 1.91 s), 83 % of 5630 covered; in a stint, lap 5: 2.20 s (last lap 1.73 s, fresh laps 2.33 s), 78 % of 4081 covered; in a stint, lap 10: 2.73 s (last lap 2.43 s, fresh laps 2.97 s), 77 % of 2525 covered; in a stint, lap 20: 1.59 s (last lap 2.32 s, fresh laps 0.856 s), 78 % of 878 covered; after a stop, laps 2–10: 2.56 s (last lap 2.30 s, fresh laps 2.39 s), 74 % of 15852 covered; after a stop, lap 2: 2.42 s (last lap 2.24 s, fresh laps 2.35 s), 75 % of 2067 covered; after a stop, lap 5: 2.62 s (last lap 2.36 s, fresh laps 2.43 s), 73 % of 1924 covered; after a stop, lap 10: 2.51 s (last lap 2.23 s, fresh laps 2.33 s), 76 % of 1225 covered; after a stop, lap 20: 1.23 s (last lap 1.23 s, fresh laps 0.982 s), 87 % of 466 covered.',
  refuels: true,
  noiseSd: 0.005,
  driftWalkSd: 0.0003,
  driftPerLap: {
    mean: 0.00002051,
    sd: 0.00003577,
  },
  carWalkSd: 0.0005,
  stopSd: 0.001,
  restartSd: 0.002,
  passingSd: 0.006,
  passingKept: 0.85,
  linear: {
    mean: 0.0123,
    sd: 0.002706,
  },
  early: {
    mean: -0.0006841,
    sd: 0.00368,
  },
  carLinearSd: 0.001,
  fuelPerLap: {
    mean: 0.0006,
    sd: 0.0002,
  },
  restartFirst: {
    mean: 0.005419,
    sd: 0.0075,
  },
  restartFading: {
    mean: 0.002,
    sd: 0.00001,
  },
  traffic: {
    mean: 0.006089,
    sd: 0.001093,
  },
  compounds: {},
  onceFactor: 2.556,
  noiseFactor: 0.72,
};
