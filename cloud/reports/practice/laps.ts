import { isRacing } from '#cloud/race/laps.js';
import { median, quantile } from '#cloud/strategy/stats.js';
import type { LapRow } from '../lap-row.js';

/** Why a lap tells the car's pace, or why not. */
export type LapKind = 'clean' | 'slow' | 'in' | 'out' | 'flag' | 'untimed';

/** A lap of one car's run, with its place in the stint. */
export interface PracticeLap extends LapRow {
  /** From 1; a stop or a longer stand begins the next. */
  stint: number;
  /** Laps of the stint up to this one, from 1. */
  ageLaps: number;
  kind: LapKind;
}

/** A clean lap that is this much slower than the best was driven for something else: traffic, a cool-down, a mistake. */
const SLOW_SHARE_MAX = 1.07;
/** Below this share of the car's quick laps (their 25 % point) a time is the feed's mistake. */
const FAST_SHARE_MIN = 0.9;
/** A car that was away for longer than its lap took by this much stood somewhere. */
const STAND_MS = 60_000;

/** The laps of one car in one run, in their order, each told what it is. */
export function practiceLaps(rows: readonly LapRow[]): PracticeLap[] {
  const bounds = paceBounds(rows);
  const laps: PracticeLap[] = [];
  for (const row of rows) {
    const before = laps.at(-1);
    const begins = before === undefined || row.outLap || before.inLap || stoodBetween(before, row);
    const stint = (before?.stint ?? 0) + (begins ? 1 : 0);
    const ageLaps = begins ? 1 : before.ageLaps + Math.max(1, row.lap - before.lap);
    laps.push({ ...row, stint, ageLaps, kind: kindOf(row, bounds) });
  }
  return laps;
}

/** Times between which laps at speed lie. */
function paceBounds(rows: readonly LapRow[]): { fastMs: number; slowMs: number } {
  const times = rows.filter((row) => isTimed(row)).map(({ lapTimeMs }) => lapTimeMs!);
  const fastMs = (quantile(times, 0.25) ?? 0) * FAST_SHARE_MIN;
  const bestMs = Math.min(...times.filter((ms) => ms >= fastMs));
  return { fastMs, slowMs: bestMs * SLOW_SHARE_MAX };
}

function isTimed({ lapTimeMs, inLap, outLap, flag }: LapRow): boolean {
  return lapTimeMs !== null && !inLap && !outLap && isRacing(flag);
}

function kindOf(row: LapRow, { fastMs, slowMs }: { fastMs: number; slowMs: number }): LapKind {
  const { lapTimeMs, inLap, outLap, flag } = row;
  if (outLap) return 'out';
  if (inLap) return 'in';
  if (lapTimeMs === null || lapTimeMs < fastMs) return 'untimed';
  if (!isRacing(flag)) return 'flag';
  return lapTimeMs <= slowMs ? 'clean' : 'slow';
}

function stoodBetween(before: LapRow, row: LapRow): boolean {
  if (row.lapTimeMs === null) return false;
  const lost = Math.max(0, row.lap - before.lap - 1) * row.lapTimeMs;
  return row.atMs - before.atMs - row.lapTimeMs - lost > STAND_MS;
}

/** Stints in their order. */
export function stintsOf<Lap extends { stint: number }>(laps: readonly Lap[]): Lap[][] {
  const stints = new Map<number, Lap[]>();
  for (const lap of laps) {
    const stint = stints.get(lap.stint);
    if (stint) stint.push(lap);
    else stints.set(lap.stint, [lap]);
  }
  return [...stints.values()];
}

export function medianTime(laps: readonly PracticeLap[]): number | null {
  return median(laps.filter(({ kind }) => kind === 'clean').map(({ lapTimeMs }) => lapTimeMs!));
}
