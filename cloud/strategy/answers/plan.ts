import { isCaution } from '#cloud/race/laps.js';
import { clamp } from '../stats.js';
import { choiceGain } from './gain.js';
import { pitClosedLaps } from './pit-open.js';
import type { CarReading, Reading } from './reading.js';
import { ageAfter, SERVICES, serviceLossMs, servicesOf, TYRES_OF } from './service.js';
import type { StopPlan } from './types.js';
import { wearMs } from './wear.js';
import type { PitWindow, Situation } from './window.js';

/** Laps of fuel that a fill to the end carries in reserve. */
const RESERVE_LAPS = 1;

/**
 * The stop that the quick models would make, and what it gains.
 *
 * - Under caution with the window open: as soon as pit road is, against the best lap under green.
 * - Green: the window's best lap, against the last possible lap. Where waiting gains more (a caution may fall), the last
 *   possible lap, against one lap more: that risks running dry.
 */
export function planStop(reading: Reading, car: CarReading, situation: Situation, window: PitWindow): StopPlan {
  const next = situation.lap + 1 + pitClosedLaps(reading);
  const compare = (lap: number, versusLap: number, opportunity: boolean): StopPlan => {
    const { pitLoss, cautions } = reading;
    const unsure = {
      pitLossYellowMs: pitLoss.yellow.mean,
      sdGreenMs: pitLoss.sdGreen,
      sdYellowMs: pitLoss.sdYellow,
      lapMs: car.paceMs ?? 0,
      cautionPerLap: cautions.hazard,
      cautionLaps: cautions.lengthLaps,
    };
    const stops = window.stopsToGo;
    const plan = { lap, stops, yellow: opportunity };
    const gain = choiceGain(situation, unsure, window.openLap, plan, { lap: versusLap, stops, yellow: false });
    return { lap, versusLap, ...gain, opportunity, service: serviceAt(reading, car, situation, window, lap) };
  };
  const isOpen = window.openLap <= next && next <= window.closeLap;
  if (isCaution(reading.state.flag) && isOpen) {
    return compare(next, Math.max(window.bestLap, Math.min(next + 1, window.closeLap)), true);
  }
  if (window.bestLap < window.closeLap) {
    const plan = compare(window.bestLap, window.closeLap, false);
    if (plan.gainMs.mean > 0) return plan;
  }
  return compare(window.closeLap, window.closeLap + 1, false);
}

/** Fuel to the end with a reserve, or what fits; of the tyres that win most over the next stint, their time in the box taken off. */
function serviceAt(
  { state, pitLoss, racing, tyres }: Reading,
  { fuel }: CarReading,
  situation: Situation,
  window: PitWindow,
  lap: number,
): StopPlan['service'] {
  const { tankKg } = state.session.car;
  const leftKg = clamp(fuel.leftKg.mean - (lap - situation.lap) * fuel.perLap.mean, 0, tankKg);
  const toEndKg = (situation.lapsTotal - lap + RESERVE_LAPS) * fuel.perLap.high;
  const fuelKg = tyres.refuels ? clamp(toEndKg - leftKg, 0, tankKg - leftKg) : 0;
  const fillShare = tankKg > 0 ? fuelKg / tankKg : 0;
  const stintLaps = Math.ceil((situation.lapsTotal - lap) / window.stopsToGo);
  const ageLaps = situation.tyreAgeLaps + lap - situation.lap;
  let best: { tyres: 0 | 2 | 4; costMs: number } | null = null;
  for (const one of servicesOf(tyres.refuels)) {
    if (one === 'nothing') continue;
    const age = ageAfter(racing.service, one, ageLaps);
    // Wear counts fuel as burnt since the tyres were new; it was filled now.
    const wornMs = wearMs(situation.wear.sumMs, age, stintLaps) + situation.wear.fuelLapMs * age * stintLaps;
    const costMs = serviceLossMs(racing.service, pitLoss.green.mean, one, fillShare) + wornMs;
    if (best === null || costMs < best.costMs) best = { tyres: TYRES_OF[one], costMs };
  }
  return { tyres: best?.tyres ?? TYRES_OF[SERVICES[0]], fuelKg: Math.round(fuelKg * 10) / 10 };
}
