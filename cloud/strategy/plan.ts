import type { RaceState } from '#cloud/race/types.js';
import type { Fuel } from './fuel.js';
import type { Pace } from './pace.js';
import type { PitLoss } from './pit-loss.js';
import { clamp } from './stats.js';
import { tyreCostMs } from './stint-cost.js';
import { type Option, stopGain } from './stop-gain.js';
import type { StopPlan } from './types.js';
import type { PitWindow, Situation } from './window.js';

/** Laps of fuel that a fill to the end carries in reserve. */
const RESERVE_LAPS = 1;
/** New tyres must win this much over the next stint to be worth the time in the box [judgement: 4 tyres against fuel only]. */
const TYRES_COST_MS = 4_000;

interface PlanInput {
  state: RaceState;
  key: string;
  situation: Situation;
  window: PitWindow;
  pace: Pace;
  fuel: Fuel;
  loss: PitLoss;
  runs: number;
}

/**
 * The stop that we would make and what it gains.
 *
 * - Yellow with the window open: at once, against the best lap under green.
 * - Green: the window's best lap, against the last possible lap. Where waiting gains more (a caution may fall), the last
 *   possible lap, against one lap more: that risks running dry.
 *
 * Two tyres are not weighed: what they cost and give has no data in a session yet.
 */
export function planStop(input: PlanInput): StopPlan {
  const { state, situation, window } = input;
  const next = situation.lap + 1;
  const opportunity = state.flag === 'yellow' && window.openLap <= next && next <= window.closeLap;
  if (opportunity) {
    const green = Math.max(window.bestLap, Math.min(next + 1, window.closeLap));
    return comparePlan(input, next, green, true);
  }
  if (window.bestLap < window.closeLap) {
    const plan = comparePlan(input, window.bestLap, window.closeLap, false);
    if (plan.gainMs.mean > 0) return plan;
  }
  return comparePlan(input, window.closeLap, window.closeLap + 1, false);
}

function comparePlan(input: PlanInput, lap: number, versusLap: number, opportunity: boolean): StopPlan {
  const { state, key, situation, window, pace, loss } = input;
  const plan: Option = { lap, stops: window.stopsToGo, yellow: opportunity };
  const versus: Option = { lap: versusLap, stops: window.stopsToGo, yellow: false };
  const unsure = {
    tyreSdMs: pace.tyreSdMs,
    fuelLapsSd: input.fuel.lapsLeftSd,
    pitLossSdMs: opportunity ? loss.sdYellow : loss.sdGreen,
    pitLossYellowMs: loss.yellow,
    lapMs: pace.lapMs,
  };
  const { gainMs, dryShare } = stopGain(state, situation, unsure, window.openLap, plan, versus, input.runs, key);
  return { lap, versusLap, gainMs, dryShare, opportunity, service: service(input, lap) };
}

/** Fuel to the end with a reserve, or what fits; tyres when they win more over the next stint than they cost. */
function service({ situation, window, fuel }: PlanInput, lap: number): StopPlan['service'] {
  const { cost, tankKg } = situation;
  const leftKg = Math.max(0, situation.fuelKg - (lap - situation.lap) * cost.fuelPerLapKg);
  const toEndKg = (situation.lapsTotal - lap + RESERVE_LAPS) * fuel.perLap.high;
  const fuelKg = clamp(toEndKg - leftKg, 0, tankKg - leftKg);
  const stintLaps = Math.ceil((situation.lapsTotal - lap) / window.stopsToGo);
  const ageLaps = situation.tyreAgeLaps + lap - situation.lap;
  const winMs = tyreCostMs(cost, ageLaps, stintLaps) - tyreCostMs(cost, 0, stintLaps);
  return { tyres: winMs > TYRES_COST_MS ? 4 : 0, fuelKg: Math.round(fuelKg * 10) / 10 };
}
