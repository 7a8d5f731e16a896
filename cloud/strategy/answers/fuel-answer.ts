import { stageNow } from '#cloud/race/rules/stages.js';
import { normalCdf } from '../normal.js';
import { Z80 } from '../stats.js';
import type { Fuel } from './fuel.js';
import { count, type Doubt, known } from './known.js';
import type { CarReading, Reading } from './reading.js';
import type { FuelAnswer, Reach } from './types.js';

/** More than this share of a lap's fuel nobody saves and still races [judgement]. */
const SAVING_MAX = 0.25;
/** Telemetry that has not crossed the line for so many laps is old. */
const OLD_LAPS = 2;

/**
 * Group 2. Source: the car's fuel integral where it has one, else laps counted; fills as people tell them. Laps are green
 * laps: under yellow the fuel lasts longer than is said here.
 */
export function fuelAnswer(reading: Reading, car: CarReading): FuelAnswer | null {
  const { state, lapsTotal } = reading;
  if (!car.racing || lapsTotal === null) return null;
  const { fuel, toGo } = car;
  const stage = stageNow(state);
  const { tankKg } = state.session.car;
  const toAddKg = Math.max(0, toGo * fuel.perLap.high - fuel.leftKg.low);
  const tankLaps = Math.max(1, Math.floor(tankKg / fuel.perLap.high));
  const short = toGo - Math.floor(fuel.lapsLeft.low);
  return {
    known: known(state.lastEventMs, fuel.measured ? 'car' : fuel.source, 0.95, [
      ...reading.doubts(car),
      ...fuelDoubts(car),
    ]),
    lapsLeft: fuel.lapsLeft,
    leftKg: fuel.leftKg,
    perLapKg: fuel.perLap,
    perYellowLapKg: fuel.perYellowLapKg,
    toAddKg,
    stopsNeeded: short <= 0 ? 0 : Math.ceil(short / tankLaps),
    toStageEnd: stage === null || stage.endLap === lapsTotal ? null : reach(fuel, Math.max(0, stage.endLap - car.lap)),
    toFinish: reach(fuel, toGo),
  };
}

/**
 * Whether the fuel on board lasts for so many green laps, and what must be saved that it does nine times in ten.
 *
 * @example
 * reach(fuel, 20); // 18.0 laps left (16.8–19.2): over −2, saving 16 %
 */
export function reach(fuel: Fuel, laps: number): Reach {
  const { low, mean, high } = fuel.lapsLeft;
  const share = laps > 0 ? 1 - low / laps : 0;
  return {
    laps,
    over: { low: low - laps, mean: mean - laps, high: high - laps },
    chance: laps === 0 ? 1 : normalCdf((mean - laps) / Math.max(fuel.lapsLeftSd, 1e-6)),
    saving: share <= 0 || share > SAVING_MAX ? null : { percent: 100 * share, kgPerLap: share * fuel.perLap.mean },
  };
}

/** Whether it reaches the end: null where the band straddles it. */
export function reachesEnd(fuel: Fuel, laps: number): boolean | null {
  if (fuel.lapsLeft.low >= laps) return true;
  return fuel.lapsLeft.high < laps ? false : null;
}

/** Of the car's fuel alone. */
function fuelDoubts({ entry, fuel, lap }: CarReading): Doubt[] {
  const doubts: Doubt[] = [];
  if (entry.car === null) doubts.push({ factor: 0.7, why: 'no telemetry from the car: fuel is counted by laps' });
  else if (!fuel.measured)
    doubts.push({ factor: 0.75, why: 'the car does not measure its fuel: it is counted by laps' });
  else {
    const old = lap - (entry.car.crossings.at(-1)?.lap ?? 0);
    if (old >= OLD_LAPS) doubts.push({ factor: 0.8, why: `telemetry is ${count(old, 'lap')} old` });
  }
  const stop = entry.stops.at(-1);
  if (stop !== undefined && stop.fuelAddedKg === null) {
    doubts.push({ factor: 0.85, why: `nobody said what went in on lap ${stop.lap}: a full tank is assumed` });
  }
  const spread = fuel.lapsLeftSd * Z80;
  if (spread > 3) doubts.push({ factor: 0.9, why: `the band is ± ${spread.toFixed(1)} laps` });
  return doubts;
}
