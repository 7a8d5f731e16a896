import { isCleanLap, lastLap } from '#cloud/race/laps.js';
import { rulesOf } from '#cloud/race/rules/rules.js';
import type { EntryState } from '#cloud/race/types.js';
import { gapMs, gapSlopeMs } from './gap.js';
import { known } from './known.js';
import type { CarReading, Reading } from './reading.js';
import type { GapTrend, PaceAnswer } from './types.js';

/** A gap that closes by less a lap stands still. */
const CLOSES_MS = 10;

/** Group 8. Source: timing's laps; the expected lap is the state-space pace. */
export function paceAnswer(reading: Reading, car: CarReading): PaceAnswer | null {
  const { entry, form } = car;
  const last = lastLap(entry);
  if (last === undefined || !car.racing) return null;
  const { tyres } = reading;
  const racing = reading.cars.filter((other) => other.racing);
  const at = racing.indexOf(car);
  const next = form === null ? null : tyres.lap(form, { ahead: 1 });
  return {
    known: known(last.atMs, 'timing', 0.95, reading.doubts(car)),
    lastMs: last.lapTimeMs,
    mean5Ms: meanMs(entry, 5),
    mean10Ms: meanMs(entry, 10),
    rank: rankOf(reading, car),
    expectedMs: next && { low: 1_000 * next.lo80, mean: 1_000 * next.meanS, high: 1_000 * next.hi80 },
    ahead: trend(car, racing[at - 1], racing[at - 1]),
    behind: trend(racing[at + 1], car, racing[at + 1]),
  };
}

/** Mean of the newest clean laps, ms; null before there are so many. */
export function meanMs({ laps }: EntryState, count: number): number | null {
  let sum = 0;
  let found = 0;
  for (let index = laps.length - 1; index >= 0 && found < count; index--) {
    if (!isCleanLap(laps, index)) continue;
    sum += laps[index].lapTimeMs!;
    found++;
  }
  return found < count ? null : sum / count;
}

function rankOf({ state, cars }: Reading, { entry }: CarReading): number | null {
  const own = meanMs(entry, 5);
  if (own === null) return null;
  const { classes } = rulesOf(state);
  let rank = 1;
  for (const other of cars) {
    if (other.entry === entry || !other.racing) continue;
    if (classes && other.entry.roster.cls !== entry.roster.cls) continue;
    const mean = meanMs(other.entry, 5);
    if (mean !== null && mean < own) rank++;
  }
  return rank;
}

/** Of two cars that follow each other; `rival` is the one that is not ours. Null when they are laps apart. */
function trend(
  behind: CarReading | undefined,
  ahead: CarReading | undefined,
  rival: CarReading | undefined,
): GapTrend | null {
  if (behind === undefined || ahead === undefined || rival === undefined || ahead.lap - behind.lap > 1) return null;
  const gap = gapMs(behind.entry, ahead.entry);
  if (gap === null) return null;
  const msPerLap = gapSlopeMs(behind.entry, ahead.entry);
  const laps = msPerLap === null || msPerLap > -CLOSES_MS ? null : Math.ceil(gap / -msPerLap);
  const lapsToCatch = laps !== null && laps <= behind.toGo ? laps : null;
  return { entry: rival.key, gapMs: gap, msPerLap, lapsToCatch };
}
