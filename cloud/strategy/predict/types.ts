import type { RaceHistory } from '../history/history.js';

/** Parts of a prediction; asking for less costs less. */
export const WANTS = ['nextLaps', 'finish', 'nextStop', 'remaining', 'rejoin'] as const;
export type Want = (typeof WANTS)[number];

/** Seconds; `lo80` … `hi80` holds the outcome four times in five. */
export interface LapForecast {
  lap: number;
  mean: number;
  lo80: number;
  hi80: number;
}

/** Place from 1 in the overall classification; bounds inclusive. */
export interface FinishForecast {
  mean: number;
  lo80: number;
  hi80: number;
  pWin: number;
}

export interface StopForecast {
  /** Lap that will end in the pits; null = no further stop. */
  lap: number | null;
  /** Chance that one of the next five laps ends in the pits. */
  pWithin5: number;
}

export interface Prediction {
  nextLaps?: Record<string, LapForecast[]>;
  finish?: Record<string, FinishForecast>;
  nextStop?: Record<string, StopForecast>;
  /** Seconds from the car's last crossing to its finish. */
  remaining?: Record<string, number>;
  /** At the end of lap `pitOnLap` + 1: place among the cars by time at that lap, and seconds from the last crossing. */
  rejoin?: { position: number; seconds: number };
}

export interface Question {
  /** What is known so far, and nothing else. */
  history: RaceHistory;
  want: readonly Want[];
  /** Needed for `rejoin`: the car's lap `pitOnLap` ends in the pits. */
  whatIf?: { car: string; pitOnLap: number };
  /** Seeds every draw. */
  seed: number;
}

/** A pure function of its question (decision 10). */
export type Predictor = (question: Question) => Prediction;
