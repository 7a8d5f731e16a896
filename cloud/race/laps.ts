/** Questions about an entry's laps that folds, screen and strategy ask alike. */
import type { Flag } from '#wire/messages.js';
import type { EntryState, Lap } from './types.js';

/** Completed laps: as timing has them, and where it has ceased to confirm an own car, as that car counts on (`car-laps.ts`). */
export function lapsCompleted(entry: EntryState): number {
  return Math.max(officialLaps(entry), entry.carLaps?.carriedTo ?? 0);
}

/** Laps that timing has confirmed: the number of the newest lap, not the length of the array, which may have holes. */
export function officialLaps(entry: EntryState): number {
  return entry.laps.length === 0 ? 0 : entry.laps[entry.laps.length - 1].lap;
}

export function lastLap(entry: EntryState): Lap | undefined {
  return entry.laps[entry.laps.length - 1];
}

/** Index of the first lap whose number is ≥ `lap`; looks from the end, where the news is. */
export function lapIndex(laps: readonly Lap[], lap: number): number {
  let index = laps.length;
  while (index > 0 && laps[index - 1].lap >= lap) index--;
  return index;
}

export function findLap(entry: EntryState, lap: number): Lap | undefined {
  // Without holes lap n stands at n − 1.
  const guess = entry.laps[lap - 1];
  if (guess?.lap === lap) return guess;
  const found = entry.laps[lapIndex(entry.laps, lap)];
  return found?.lap === lap ? found : undefined;
}

/** Racing speed: everything but virtual, yellow and red. `none` counts as racing: a feed without flags is still a race. */
export function isRacing(flag: Flag): boolean {
  return flag !== 'virtual' && flag !== 'yellow' && flag !== 'red';
}

/** A caution, full or virtual: everybody is slow, so that a stop costs less. */
export function isCaution(flag: Flag): boolean {
  return flag === 'yellow' || flag === 'virtual';
}

/**
 * Clean: at racing speed from line to line; no start or restart lap, no pit lane. Only such laps tell the pace.
 *
 * @param index place of the lap in `laps`
 */
export function isCleanLap(laps: readonly Lap[], index: number): boolean {
  const lap = laps[index];
  if (lap.lap <= 1 || lap.lapTimeMs === null || lap.inLap || lap.outLap || !isRacing(lap.flag)) return false;
  const before = laps[index - 1];
  return before === undefined || before.lap !== lap.lap - 1 || isRacing(before.flag);
}
