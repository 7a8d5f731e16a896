import { DRY_LAPS } from '../monte-carlo/start-fuel.js';
import { normalCdf } from '../normal.js';
import { Z80 } from '../stats.js';
import type { Band } from './types.js';
import { planCostMs, planWearMs, type Situation } from './window.js';

/** How uncertain the situation is. */
export interface Uncertainty {
  pitLossYellowMs: number;
  /** One standard deviation of a stop under green, and under yellow. */
  sdGreenMs: number;
  sdYellowMs: number;
  /** Time of a lap, ms: what running dry costs is told in laps. */
  lapMs: number;
  /** Chance of a caution per lap, and how many laps one lasts. */
  cautionPerLap: number;
  cautionLaps: number;
}

/** The next stop at the end of `lap`, `stops` in all; `yellow` when it is made under the caution that is out now. */
export interface Choice {
  lap: number;
  stops: number;
  yellow: boolean;
}

export interface Gain {
  /** Mean over all that may happen, and what 8 in 10 lie between, as wide as it takes to hold the mean, which a rare, dear outcome moves. */
  gainMs: Band;
  /** Chance that the alternative's lap is beyond the fuel. */
  dryShare: number;
  /** Chance that a caution falls before the later of both stops. */
  cautionShare: number;
}

const BISECTIONS = 40;

interface Scenario {
  weight: number;
  gainMs: number;
  sdMs: number;
}

/**
 * Expected gain of a choice over another, in remaining race time, with its 80 % interval. Nothing is drawn: every lap on which
 * the next caution may fall, and a tank that is dry before either stop, is weighed by its chance. Under a caution that comes
 * first, both stop at once if their window is open (that is what a late stop hopes for).
 *
 * Limits: lap noise is the same for both choices and so left out; a caution's bunching of the field and places are not
 * valued, only time: for those, the forecast.
 */
export function choiceGain(now: Situation, unsure: Uncertainty, openLap: number, plan: Choice, versus: Choice): Gain {
  const until = Math.max(plan.lap, versus.lap) + 1;
  const dryBy = (lap: number) => normalCdf((lap - now.lap - now.fuelLapsLeft.mean) / Math.max(now.fuelLapsSd, 1e-6));
  const scenarios: Scenario[] = [];
  let none = 1;
  let dryShare = 0;
  const weigh = (cautionLap: number, weight: number) => {
    const a = priced(now, unsure, openLap, plan, cautionLap);
    const b = priced(now, unsure, openLap, versus, cautionLap);
    const sdMs = Math.hypot(
      a.wearSdMs - b.wearSdMs,
      a.cheap === b.cheap ? 0 : Math.hypot(unsure.sdGreenMs, unsure.sdYellowMs),
    );
    const aDry = dryBy(a.lap);
    const bDry = dryBy(b.lap);
    const both = Math.min(aDry, bDry);
    const dryMs = DRY_LAPS * unsure.lapMs;
    const add = (share: number, moreMs: number) => {
      if (share > 0) scenarios.push({ weight: weight * share, gainMs: b.costMs - a.costMs + moreMs, sdMs });
    };
    add(1 - Math.max(aDry, bDry) + both, 0);
    add(aDry - both, -dryMs);
    add(bDry - both, dryMs);
    dryShare += weight * bDry;
  };
  for (let lap = now.lap + 1; lap < until; lap++) {
    weigh(lap, none * unsure.cautionPerLap);
    none *= 1 - unsure.cautionPerLap;
  }
  weigh(Number.POSITIVE_INFINITY, none);
  return { gainMs: mixture(scenarios), dryShare, cautionShare: 1 - none };
}

interface Priced {
  lap: number;
  costMs: number;
  wearSdMs: number;
  cheap: boolean;
}

/** Remaining race time of a choice if the next caution falls on that lap, ms beyond what all choices share. */
function priced(now: Situation, unsure: Uncertainty, openLap: number, choice: Choice, cautionLap: number): Priced {
  const caughtAt = Math.max(cautionLap, openLap);
  const caught = !choice.yellow && caughtAt < choice.lap && caughtAt < cautionLap + unsure.cautionLaps;
  const lap = caught ? caughtAt : choice.lap;
  const cheap = choice.yellow || caught || (lap >= cautionLap && lap < cautionLap + unsure.cautionLaps);
  const lossMs = (cheap ? unsure.pitLossYellowMs : now.pitLossMs) + (choice.stops - 1) * now.pitLossMs;
  return {
    lap,
    cheap,
    costMs: planCostMs(now, lap, choice.stops, lossMs),
    wearSdMs: planWearMs(now, now.wear.sumSdMs, lap, choice.stops),
  };
}

function mixture(scenarios: readonly Scenario[]): Band {
  let mean = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const { weight, gainMs, sdMs } of scenarios) {
    mean += weight * gainMs;
    least = Math.min(least, gainMs - 3 * Z80 * sdMs);
    most = Math.max(most, gainMs + 3 * Z80 * sdMs);
  }
  const at = (share: number) => {
    let low = least;
    let high = most;
    for (let step = 0; step < BISECTIONS; step++) {
      const middle = (low + high) / 2;
      let below = 0;
      for (const { weight, gainMs, sdMs } of scenarios) {
        below += weight * (sdMs > 0 ? normalCdf((middle - gainMs) / sdMs) : middle >= gainMs ? 1 : 0);
      }
      if (below < share) low = middle;
      else high = middle;
    }
    return high;
  };
  return { low: Math.min(at(0.1), mean), mean, high: Math.max(at(0.9), mean) };
}
