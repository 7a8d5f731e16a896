import { isRacing } from '#cloud/race/laps.js';
import { cautions, stageNow } from '#cloud/race/rules/stages.js';
import type { RaceState } from '#cloud/race/types.js';
import { known, raceDoubts } from './known.js';
import type { Reading } from './reading.js';
import type { RaceAnswer } from './types.js';

/** Group 1: the race as it stands. Source: official timing, and people's flags. */
export function raceAnswer({ state, lapsTotal }: Reading): RaceAnswer {
  const { lap, flag } = state;
  const by = state.flags.at(-1)?.by === undefined ? 'timing' : 'people';
  return {
    known: known(state.lastEventMs, by, 1, raceDoubts(state)),
    lap,
    lapsTotal,
    lapsToGo: lapsTotal === null ? null : Math.max(0, lapsTotal - lap),
    stage: stageNow(state),
    flag,
    lapsSinceRestart: lapsSinceRestart(state),
    cautions: cautions(state).length,
    leader: lap > 0 ? (state.order[0] ?? null) : null,
  };
}

/** Leader's laps since the field was let go, the last time. */
function lapsSinceRestart({ flags, flag, lap }: RaceState): number | null {
  if (flags.length === 0 || !isRacing(flag) || flag === 'none') return null;
  const slow = flags.findLastIndex((change) => !isRacing(change.flag) || change.flag === 'none');
  return Math.max(0, lap - flags[slow + 1].lap);
}
