import { isSlow } from '../history/history.js';
import type { CautionPrior } from './fitted/types.js';
import type { Progress } from './progress.js';

export interface CautionModel {
  /** Chance that a slow phase begins on the next lap; 0 while one is on. */
  hazard: number;
  /** Laps that one lasts. */
  lengthLaps: number;
  /** A slow phase is on: laps of it so far, else 0. */
  nowLaps: number;
}

/**
 * Cautions, safety cars, virtual ones: how often they come. Units: chance per leader's lap, laps. Source: a rate that starts as
 * past races had it (as if `weightLaps` had been seen) and goes over to that of this race: gamma prior, Poisson counts.
 * Limits: the same on every lap, stage ends and restarts included; tracks are not told apart before the race.
 */
export function fitCautions({ leader }: Progress, prior: CautionPrior): CautionModel {
  const flags = leader === null ? [] : leader.car.flag;
  const { starts, laps, now } = cautionsOf(flags);
  const rate = (starts + prior.perLap * prior.weightLaps) / (laps + prior.weightLaps);
  return { hazard: now > 0 ? 0 : 1 - Math.exp(-rate), lengthLaps: prior.lengthLaps, nowLaps: now };
}

/** Slow phases that began, laps on which one could have begun, laps of the one that is on, and lengths of those that are over. */
export function cautionsOf(flags: ArrayLike<number>): { starts: number; laps: number; now: number; lengths: number[] } {
  let starts = 0;
  let laps = 0;
  let now = 0;
  const lengths: number[] = [];
  for (let index = 0; index < flags.length; index++) {
    const slow = isSlow(flags[index]);
    if (!slow && now > 0) lengths.push(now);
    if (!slow || now === 0) laps++;
    if (slow && now === 0) starts++;
    now = slow ? now + 1 : 0;
  }
  return { starts, laps, now, lengths };
}
