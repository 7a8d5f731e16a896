import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const GRCUP: TyrePacePrior = {
  source:
    'Fitted on 8 races that are over. On races of the other half: in a stint, laps 1–5: 0.761 s (last lap 0.940 s, fresh laps 1.28 s), 80 % of 1719 covered; in a stint, lap 1: 0.689 s (last lap 0.801 s, fresh laps 1.26 s), 82 % of 495 covered; in a stint, lap 5: 0.611 s (last lap 0.970 s, fresh laps 1.17 s), 84 % of 242 covered; in a stint, lap 10: 0.650 s (last lap 0.706 s, fresh laps 0.973 s), 86 % of 104 covered; in a stint, lap 20: – s (last lap – s, fresh laps – s), – of 0 covered; after a stop, laps 2–10: 1.71 s (last lap 1.71 s, fresh laps 1.63 s), 71 % of 37 covered; after a stop, lap 2: 1.77 s (last lap 1.91 s, fresh laps 1.70 s), 73 % of 9 covered; after a stop, lap 5: 0.505 s (last lap 0.785 s, fresh laps 1.19 s), 75 % of 3 covered; after a stop, lap 10: – s (last lap – s, fresh laps – s), – of 0 covered; after a stop, lap 20: – s (last lap – s, fresh laps – s), – of 0 covered.',
  refuels: false,
  noiseSd: 0.005,
  driftWalkSd: 0.0003,
  driftPerLap: {
    mean: 0,
    sd: 0.00005,
  },
  carWalkSd: 0.001,
  stopSd: 0.001,
  restartSd: 0.002,
  passingSd: 0.006,
  passingKept: 0.6,
  linear: {
    mean: 0.00229,
    sd: 0.008611,
  },
  early: {
    mean: 0.003,
    sd: 0.003,
  },
  carLinearSd: 0.001,
  fuelPerLap: {
    mean: 0.0002,
    sd: 0.00006,
  },
  restartFirst: {
    mean: 0.008994,
    sd: 0.0075,
  },
  restartFading: {
    mean: 0.002,
    sd: 0.00001,
  },
  traffic: {
    mean: 0.002032,
    sd: 0.001958,
  },
  compounds: {},
  onceFactor: 0.8131,
  noiseFactor: 0.6776,
};
