import type { Prior } from './types.js';

/** Written by bench/fit/fit.ts. */
export const NASCAR: Prior = {
  source:
    'Fitted on 7 races; cross-validated over races: next laps 0.280 s cross-validated, 0.259 s in sample, last lap 0.303 s.',
  pace: {
    weights: {
      previous: 0.026164,
      median3: 0.053846,
      median5: 0.028048,
      median10: 0.044648,
      mean5: -0.020391,
      smooth3: -0.01867,
      smooth6: 0.035925,
      stintMedian: 0.020522,
      best8: 0.047515,
      classMedian: 0.010531,
      fieldShift: 0.0069416,
      fieldShiftAhead: 0.032019,
      medianAhead: 0.014093,
      slope: 0.051974,
      slopeStint: -0.11726,
      freshMedian: 0.21393,
      restartMedian: 0.062373,
      restartBest: 0.41347,
      firstGreenBest: -0.038405,
      closeMedian: 0.035147,
      nearLast: 0.19524,
      nearMedian3: 0.10487,
      nearMean5: -0.048495,
      share: 0.036039,
      shareAhead: 0.077747,
      shareAge: 0.046238,
      shareFresh: -0.16596,
      shareRestart: -0.15574,
      shareClose: 0.0045649,
    },
    spread: {
      one: -1.3907,
      field: 0.22469,
      own: 0.26534,
      ahead: 0.1028,
      restart: 0.36165,
      fresh: 0.35476,
      stale: 1.1764,
    },
    bands: [
      {
        low: -2.2176,
        high: 2.2736,
      },
      {
        low: -2.2747,
        high: 2.5607,
      },
      {
        low: -2.3452,
        high: 2.2074,
      },
      {
        low: -2.3372,
        high: 2.5537,
      },
      {
        low: -2.3144,
        high: 2.6906,
      },
    ],
  },
};
