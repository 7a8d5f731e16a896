import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const NASCAR: TyrePacePrior = {
  source:
    'Fitted on 7 races that are over. On races of the other half: in a stint, laps 1–5: 0.250 s (last lap 0.304 s, fresh laps 0.452 s), 81 % of 28551 covered; in a stint, lap 1: 0.206 s (last lap 0.294 s, fresh laps 0.489 s), 86 % of 6012 covered; in a stint, lap 5: 0.280 s (last lap 0.302 s, fresh laps 0.421 s), 78 % of 5318 covered; in a stint, lap 10: 0.324 s (last lap 0.370 s, fresh laps 0.452 s), 74 % of 4561 covered; in a stint, lap 20: 0.377 s (last lap 0.480 s, fresh laps 0.545 s), 75 % of 3166 covered; after a stop, laps 2–10: 0.657 s (last lap 0.972 s, fresh laps 0.624 s), 61 % of 3269 covered; after a stop, lap 2: 1.33 s (last lap 1.34 s, fresh laps 1.23 s), 39 % of 389 covered; after a stop, lap 5: 0.507 s (last lap 0.900 s, fresh laps 0.507 s), 66 % of 370 covered; after a stop, lap 10: 0.476 s (last lap 0.798 s, fresh laps 0.442 s), 70 % of 315 covered; after a stop, lap 20: 0.488 s (last lap 0.654 s, fresh laps 0.500 s), 68 % of 213 covered.',
  refuels: true,
  noiseSd: 0.004,
  driftWalkSd: 0.0003,
  driftPerLap: {
    mean: 0.00007249,
    sd: 0.0001066,
  },
  carWalkSd: 0.001,
  stopSd: 0.004,
  restartSd: 0.0005,
  passingSd: 0.0015,
  passingKept: 0.92,
  linear: {
    mean: 0.005057,
    sd: 0.004139,
  },
  early: {
    mean: 0.01214,
    sd: 0.02306,
  },
  carLinearSd: 0.002,
  fuelPerLap: {
    mean: 0.0002,
    sd: 0.00006,
  },
  restartFirst: {
    mean: 0.04169,
    sd: 0.04087,
  },
  restartFading: {
    mean: 0.002,
    sd: 0.00001,
  },
  traffic: {
    mean: -0.0003427,
    sd: 0.001024,
  },
  compounds: {},
  onceFactor: 2.01,
  noiseFactor: 1.003,
};
