import { isCarriedOn } from '#cloud/race/car-laps.js';
import { officialLaps } from '#cloud/race/laps.js';
import type { RaceState } from '#cloud/race/types.js';
import type { EntryAnswer, StopPlan, StrategyAnswer } from './types.js';

/** Below this the tank cannot be said to run dry before the alternative. */
const DRY_SHARE_TOLD = 0.02;

/**
 * Why the call is made, in words with their figures, as a strategist would check it.
 *
 * @example
 * ['Fuel lasts 4.2 laps (3.8–4.6).', 'Tyres cost 1.12 s a lap after 14 laps (0.08 s per lap of age).', …]
 */
export function reasonsFor(state: RaceState, answer: StrategyAnswer, own: EntryAnswer, plan: StopPlan): string[] {
  const reasons: string[] = [];
  const entry = state.entries[own.entry];
  if (isCarriedOn(entry)) {
    reasons.push(
      `Timing has not confirmed this car since lap ${officialLaps(entry)}: laps are its own count, others stand still.`,
    );
  }
  if (plan.opportunity) {
    const { green, yellow } = answer.pitLossMs;
    reasons.push(`Yellow: a stop costs ${seconds(yellow)} s now, ${seconds(green)} s under green.`);
  }
  if (own.fuelLapsLeft !== null) {
    const { low, mean, high } = own.fuelLapsLeft;
    reasons.push(`Fuel lasts ${mean.toFixed(1)} laps (${low.toFixed(1)}–${high.toFixed(1)}).`);
  }
  if (own.pitWindow !== null) {
    const { openLap, closeLap, stopsToGo } = own.pitWindow;
    reasons.push(`Window laps ${openLap}–${closeLap}, ${stopsToGo} ${stopsToGo === 1 ? 'stop' : 'stops'} to go.`);
  }
  const { falloffMsPerLap, tyreAgeLaps } = own;
  if (falloffMsPerLap !== null && falloffMsPerLap * tyreAgeLaps >= 10) {
    const lost = (falloffMsPerLap * tyreAgeLaps) / 1000;
    const perLap = falloffMsPerLap / 1000;
    reasons.push(
      `Tyres cost ${lost.toFixed(2)} s a lap after ${tyreAgeLaps} laps (${perLap.toFixed(3)} s per lap of age).`,
    );
  }
  const rejoin = rejoinReason(state, own);
  if (rejoin !== null) reasons.push(rejoin);
  const { gainMs } = plan;
  reasons.push(
    `Lap ${plan.lap} rather than ${plan.versusLap} gains ${seconds(gainMs.mean)} s on average (8 in 10: ${seconds(gainMs.low)} to ${seconds(gainMs.high)}).`,
  );
  if (plan.dryShare >= DRY_SHARE_TOLD) {
    reasons.push(`Waiting to lap ${plan.versusLap} risks running dry: ${Math.round(plan.dryShare * 100)} %.`);
  }
  return reasons;
}

function rejoinReason(state: RaceState, own: EntryAnswer): string | null {
  if (own.rejoin === null) return null;
  const { position, gapAheadMs, aheadEntry } = own.rejoin;
  if (gapAheadMs === null || aheadEntry === null) return `Stopping now: rejoin P${position}, in the lead.`;
  return `Stopping now: rejoin P${position}, ${seconds(gapAheadMs)} s behind #${state.entries[aheadEntry].roster.number}.`;
}

function seconds(ms: number): string {
  // + 0: no "-0.0".
  return (Math.round(ms / 100) / 10 + 0).toFixed(1);
}
