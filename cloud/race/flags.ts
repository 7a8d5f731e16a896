import type { Flag, FlagMessage } from '#wire/messages.js';
import { ignore } from './ignored.js';
import type { EntryState, Lap, RaceState, RaceTrigger } from './types.js';

/** A race of 500 laps had 12 cautions; each is two or three flags. */
const MAX_FLAGS = 1024;

const FLAGS: readonly Flag[] = ['none', 'green', 'yellow', 'red', 'white', 'checkered'];

/** A flag was shown. Laps that were under way since then are labelled again, so a late flag amends them. */
export function applyFlag(state: RaceState, message: FlagMessage): RaceTrigger[] {
  const { flag, lap, eventTimeMs: atMs } = message;
  if (!FLAGS.includes(flag) || !Number.isFinite(lap) || !Number.isFinite(atMs)) return ignore(state, 'damaged');
  if (state.flags.some((known) => known.atMs === atMs && known.flag === flag)) return [];
  if (state.flags.length >= MAX_FLAGS) return ignore(state, 'too-many-flags');

  state.flags.push({ flag, lap, atMs });
  state.flags.sort((a, b) => a.atMs - b.atMs || FLAGS.indexOf(a.flag) - FLAGS.indexOf(b.flag));
  state.flag = state.flags[state.flags.length - 1].flag;
  state.greenAtMs = state.flags.find((known) => known.flag === 'green')?.atMs ?? null;

  const triggers: RaceTrigger[] = [{ type: 'flag', flag, lap, atMs }];
  for (const [key, entry] of Object.entries(state.entries)) {
    for (let index = entry.laps.length - 1; index >= 0 && entry.laps[index].atMs > atMs; index--) {
      if (labelFlag(state, entry, index)) triggers.push({ type: 'lap', entry: key, lap: entry.laps[index] });
    }
    for (const stop of entry.stops) stop.flag = flagAt(state, stop.inMs);
  }
  return triggers;
}

/** The flag in force at a time; `none` before the first. */
export function flagAt(state: RaceState, atMs: number): Flag {
  for (let i = state.flags.length - 1; i >= 0; i--) if (state.flags[i].atMs <= atMs) return state.flags[i].flag;
  return 'none';
}

/** Writes the lap's flag anew; true when that changed it. */
export function labelFlag(state: RaceState, entry: EntryState, index: number): boolean {
  const lap = entry.laps[index];
  const flag = flagOfLap(state, beganMs(state, entry, index), lap.atMs);
  if (flag === lap.flag) return false;
  lap.flag = flag;
  return true;
}

/** The worst of the flags between two crossings: a lap that saw red is red, one that saw yellow is yellow. */
function flagOfLap(state: RaceState, fromMs: number, toMs: number): Flag {
  let worst = flagAt(state, fromMs);
  for (let i = state.flags.length - 1; i >= 0 && state.flags[i].atMs > fromMs; i--) {
    const { flag, atMs } = state.flags[i];
    if (atMs < toMs && severity(flag) >= severity(worst)) worst = flag;
  }
  return worst;
}

function severity(flag: Flag): number {
  if (flag === 'red') return 3;
  if (flag === 'yellow') return 2;
  return flag === 'none' ? 0 : 1;
}

function beganMs(state: RaceState, entry: EntryState, index: number): number {
  const lap: Lap = entry.laps[index];
  if (lap.lapTimeMs !== null) return lap.atMs - lap.lapTimeMs;
  const before = entry.laps[index - 1];
  if (before?.lap === lap.lap - 1) return before.atMs;
  return entry.startAtMs ?? state.greenAtMs ?? lap.atMs;
}
