import type { Prior } from './types.js';

/** Written by bench/fit/fit.ts. */
export const OTHER: Prior = {
  "source": "Fitted on 103 races that are over. On races that a fit had not seen: next laps 0.609 s (last lap 0.687 s); order at 0.1 tau 0.520 (persistence 0.520); order at 0.25 tau 0.579 (persistence 0.554); order at 0.5 tau 0.657 (persistence 0.642); order at 0.75 tau 0.755 (persistence 0.755); order at 0.9 tau 0.871 (persistence 0.870); stop within five laps: area 0.762, F1 0.387; lap of the next stop 9.24 laps (median of longer stints 11.2); time left at 0.1: 119 s (naive 120 s); time left at 0.25: 85.9 s (naive 97.6 s); time left at 0.5: 43.8 s (naive 44.5 s); time left at 0.75: 18.0 s (naive 19.5 s); time left at 0.9: 5.86 s (naive 6.05 s); time of a stop 7.04 s (median loss 7.31 s).",
  "length": {
    "laps": 58,
    "durationS": null
  },
  "pitLoss": {
    "greenS": 65.357,
    "yellowS": 92.243
  },
  "pace": {
    "weights": {
      "previous": 0.019217,
      "median3": 0.096685,
      "median5": 0.042529,
      "median10": 0.0062901,
      "mean5": 0.021379,
      "smooth3": 0.041903,
      "smooth6": 0.046167,
      "stintMedian": 0.025564,
      "best8": 0.10479,
      "classMedian": 0.010795,
      "fieldShift": 0.22623,
      "fieldShiftAhead": 0.2616,
      "medianAhead": 0.11152,
      "slope": 0.060076,
      "slopeStint": 0.053221,
      "freshMedian": -0.028947,
      "restartMedian": -0.010345,
      "restartBest": 0.04587,
      "firstGreenBest": 0.28132,
      "closeMedian": 0.050031,
      "nearLast": 0.11692,
      "nearMedian3": 0.10957,
      "nearMean5": 0.0043408,
      "share": 0.0040666,
      "shareAhead": -0.028224,
      "shareAge": 0.010473,
      "shareFresh": -0.40379,
      "shareRestart": -0.10113,
      "shareClose": -0.0035791
    },
    "spread": {
      "one": -0.82329,
      "field": 0.52588,
      "own": 0.19957,
      "ahead": 0.1817,
      "restart": 0.09107,
      "fresh": 0.58231,
      "stale": 0.55599
    },
    "bands": [
      {
        "low": -2.1625,
        "high": 2.853
      },
      {
        "low": -2.2099,
        "high": 2.7762
      },
      {
        "low": -2.2277,
        "high": 2.6632
      },
      {
        "low": -2.2098,
        "high": 2.7299
      },
      {
        "low": -2.213,
        "high": 2.7286
      }
    ]
  },
  "order": {
    "weights": {
      "meanPlace": [
        -0.051097,
        0.25236,
        0.057751
      ],
      "recentPlace": [
        -0.051479,
        0.16543,
        0.051284
      ],
      "firstPlace": [
        0.33598,
        0.12283,
        0.011692
      ],
      "pace": [
        0.13371,
        0.10476,
        0.043064
      ],
      "projected": [
        -0.022869,
        0.010608,
        0.071159
      ],
      "levelled": [
        0.19692,
        0.21117,
        0.02763
      ],
      "average": [
        0.16352,
        0.13217,
        0.034566
      ]
    },
    "spread": {
      "one": -4.3718,
      "left": 0.11613,
      "leftRoot": 1.1694,
      "back": 2.0712,
      "backSquared": -1.3147,
      "cars": 1.0497
    },
    "spreadFactor": 1.9043,
    "outsPerRace": 0.14782
  },
  "stops": {
    "weights": {
      "one": -3.4154,
      "seenEnding": 0.097114,
      "seenEndingGreen": 0.28899,
      "seenMany": 0.24625,
      "seenShare": -0.61734,
      "age": 0.9,
      "ageLong": -0.90514,
      "ageLongest": -0.074804,
      "ageOwn": 0.17599,
      "ageOwnLong": -0.039884,
      "ownUnknown": 0.20829,
      "ownDue": -0.054246,
      "leftUnder8": -0.25813,
      "leftUnder15": -0.74741,
      "leftUnderHalf": 0.043432,
      "reachesEnd": 0.22577,
      "mustStop": -0.046534,
      "caution": 0.80493,
      "virtual": -0.16908,
      "cautionAge": -0.86191,
      "rivals3": 0.056246,
      "rivals10": 0.65995,
      "rivals3Age": 2.3392,
      "afterCaution": -0.16994,
      "justStopped": 0.18614,
      "slower": 0.10082,
      "place": 0.43651,
      "oneCompound": 1.2691,
      "oneCompoundLate": -0.043289,
      "stops": 0.27812,
      "stopsMore": -0.14401,
      "share": -0.078327,
      "tyreAge": -0.1306,
      "own0": 0.0093943,
      "own1": 0.16384,
      "own2": 0.040798,
      "own3": 0.16993,
      "own4": 0.37458,
      "own5": 0.33806,
      "own6": 0.33893,
      "own7": 0.53383,
      "own8": 0.085907,
      "own9": 0.020668,
      "ownOver": 0.024017,
      "cls0": 0.32062,
      "cls1": 0.46827,
      "cls2": 0.24711,
      "cls3": 0.18573,
      "cls4": -0.044023,
      "cls5": -0.080584,
      "cls6": 0.18812,
      "cls7": 0.010687,
      "cls8": -0.38116,
      "cls9": -0.33812,
      "clsOver": 0.4699,
      "clsUnknown": 0
    },
    "lapWeights": {
      "one": 5.5793,
      "longer": 0.051312,
      "own": 0.11127,
      "cls": 0.0081646,
      "typical": 0.058621,
      "toEnd": 0.17311,
      "soon": 3.789,
      "soonTypical": -0.85039,
      "over": 0.56028
    },
    "stintLaps": 21
  },
  "remaining": {
    "weights": {
      "one": 0.040634,
      "share": -0.057309,
      "allLaps": 0.012441,
      "allLapsField": 0.011877,
      "recentLaps": 0.042358,
      "newest5": 0.44133,
      "best": -0.058407,
      "drift": 0.024063,
      "slope": 0.16758,
      "shift": 0.53606,
      "stopsByStint": -0.00024468,
      "stopsMissing": 0.051774,
      "noStopYet": 0.0062229,
      "stopExpected": 0.53394,
      "stopsFurther": 0.14371,
      "slowNow": 0.064394,
      "slowShare": -0.017027
    }
  },
  "rejoin": {
    "weights": {
      "pace": -0.0076653,
      "ownStops": -0.045264,
      "newestStops": 0.20475,
      "newestOwn": -0.026466,
      "quickStops": 0.30627,
      "share": 0.13157,
      "shareAge": 0.045424,
      "shareAgeOwn": 0.098611,
      "shareShort": 0.56054,
      "shareFirst": 0.02399,
      "shareCaution": -0.57542
    },
    "missS": 7.036
  }
};
