import type { Prior } from './types.js';

/** Written by bench/fit/fit.ts. */
export const OTHER: Prior = {
  source:
    'Fitted on 103 races; cross-validated over races: next laps 0.610 s cross-validated, 0.601 s in sample, last lap 0.687 s.',
  pace: {
    weights: {
      previous: 0.027781,
      median3: 0.11142,
      median5: 0.046143,
      median10: 0.010251,
      mean5: 0.027456,
      smooth3: 0.048833,
      smooth6: 0.065698,
      stintMedian: 0.028096,
      best8: 0.11538,
      classMedian: 0.012711,
      fieldShift: 0.25338,
      fieldShiftAhead: 0.27164,
      medianAhead: 0.10998,
      slope: 0.05963,
      slopeStint: 0.055779,
      freshMedian: -0.043889,
      restartMedian: -0.013777,
      restartBest: 0.078122,
      firstGreenBest: 0.24709,
      closeMedian: 0.083039,
      nearLast: 0.019915,
      nearMedian3: 0.019235,
      nearMean5: 0.001742,
      share: 0.0033238,
      shareAhead: -0.027604,
      shareAge: 0.007008,
      shareFresh: -0.41958,
      shareRestart: -0.10795,
      shareClose: -0.0087936,
    },
    spread: {
      one: -0.8208,
      field: 0.51488,
      own: 0.20724,
      ahead: 0.18291,
      restart: 0.083514,
      fresh: 0.57244,
      stale: 0.58123,
    },
    bands: [
      {
        low: -2.1515,
        high: 2.8872,
      },
      {
        low: -2.2084,
        high: 2.803,
      },
      {
        low: -2.1933,
        high: 2.6945,
      },
      {
        low: -2.1995,
        high: 2.7427,
      },
      {
        low: -2.1839,
        high: 2.7343,
      },
    ],
  },
};
