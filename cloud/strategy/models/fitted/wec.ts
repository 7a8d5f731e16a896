import type { Prior } from './types.js';

/** Written by bench/fit/fit.ts. */
export const WEC: Prior = {
  source:
    'Fitted on 7 races; cross-validated over races: next laps 1.44 s cross-validated, 1.33 s in sample, last lap 1.50 s.',
  pace: {
    weights: {
      previous: 0.02654,
      median3: 0.060878,
      median5: 0.039563,
      median10: 0.0098628,
      mean5: 0.022333,
      smooth3: 0.023941,
      smooth6: 0.073952,
      stintMedian: 0.062761,
      best8: 0.040353,
      classMedian: 0.023665,
      fieldShift: 0.11706,
      fieldShiftAhead: 0.16702,
      medianAhead: 0.07656,
      slope: -0.029609,
      slopeStint: 0.018163,
      freshMedian: -0.03898,
      restartMedian: 0.0207,
      restartBest: 0.01327,
      firstGreenBest: 0.36556,
      closeMedian: 0.04363,
      nearLast: -0.00061504,
      nearMedian3: 0.0019921,
      nearMean5: 0.0021169,
      share: -0.017815,
      shareAhead: -0.021887,
      shareAge: -0.022967,
      shareFresh: 0.018193,
      shareRestart: -0.078496,
      shareClose: -0.0053134,
    },
    spread: {
      one: -0.52956,
      field: 0.71956,
      own: 0.24137,
      ahead: 0.081008,
      restart: 0.01256,
      fresh: 0.40234,
      stale: 0.5777,
    },
    bands: [
      {
        low: -2.074,
        high: 2.7309,
      },
      {
        low: -2.2293,
        high: 2.9673,
      },
      {
        low: -2.3171,
        high: 2.9607,
      },
      {
        low: -2.2133,
        high: 2.8894,
      },
      {
        low: -2.1901,
        high: 2.9458,
      },
    ],
  },
};
