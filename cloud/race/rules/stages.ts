import { isRacing } from '../laps.js';
import type { RaceState } from '../types.js';
import { rulesOf } from './rules.js';

export interface Stage {
  /** 1 … `of`. */
  stage: number;
  of: number;
  /** Completed laps at its end; of the last stage the race's. */
  endLap: number;
  lapsToEnd: number;
}

/** A full-course yellow or a virtual one, from its flag to the next. */
export interface Caution {
  /** Leader's completed laps when it came out; and when it ended, null while it is out. */
  fromLap: number;
  toLap: number | null;
  fromMs: number;
  /** Virtual: the field was slowed and never gathered. */
  kind: 'full' | 'virtual';
  /** It is the break after a stage. */
  isStageBreak: boolean;
}

/** A stage break is shown as the leader ends the stage, or within this many laps. */
const BREAK_LAPS = 1;

/** The stage that is on; null where the rules know none, or the session names no stage ends. */
export function stageNow(state: RaceState): Stage | null {
  const ends = stageEnds(state);
  if (ends.length < 2) return null;
  const index = ends.findIndex((endLap) => state.lap < endLap);
  const at = index < 0 ? ends.length - 1 : index;
  return { stage: at + 1, of: ends.length, endLap: ends[at], lapsToEnd: Math.max(0, ends[at] - state.lap) };
}

/** Every caution so far, ascending. */
export function cautions(state: RaceState): Caution[] {
  const ends = stageEnds(state).slice(0, -1);
  const found: Caution[] = [];
  let open: Caution | undefined;
  for (const { flag, lap, atMs } of state.flags) {
    if (flag === 'yellow' && open !== undefined) open.kind = 'full';
    if ((flag === 'yellow' || flag === 'virtual') && open === undefined) {
      const isStageBreak = ends.some((endLap) => lap >= endLap && lap <= endLap + BREAK_LAPS);
      const kind = flag === 'yellow' ? 'full' : 'virtual';
      open = { fromLap: lap, toLap: null, fromMs: atMs, kind, isStageBreak };
      found.push(open);
    } else if (isRacing(flag) && open !== undefined) {
      open.toLap = lap;
      open = undefined;
    }
  }
  return found;
}

/** The last stage ends with the race, also when that was shortened or extended. */
function stageEnds(state: RaceState): number[] {
  const { stageEnds: named, lapsTotal } = state.session;
  if (!rulesOf(state).stages || named === undefined || lapsTotal === null) return [];
  const inside = named.filter((lap) => Number.isInteger(lap) && lap > 0 && lap < lapsTotal);
  return [...new Set(inside)].sort((a, b) => a - b).concat(lapsTotal);
}
