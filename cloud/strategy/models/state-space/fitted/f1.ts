import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const F1: TyrePacePrior = {
  source:
    'Fitted on 81 races that are over. On races of the other half: in a stint, laps 1–5: 0.621 s (last lap 0.638 s, fresh laps 1.31 s), 80 % of 53815 covered; in a stint, lap 1: 0.563 s (last lap 0.539 s, fresh laps 1.28 s), 82 % of 12733 covered; in a stint, lap 5: 0.683 s (last lap 0.737 s, fresh laps 1.36 s), 79 % of 8942 covered; in a stint, lap 10: 0.978 s (last lap 0.958 s, fresh laps 1.50 s), 79 % of 5582 covered; in a stint, lap 20: 0.982 s (last lap 1.15 s, fresh laps 1.55 s), 82 % of 1719 covered; after a stop, laps 2–10: 1.11 s (last lap 1.70 s, fresh laps 1.89 s), 79 % of 12467 covered; after a stop, lap 2: 1.15 s (last lap 1.86 s, fresh laps 2.02 s), 76 % of 1605 covered; after a stop, lap 5: 1.12 s (last lap 1.69 s, fresh laps 1.86 s), 79 % of 1441 covered; after a stop, lap 10: 0.930 s (last lap 1.52 s, fresh laps 1.75 s), 83 % of 1190 covered; after a stop, lap 20: 0.988 s (last lap 1.62 s, fresh laps 1.67 s), 85 % of 548 covered.',
  refuels: false,
  noiseSd: 0.004,
  driftWalkSd: 0.0004,
  driftPerLap: {
    mean: -0.0006274,
    sd: 0.0001276,
  },
  carWalkSd: 0.0005,
  stopSd: 0.002,
  restartSd: 0.001,
  passingSd: 0.003,
  passingKept: 0.75,
  linear: {
    mean: 0.007408,
    sd: 0.003864,
  },
  early: {
    mean: 0.004702,
    sd: 0.001905,
  },
  carLinearSd: 0.002,
  fuelPerLap: {
    mean: 0.00034,
    sd: 0.0001,
  },
  restartFirst: {
    mean: 0.003946,
    sd: 0.0075,
  },
  restartFading: {
    mean: 0.0005432,
    sd: 0.0025,
  },
  traffic: {
    mean: 0.006567,
    sd: 0.004422,
  },
  compounds: {
    ULTRASOFT: {
      offset: {
        mean: -0.000144,
        sd: 0.005,
      },
      slope: {
        mean: -0.000157,
        sd: 0.00349,
      },
    },
    SOFT: {
      offset: {
        mean: 0.0009242,
        sd: 0.005,
      },
      slope: {
        mean: 0.0001471,
        sd: 0.001,
      },
    },
    SUPERSOFT: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    HYPERSOFT: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    C4: {
      offset: {
        mean: -0.002329,
        sd: 0.005,
      },
      slope: {
        mean: 0.002311,
        sd: 0.001836,
      },
    },
    C3: {
      offset: {
        mean: -0.00004374,
        sd: 0.005,
      },
      slope: {
        mean: -0.002163,
        sd: 0.001016,
      },
    },
    C2: {
      offset: {
        mean: 0.0002771,
        sd: 0.005,
      },
      slope: {
        mean: -0.0001587,
        sd: 0.001976,
      },
    },
    C5: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
  },
  onceFactor: 2.051,
  noiseFactor: 0.4382,
};
