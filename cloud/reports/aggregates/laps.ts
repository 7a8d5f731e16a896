import { isRacing } from '#cloud/race/laps.js';
import type { Item } from '#cloud/streams/item.js';
import { type LapRow, supersedes } from '../lap-row.js';
import type { Change, Fold } from './fold.js';

/** What a lap adds. Short names: one of these a lap is kept in the row. */
interface KeptLap {
  /** Lap number, version and event time of the record. */
  n: number;
  v: number;
  at: number;
  /** Lap time where it counts for the best: at racing speed, no pit lane. */
  ms: number | null;
  /** Sectors of such a lap. */
  s?: readonly number[];
}

/** By sort key of the item. */
export type LapsState = Record<string, KeptLap>;

/** A 24-hour race on a short track has 1,600; past this the row would not fit into an item. */
export const LAPS_MAX = 4_000;

/** Laps of one car in one run: how many, the best, and for each sector how often it was timed and the best. */
export const lapsFold: Fold<LapRow, LapsState> = {
  empty: () => ({}),
  apply(state, { id, fact }: Change<LapRow>) {
    if (fact === undefined) delete state[id];
    else if (id in state || Object.keys(state).length < LAPS_MAX) state[id] = keptLap(fact);
  },
  figures: (state) => lapFigures(Object.values(state)),
};

function keptLap({ lap, version, atMs, lapTimeMs, inLap, outLap, flag, sectorsMs }: LapRow): KeptLap {
  const counts = lapTimeMs !== null && !inLap && !outLap && isRacing(flag);
  return {
    n: lap,
    v: version,
    at: atMs,
    ms: counts ? lapTimeMs : null,
    ...(counts && sectorsMs.length > 1 && { s: sectorsMs }),
  };
}

/** Where a correction moved the event time of a lap both items stand; the one with the greater version counts. */
function lapFigures(kept: readonly KeptLap[]): Item {
  const byLap = new Map<number, KeptLap>();
  for (const lap of kept) {
    const known = byLap.get(lap.n);
    if (known === undefined || supersedes(version(lap), version(known))) byLap.set(lap.n, lap);
  }
  const laps = [...byLap.values()].sort((a, b) => a.n - b.n);
  let best: KeptLap | undefined;
  let timed = 0;
  let totalMs = 0;
  const sectors: { count: number; bestMs: number; bestLap: number }[] = [];
  for (const lap of laps) {
    if (lap.ms === null) continue;
    timed++;
    totalMs += lap.ms;
    if (best === undefined || lap.ms < best.ms!) best = lap;
    lap.s?.forEach((ms, i) => {
      sectors[i] ??= { count: 0, bestMs: ms, bestLap: lap.n };
      sectors[i].count++;
      if (ms < sectors[i].bestMs) sectors[i] = { ...sectors[i], bestMs: ms, bestLap: lap.n };
    });
  }
  return {
    laps: laps.length,
    lastLap: laps.at(-1)?.n ?? 0,
    timedLaps: timed,
    meanMs: timed === 0 ? null : Math.round(totalMs / timed),
    bestMs: best?.ms ?? null,
    bestLap: best?.n ?? null,
    sectors,
  };
}

function version({ v, at }: KeptLap): { version: number; atMs: number } {
  return { version: v, atMs: at };
}
