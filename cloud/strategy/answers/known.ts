import { isCarriedOn } from '#cloud/race/car-laps.js';
import { isCleanLap, isRacing, lastLap, officialLaps } from '#cloud/race/laps.js';
import type { EntryState, Lap, RaceState } from '#cloud/race/types.js';
import type { Known, Source } from './types.js';

/** Something that makes an answer less sure, in words; confidences are multiplied by `factor`. */
export interface Doubt {
  factor: number;
  why: string;
}

/** Laps by which a car's record is judged: what was wrong before them is over. */
const NEWEST_LAPS = 10;
const CORRECTED_LAPS = 5;
/** With so many clean laps a car's pace is known. */
const CLEAN_LAPS_ENOUGH = 6;
/** A timing silence of so long halves what is left of the confidence. */
const SILENCE_HALF_MS = 60_000;
/** A car that is overdue by so many laps' time, and a stop's, has vanished. */
const VANISHED_LAPS = 2.5;
const STOP_MS = 120_000;
/** Laps of the leader for which a changed session is news. */
const SESSION_NEWS_LAPS = 3;
/** Lap times beyond these multiples of the car's usual one, under green and without a stop, are errors of the feed. */
const FAST_SHARE = 0.5;
const SLOW_SHARE = 4;

/**
 * How sure an answer is: its model's own share, times every doubt about the data under it.
 *
 * @example
 * known(atMs, 'timing', 0.9, [{ factor: 0.5, why: 'timing has been silent for 60 s' }]).confidence; // 0.45
 */
export function known(atMs: number, source: Source, base: number, doubts: readonly Doubt[]): Known {
  const sorted = [...doubts].sort((a, b) => a.factor - b.factor);
  const confidence = sorted.reduce((product, { factor }) => product * factor, base);
  return { atMs, source, confidence: Math.round(100 * confidence) / 100, why: sorted.map(({ why }) => why) };
}

/** What bears on every answer: timing's silence, a red flag, a distance that was changed in mid-race. */
export function raceDoubts(state: RaceState): Doubt[] {
  const doubts: Doubt[] = [];
  const silentMs = silenceMs(state);
  if (silentMs !== null) {
    doubts.push({
      factor: 0.5 ** (1 + silentMs / SILENCE_HALF_MS),
      why: `timing has been silent for ${Math.round(silentMs / 1_000)} s`,
    });
  }
  if (state.flag === 'red') doubts.push({ factor: 0.6, why: 'red flag: what follows it is not known' });
  const changedOn = sessionChangedOn(state);
  if (changedOn !== null) doubts.push({ factor: 0.8, why: `the session was changed on lap ${changedOn}` });
  return doubts;
}

/** Since timing's last word, ms; null while it speaks. */
export function silenceMs({ timing, lastEventMs }: RaceState): number | null {
  if (timing === undefined || timing.silentSinceMs === null) return null;
  return Math.max(0, lastEventMs - timing.silentSinceMs);
}

/** Leader's lap on which the session was opened once more, while that is news. */
function sessionChangedOn({ session, greenAtMs, entries, order, lap }: RaceState): number | null {
  const leader = entries[order[0]];
  if (greenAtMs === null || session.eventTimeMs <= greenAtMs || leader === undefined) return null;
  const on = leader.laps.findLast(({ atMs }) => atMs <= session.eventTimeMs)?.lap ?? 0;
  return lap - on < SESSION_NEWS_LAPS ? on : null;
}

/** What bears on answers about one car: its laps as timing has told them lately. */
export function carDoubts(state: RaceState, entry: EntryState, usualLapMs: number | null): Doubt[] {
  const doubts: Doubt[] = [];
  const { laps, roster, status } = entry;
  const last = lastLap(entry);
  if (last === undefined) return [{ factor: 0.2, why: 'no lap yet' }];
  if (isCarriedOn(entry)) {
    doubts.push({ factor: 0.7, why: `laps since ${officialLaps(entry)} are the car's own word` });
  }
  const unseenMs = state.lastEventMs - last.atMs;
  const patienceMs = usualLapMs === null ? Number.POSITIVE_INFINITY : VANISHED_LAPS * usualLapMs + STOP_MS;
  if (status === 'running' && state.flag !== 'red' && unseenMs > patienceMs) {
    doubts.push({ factor: 0.3, why: `the car has not been seen for ${Math.round(unseenMs / 1_000)} s` });
  }
  const clean = laps.reduce((count, _, index) => count + (isCleanLap(laps, index) ? 1 : 0), 0);
  if (clean < CLEAN_LAPS_ENOUGH) {
    doubts.push({ factor: 0.4 + (0.5 * clean) / CLEAN_LAPS_ENOUGH, why: `only ${count(clean, 'clean lap')} so far` });
  }
  const newest = laps.slice(-NEWEST_LAPS);
  const missing = last.lap - newest[0].lap + 1 - newest.length;
  if (missing > 0) {
    doubts.push({
      factor: 1 - 0.5 * (missing / (missing + newest.length)),
      why: `${count(missing, 'lap')} missing of the last ${missing + newest.length}`,
    });
  }
  const wrong = newest.findLast((lap) => isImplausible(lap, usualLapMs));
  if (wrong !== undefined) doubts.push({ factor: 0.85, why: `lap ${wrong.lap} ${timeWords(wrong)} is not believed` });
  const corrected = correctedLap(newest);
  if (corrected !== null) doubts.push({ factor: 0.8, why: `lap ${corrected} was corrected` });
  for (const [key, other] of Object.entries(state.entries)) {
    if (key === roster.entry || other.roster.number !== roster.number) continue;
    doubts.push({ factor: 0.7, why: `entry ${key} carries number ${roster.number} too` });
  }
  return doubts;
}

/** Feeds number their records: one with a later number than the next lap's was sent once more. */
function correctedLap(newest: readonly Lap[]): number | null {
  const from = Math.max(0, newest.length - CORRECTED_LAPS);
  for (let index = newest.length - 2; index >= from; index--) {
    if (newest[index].version > newest[index + 1].version) return newest[index].lap;
  }
  return newest.slice(from).findLast(({ officialTimeMs }) => officialTimeMs !== undefined)?.lap ?? null;
}

function isImplausible({ lapTimeMs, inLap, outLap, flag, lap }: Lap, usualLapMs: number | null): boolean {
  if (lapTimeMs === null) return true;
  if (usualLapMs === null || lap <= 1) return false;
  const isSlow = isRacing(flag) && !inLap && !outLap && lapTimeMs > SLOW_SHARE * usualLapMs;
  return lapTimeMs < FAST_SHARE * usualLapMs || isSlow;
}

function timeWords({ lapTimeMs }: Lap): string {
  return lapTimeMs === null ? 'without a time' : `of ${(lapTimeMs / 1_000).toFixed(1)} s`;
}

/** @example count(1, 'lap'); // '1 lap' */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
