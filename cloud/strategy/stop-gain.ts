import type { RaceState } from '#cloud/race/types.js';
import { namedRandom, type Random } from '#wire/random.js';
import { sortedQuantile } from './stats.js';
import type { Band } from './types.js';
import { planCostMs, type Situation } from './window.js';

/** How uncertain the situation is; one standard deviation each. */
export interface Uncertainty {
  tyreSdMs: number;
  /** Of the laps that the fuel lasts. */
  fuelLapsSd: number;
  pitLossSdMs: number;
  pitLossYellowMs: number;
  /** Time of a lap, ms: what running dry costs is told in laps. */
  lapMs: number;
}

/** The next stop at the end of `lap`, `stops` in all; `yellow` when it is made under the caution that is out now. */
export interface Option {
  lap: number;
  stops: number;
  yellow: boolean;
}

export interface Gain {
  /** Mean over all runs, and what 8 in 10 of them lie between; a rare, dear outcome can put the mean outside. */
  gainMs: Band;
  /** Share of runs in which the alternative's lap is beyond the fuel. */
  dryShare: number;
}

/** A car that runs dry coasts, is pushed and loses about this many laps [judgement]. */
const DRY_LAPS = 3;
/** Cautions a lap: Gamma prior of one in 50 laps, worth 50 laps; real races have one in 35 (NASCAR) to 85 (F1). */
const PRIOR_CAUTIONS = 1;
const PRIOR_LAPS = 50;
/** A caution lasts about so many laps; a planned stop that falls into it is made at the yellow price. */
const CAUTION_LAPS = 4;

/**
 * Expected gain of an option over another, in remaining race time, with its 80 % interval: `runs` races drawn with common
 * random numbers, both options in each. Drawn: fall-off, fuel, pit loss, the next caution. Under a caution that comes
 * first, both stop at once if their window is open (that is what a late stop hopes for).
 *
 * Limits: lap noise is the same for both options and so left out; a caution's bunching of the field and places are not
 * valued, only time.
 */
export function stopGain(
  state: RaceState,
  now: Situation,
  unsure: Uncertainty,
  openLap: number,
  plan: Option,
  versus: Option,
  runs: number,
  key: string,
): Gain {
  const random = namedRandom(state.session.seed, `stop-gain/${key}/${now.lap}`);
  const hazard = cautionsPerLap(state);
  const gains = new Float64Array(runs);
  let sumMs = 0;
  let dry = 0;
  for (let run = 0; run < runs; run++) {
    const draw: Draw = {
      tyreMsPerLap: Math.max(0, now.cost.tyreMsPerLap + unsure.tyreSdMs * normal(random)),
      fuelLaps: now.fuelLapsLeft.mean + unsure.fuelLapsSd * normal(random),
      pitZ: normal(random),
      cautionLap: now.lap + 1 + Math.floor(-Math.log(1 - random()) / hazard),
    };
    const versusMs = optionMs(now, unsure, openLap, versus, draw);
    gains[run] = versusMs - optionMs(now, unsure, openLap, plan, draw);
    sumMs += gains[run];
    if (draw.fuelLaps < versus.lap - now.lap && draw.cautionLap > versus.lap) dry++;
  }
  if (runs < 1) return { gainMs: { low: 0, mean: 0, high: 0 }, dryShare: 0 };
  gains.sort();
  // Running dry is rare and dear: it can draw the mean out of the interval. Both are told as they are.
  const gainMs = { low: sortedQuantile(gains, 0.1), mean: sumMs / runs, high: sortedQuantile(gains, 0.9) };
  return { gainMs, dryShare: dry / runs };
}

interface Draw {
  tyreMsPerLap: number;
  fuelLaps: number;
  pitZ: number;
  cautionLap: number;
}

/** Remaining race time of an option in one drawn race, ms beyond what all options share. */
function optionMs(now: Situation, unsure: Uncertainty, openLap: number, option: Option, draw: Draw): number {
  const caughtAt = Math.max(draw.cautionLap, openLap);
  const caught = !option.yellow && caughtAt < option.lap && caughtAt < draw.cautionLap + CAUTION_LAPS;
  const lap = caught ? caughtAt : option.lap;
  const cheap = option.yellow || caught || (lap >= draw.cautionLap && lap < draw.cautionLap + CAUTION_LAPS);
  const lossMs = (cheap ? unsure.pitLossYellowMs : now.pitLossMs) + unsure.pitLossSdMs * draw.pitZ;
  const drawn: Situation = { ...now, cost: { ...now.cost, tyreMsPerLap: draw.tyreMsPerLap } };
  const dryMs = draw.fuelLaps < lap - now.lap ? DRY_LAPS * unsure.lapMs : 0;
  return planCostMs(drawn, lap, option.stops, lossMs + (option.stops - 1) * now.pitLossMs) + dryMs;
}

/** Gamma-Poisson: cautions seen so far, drawn to the prior. */
export function cautionsPerLap(state: RaceState): number {
  const seen = state.flags.filter(({ flag }) => flag === 'yellow').length;
  return (PRIOR_CAUTIONS + seen) / (PRIOR_LAPS + state.lap);
}

/** Standard normal by Box and Muller; one of the pair, so that every draw takes two numbers. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
