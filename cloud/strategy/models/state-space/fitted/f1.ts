import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const F1: TyrePacePrior = {
  source:
    'Fitted on 81 races that are over. On races of the other half: in a stint, laps 1–5: 0.579 s (last lap 0.638 s, fresh laps 1.31 s), 80 % of 53815 covered; in a stint, lap 1: 0.523 s (last lap 0.539 s, fresh laps 1.28 s), 80 % of 12733 covered; in a stint, lap 5: 0.650 s (last lap 0.737 s, fresh laps 1.36 s), 80 % of 8942 covered; in a stint, lap 10: 0.910 s (last lap 0.958 s, fresh laps 1.50 s), 80 % of 5582 covered; in a stint, lap 20: 0.941 s (last lap 1.15 s, fresh laps 1.55 s), 82 % of 1719 covered; after a stop, laps 2–10: 1.08 s (last lap 1.70 s, fresh laps 1.89 s), 75 % of 12467 covered; after a stop, lap 2: 1.15 s (last lap 1.86 s, fresh laps 2.02 s), 68 % of 1605 covered; after a stop, lap 5: 1.08 s (last lap 1.69 s, fresh laps 1.86 s), 76 % of 1441 covered; after a stop, lap 10: 0.893 s (last lap 1.52 s, fresh laps 1.75 s), 82 % of 1190 covered; after a stop, lap 20: 0.978 s (last lap 1.62 s, fresh laps 1.67 s), 84 % of 548 covered.',
  refuels: false,
  noiseSd: 0.004,
  driftWalkSd: 0.0004,
  driftPerLap: {
    mean: -0.0006381,
    sd: 0.000129,
  },
  carWalkSd: 0.0005,
  stopSd: 0.004,
  restartSd: 0.00025,
  passingSd: 0.006,
  passingKept: 0.75,
  linear: {
    mean: 0.007493,
    sd: 0.003994,
  },
  early: {
    mean: 0.004872,
    sd: 0.001743,
  },
  carLinearSd: 0.0005,
  fuelPerLap: {
    mean: 0.00034,
    sd: 0.0001,
  },
  restartFirst: {
    mean: 0.003887,
    sd: 0.0075,
  },
  restartFading: {
    mean: 0.0007806,
    sd: 0.0025,
  },
  traffic: {
    mean: 0.006584,
    sd: 0.004439,
  },
  compounds: {
    ULTRASOFT: {
      offset: {
        mean: -0.0001293,
        sd: 0.005,
      },
      slope: {
        mean: -0.0001694,
        sd: 0.003486,
      },
    },
    SOFT: {
      offset: {
        mean: 0.0008747,
        sd: 0.005,
      },
      slope: {
        mean: 0.0001793,
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
        mean: -0.002358,
        sd: 0.005,
      },
      slope: {
        mean: 0.002155,
        sd: 0.001987,
      },
    },
    C3: {
      offset: {
        mean: -0.00002351,
        sd: 0.005,
      },
      slope: {
        mean: -0.002207,
        sd: 0.001,
      },
    },
    C2: {
      offset: {
        mean: 0.000328,
        sd: 0.005,
      },
      slope: {
        mean: -0.0001409,
        sd: 0.002237,
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
  onceFactor: 1.269,
  noiseFactor: 0.6026,
};
