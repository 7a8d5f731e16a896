import { isCaution } from '#cloud/race/laps.js';
import { compoundsToUse } from '#cloud/race/rules/compounds.js';
import { driverNow, driverTimes } from '#cloud/race/rules/drivers.js';
import { type Doubt, known } from './known.js';
import type { CarReading, Reading } from './reading.js';
import type { WindowAnswer } from './types.js';
import { type PitWindow, planCostMs, type Situation } from './window.js';

/** Points of the curve; a longer window is thinned. */
const POINTS_MAX = 40;
/** With fewer stops seen, their price is what people said before the race. */
const STOPS_ENOUGH = 3;

/**
 * Group 3. Source: the models of fuel, wear and pit loss; rules that ask for a stop. Null when no stop is needed, pays or is
 * asked for.
 */
export function windowAnswer(
  reading: Reading,
  car: CarReading,
  situation: Situation | null,
  window: PitWindow | null,
): WindowAnswer | null {
  const demand = demandOf(reading, car);
  const doubts = [...reading.doubts(car), ...pitLossDoubts(reading)];
  const base = known(reading.state.lastEventMs, 'model', 0.9, doubts);
  if (situation === null) return null;
  if (window !== null) return { known: base, ...window, gain: gainCurve(situation, window), demand };
  if (demand === null) return null;
  const openLap = situation.lap + 1;
  const forced = { openLap, closeLap: Math.max(openLap, demand.byLap), bestLap: openLap, stopsToGo: 1 };
  const curve = gainCurve(situation, forced);
  const best = curve.reduce((a, b) => (b.gainMs > a.gainMs ? b : a));
  const rebased = curve.map(({ lap, gainMs }) => ({ lap, gainMs: gainMs - best.gainMs }));
  return { known: base, ...forced, bestLap: best.lap, gain: rebased, demand };
}

/** Of every answer that rests on the price of a stop. */
export function pitLossDoubts({ pitLoss, state }: Reading): Doubt[] {
  const { green, yellow } = pitLoss.stopsSeen;
  const seen = isCaution(state.flag) ? yellow : green;
  if (seen >= STOPS_ENOUGH) return [];
  const flag = isCaution(state.flag) ? 'under caution' : 'under green';
  return [
    { factor: 0.7 + 0.1 * seen, why: `${seen === 0 ? 'no stop' : `only ${seen} of the stops`} ${flag} seen so far` },
  ];
}

function gainCurve(situation: Situation, { openLap, closeLap, bestLap, stopsToGo }: PitWindow) {
  const costMs = (lap: number) => planCostMs(situation, lap, stopsToGo, 0);
  const step = Math.max(1, Math.ceil((closeLap - openLap + 1) / POINTS_MAX));
  const bestMs = costMs(bestLap);
  const curve: { lap: number; gainMs: number }[] = [];
  for (let lap = openLap; lap <= closeLap; lap += step) curve.push({ lap, gainMs: bestMs - costMs(lap) });
  return curve;
}

/** A stop that neither fuel nor tyres ask for: a compound that must be used, a driver whose time is up. */
function demandOf({ state, lapsTotal }: Reading, { entry, lap, paceMs, toGo }: CarReading): WindowAnswer['demand'] {
  if (lapsTotal === null || toGo <= 1) return null;
  const driver = driverNow(state, entry);
  const leftMs = driverTimes(state, entry).find((time) => time.driver === driver)?.leftMs ?? null;
  if (leftMs !== null && paceMs !== null && leftMs < toGo * paceMs) {
    const byLap = lap + Math.max(1, Math.floor(leftMs / paceMs));
    return { byLap, reason: `${driver} may drive ${Math.round(leftMs / 60_000)} min more` };
  }
  const compounds = compoundsToUse(state, entry);
  if (compounds === null || compounds === 0) return null;
  return {
    byLap: lapsTotal - 1,
    reason: `${compounds === 1 ? 'one more compound' : `${compounds} more compounds`} to use`,
  };
}
