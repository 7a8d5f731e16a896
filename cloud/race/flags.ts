import type { Flag, FlagMessage } from '#wire/messages.js';
import { factsInForce } from './facts/in-force.js';
import { ignore } from './ignored.js';
import type { EntryState, FlagChange, Lap, RaceState, RaceTrigger } from './types.js';

/** A race of 500 laps had 12 cautions; each is two or three flags. */
const MAX_FLAGS = 1024;
/** A person tells of a flag so much sooner or later than timing: it is the same one, and timing's time counts. */
const SAME_FLAG_MS = 30_000;

const FLAGS: readonly Flag[] = ['none', 'green', 'virtual', 'yellow', 'red', 'white', 'checkered'];

/** A flag was shown. Laps that were under way since then are labelled again, so a late flag amends them. */
export function applyFlag(state: RaceState, message: FlagMessage): RaceTrigger[] {
  const { flag, lap, eventTimeMs: atMs } = message;
  if (!FLAGS.includes(flag) || !Number.isFinite(lap) || !Number.isFinite(atMs)) return ignore(state, 'damaged');
  if (state.timedFlags.some((known) => known.atMs === atMs && known.flag === flag)) return [];
  if (state.timedFlags.length >= MAX_FLAGS) return ignore(state, 'too-many-flags');

  state.timedFlags.push({ flag, lap, atMs });
  state.timedFlags.sort(compareFlags);
  return [{ type: 'flag', flag, lap, atMs }, ...rebuildFlags(state, atMs)];
}

/** Derives the flags that count from timing's and people's, and labels again what began or ended since `fromMs`. */
export function rebuildFlags(state: RaceState, fromMs: number): RaceTrigger[] {
  state.flags = mergedFlags(state);
  state.flag = state.flags.at(-1)?.flag ?? 'none';
  state.greenAtMs = state.flags.find((known) => known.flag === 'green')?.atMs ?? null;

  const sinceMs = fromMs - SAME_FLAG_MS;
  const triggers: RaceTrigger[] = [];
  for (const [key, entry] of Object.entries(state.entries)) {
    for (let index = entry.laps.length - 1; index >= 0 && entry.laps[index].atMs > sinceMs; index--) {
      if (labelFlag(state, entry, index)) triggers.push({ type: 'lap', entry: key, lap: entry.laps[index] });
    }
    for (const stop of entry.stops) stop.flag = flagAt(state, stop.inMs);
  }
  return triggers;
}

/**
 * Both in order of time: the newest counts, whoever showed it. A flag that is out already is none once more: of timing's
 * and a person's word for one change, timing's stays when they are close together, else the first.
 */
function mergedFlags(state: RaceState): FlagChange[] {
  const said = factsInForce(state, state.facts, 'flag');
  if (said.length === 0) return [...state.timedFlags];
  const both: FlagChange[] = [...state.timedFlags];
  for (const { value, lap, atMs, author } of said) {
    // `whyNotAFact` has seen to it that the value is one of these.
    const flag = FLAGS.find((known) => known === value) ?? 'none';
    both.push({ flag, lap: lap ?? 0, atMs, by: author });
  }
  both.sort(compareFlags);
  const merged: FlagChange[] = [];
  for (const change of both) {
    const before = merged.at(-1);
    const isRepeat = before?.flag === change.flag && (before.by !== undefined || change.by !== undefined);
    if (!isRepeat) merged.push(change);
    else if (change.by === undefined && change.atMs - before.atMs <= SAME_FLAG_MS) merged[merged.length - 1] = change;
  }
  return merged;
}

function compareFlags(a: FlagChange, b: FlagChange): number {
  return a.atMs - b.atMs || FLAGS.indexOf(a.flag) - FLAGS.indexOf(b.flag) || compareText(a.by ?? '', b.by ?? '');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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

/** The worst of the flags between two crossings: a lap that saw red is red, one that saw yellow is yellow, then virtual. */
function flagOfLap(state: RaceState, fromMs: number, toMs: number): Flag {
  let worst = flagAt(state, fromMs);
  for (let i = state.flags.length - 1; i >= 0 && state.flags[i].atMs > fromMs; i--) {
    const { flag, atMs } = state.flags[i];
    if (atMs < toMs && severity(flag) >= severity(worst)) worst = flag;
  }
  return worst;
}

function severity(flag: Flag): number {
  if (flag === 'red') return 4;
  if (flag === 'yellow') return 3;
  if (flag === 'virtual') return 2;
  return flag === 'none' ? 0 : 1;
}

function beganMs(state: RaceState, entry: EntryState, index: number): number {
  const lap: Lap = entry.laps[index];
  if (lap.lapTimeMs !== null) return lap.atMs - lap.lapTimeMs;
  const before = entry.laps[index - 1];
  if (before?.lap === lap.lap - 1) return before.atMs;
  return entry.startAtMs ?? state.greenAtMs ?? lap.atMs;
}
