import type { TyrePacePrior } from '../prior.js';

/** Written by bench/fit/fit-state-space.ts. */
export const OTHER: TyrePacePrior = {
  source:
    'Fitted on 103 races that are over. On races of the other half: in a stint, laps 1–5: 0.709 s (last lap 0.696 s, fresh laps 1.31 s), 83 % of 108402 covered; in a stint, lap 1: 0.635 s (last lap 0.583 s, fresh laps 1.27 s), 84 % of 24870 covered; in a stint, lap 5: 0.757 s (last lap 0.790 s, fresh laps 1.35 s), 82 % of 18583 covered; in a stint, lap 10: 1.04 s (last lap 1.01 s, fresh laps 1.51 s), 83 % of 12772 covered; in a stint, lap 20: 0.960 s (last lap 1.18 s, fresh laps 1.40 s), 84 % of 5763 covered; after a stop, laps 2–10: 1.30 s (last lap 1.69 s, fresh laps 1.82 s), 78 % of 31625 covered; after a stop, lap 2: 1.40 s (last lap 1.85 s, fresh laps 1.97 s), 74 % of 4070 covered; after a stop, lap 5: 1.23 s (last lap 1.67 s, fresh laps 1.79 s), 78 % of 3738 covered; after a stop, lap 10: 1.05 s (last lap 1.52 s, fresh laps 1.69 s), 86 % of 2730 covered; after a stop, lap 20: 0.968 s (last lap 1.50 s, fresh laps 1.51 s), 85 % of 1227 covered.',
  refuels: true,
  noiseSd: 0.004,
  driftWalkSd: 0.0004,
  driftPerLap: {
    mean: -0.0005068,
    sd: 0.000116,
  },
  carWalkSd: 0.0005,
  stopSd: 0.002,
  restartSd: 0.001,
  passingSd: 0.003,
  passingKept: 0.75,
  linear: {
    mean: 0.008888,
    sd: 0.006955,
  },
  early: {
    mean: 0.001666,
    sd: 0.005102,
  },
  carLinearSd: 0.002,
  fuelPerLap: {
    mean: 0.0004,
    sd: 0.0002,
  },
  restartFirst: {
    mean: 0.004493,
    sd: 0.0075,
  },
  restartFading: {
    mean: 0.00197,
    sd: 0.0025,
  },
  traffic: {
    mean: 0.01036,
    sd: 0.00522,
  },
  compounds: {
    SOFT: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    MEDIUM: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    ULTRASOFT: {
      offset: {
        mean: 0.00112,
        sd: 0.005,
      },
      slope: {
        mean: 0,
        sd: 0.004,
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
        mean: -0.001824,
        sd: 0.005,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    C2: {
      offset: {
        mean: -0.001621,
        sd: 0.005,
      },
      slope: {
        mean: 0.001277,
        sd: 0.001503,
      },
    },
    C3: {
      offset: {
        mean: -0.001406,
        sd: 0.005663,
      },
      slope: {
        mean: 0.000882,
        sd: 0.001216,
      },
    },
    C1: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
      },
    },
    INTERMEDIATE: {
      offset: {
        mean: 0,
        sd: 0.02,
      },
      slope: {
        mean: 0,
        sd: 0.004,
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
    WET: {
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
  onceFactor: 2.403,
  noiseFactor: 0.3009,
};
