/**
 * The car's fuel integral, joined to official laps by event time: the car does not know the official lap, and its samples
 * arrive before or after the crossing that they belong to.
 */
import { findLap, isRacing } from './laps.js';
import type { CarData, EntryState } from './types.js';

/** One a second: a crossing is joined exactly when its samples arrive less than 16 s of event time out of order. */
const MAX_SAMPLES = 16;
const MAX_CROSSINGS = 12;
const MAX_LAPS_MEASURED = 8;
/** A crossing this soon after the newest sample takes that sample's value, until the next one says it better. */
const SAMPLE_AGE_MAX_MS = 3_000;

/** Takes in a sample of offset + integral, kg, in any order of arrival. */
export function addFuelSample(car: CarData, atMs: number, usedKg: number): void {
  const { samples } = car;
  let index = samples.length;
  while (index > 0 && samples[index - 1].atMs > atMs) index--;
  if (index > 0 && samples[index - 1].atMs === atMs) return;
  samples.splice(index, 0, { atMs, usedKg });
  if (samples.length > MAX_SAMPLES) samples.shift();
}

/**
 * Offset + integral at an event time, kg: interpolated, or the newest sample where that is at most 3 s older; null where
 * no samples stand around it.
 */
function fuelUsedAtMs(car: CarData, atMs: number): number | null {
  const { samples } = car;
  const last = samples[samples.length - 1];
  if (last === undefined || atMs < samples[0].atMs) return null;
  if (atMs >= last.atMs) return atMs - last.atMs <= SAMPLE_AGE_MAX_MS ? last.usedKg : null;
  let index = samples.length - 1;
  while (samples[index].atMs > atMs) index--;
  const before = samples[index];
  const after = samples[index + 1];
  const share = (atMs - before.atMs) / (after.atMs - before.atMs);
  return before.usedKg + share * (after.usedKg - before.usedKg);
}

/** Joins newest samples and newest crossings anew, and derives the use per lap from them. */
export function refreshFuel(entry: EntryState): void {
  const { car, laps } = entry;
  if (car === null || car.samples.length === 0) return;
  for (let index = laps.length - 1; index >= 0 && laps[index].atMs >= car.samples[0].atMs; index--) {
    const usedKg = fuelUsedAtMs(car, laps[index].atMs);
    if (usedKg !== null) setCrossing(car, laps[index].lap, usedKg);
  }
  for (let i = entry.stops.length - 1; i >= 0; i--) {
    const leftMs = entry.stops[i].outMs;
    if (leftMs !== null && leftMs < car.samples[0].atMs) break;
    if (leftMs !== null) entry.stops[i].ecuUsedKg = fuelUsedAtMs(car, leftMs) ?? entry.stops[i].ecuUsedKg;
  }
  const stop = entry.stops.findLast(({ lap, outLap }) => (outLap === null ? lap : outLap - 1) === entry.stintFromLap);
  car.fuelUsedAtStintKg = stop === undefined ? car.fuelUsedAtStartKg : stop.ecuUsedKg;
  car.fuelUsedAtLapKg = car.crossings[car.crossings.length - 1]?.usedKg ?? null;
  measureLaps(entry, car);
}

function setCrossing(car: CarData, lap: number, usedKg: number): void {
  const { crossings } = car;
  let index = crossings.length;
  while (index > 0 && crossings[index - 1].lap >= lap) index--;
  if (crossings[index]?.lap === lap) crossings[index].usedKg = usedKg;
  else crossings.splice(index, 0, { lap, usedKg });
  if (crossings.length > MAX_CROSSINGS) crossings.shift();
}

function measureLaps(entry: EntryState, car: CarData): void {
  car.fuelPerLapKg = [];
  car.fuelPerYellowLapKg = [];
  for (let i = 1; i < car.crossings.length; i++) {
    const from = car.crossings[i - 1];
    const to = car.crossings[i];
    const lap = findLap(entry, to.lap);
    const usedKg = to.usedKg - from.usedKg;
    if (lap === undefined || from.lap !== to.lap - 1 || usedKg <= 0 || lap.inLap || lap.outLap) continue;
    if (isRacing(lap.flag)) car.fuelPerLapKg.push(usedKg);
    else if (lap.flag === 'yellow') car.fuelPerYellowLapKg.push(usedKg);
  }
  car.fuelPerLapKg = car.fuelPerLapKg.slice(-MAX_LAPS_MEASURED);
  car.fuelPerYellowLapKg = car.fuelPerYellowLapKg.slice(-MAX_LAPS_MEASURED);
}
