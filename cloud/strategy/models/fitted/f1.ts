import type { Prior } from './types.js';

/** Written by bench/fit/fit.ts. */
export const F1: Prior = {
  source:
    'Fitted on 81 races; cross-validated over races: next laps 0.542 s cross-validated, 0.533 s in sample, last lap 0.634 s.',
  pace: {
    weights: {
      previous: 0.060337,
      median3: 0.23875,
      median5: -0.022076,
      median10: 0.011886,
      mean5: 0.058384,
      smooth3: 0.23282,
      smooth6: -0.5037,
      stintMedian: -0.084878,
      best8: 0.28384,
      classMedian: 0.016564,
      fieldShift: 0.52272,
      fieldShiftAhead: -0.14294,
      medianAhead: 0.16915,
      slope: 0.17129,
      slopeStint: 0.080514,
      freshMedian: 0.13165,
      restartMedian: -0.030836,
      restartBest: 0.031998,
      firstGreenBest: 0.20049,
      closeMedian: 0.096051,
      nearLast: 0.13483,
      nearMedian3: 0.017588,
      nearMean5: -0.010183,
      share: 0.075698,
      shareAhead: -0.05591,
      shareAge: 0.055088,
      shareFresh: -0.93493,
      shareRestart: -0.033069,
      shareClose: -0.017265,
    },
    spread: {
      one: -0.92803,
      field: 0.49303,
      own: 0.13966,
      ahead: 0.19876,
      restart: 0.092841,
      fresh: 0.47478,
      stale: 0.47116,
    },
    bands: [
      {
        low: -2.2339,
        high: 3.1611,
      },
      {
        low: -2.3011,
        high: 2.9173,
      },
      {
        low: -2.3012,
        high: 3.0398,
      },
      {
        low: -2.1987,
        high: 3.1019,
      },
      {
        low: -2.2223,
        high: 3.1342,
      },
    ],
  },
};
