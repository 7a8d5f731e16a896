import type { StopRow } from '../lap-row.js';
import type { Change, Fold } from './fold.js';

/** By sort key of the item. */
export type StopsState = Record<string, { n: number; lane: number | null }>;

/** The race keeps fewer (`cloud/race`). */
export const STOPS_MAX = 400;

/** Stops of one car in one run: how many, the last one's lap, time in the pit lane. */
export const stopsFold: Fold<StopRow, StopsState> = {
  empty: () => ({}),
  apply(state, { id, fact }: Change<StopRow>) {
    if (fact === undefined) delete state[id];
    else if (id in state || Object.keys(state).length < STOPS_MAX) {
      state[id] = { n: fact.lap, lane: fact.laneTimeMs };
    }
  },
  figures(state) {
    const laps = new Map<number, number | null>();
    // Sort keys begin with the event time: of two rows of one stop the later one counts.
    for (const id of Object.keys(state).sort()) laps.set(state[id].n, state[id].lane);
    const lanes = [...laps.values()].filter((ms) => ms !== null);
    return {
      stops: laps.size,
      lastLap: laps.size === 0 ? null : Math.max(...laps.keys()),
      laneMs: lanes.reduce((sum, ms) => sum + ms, 0),
      shortestLaneMs: lanes.length === 0 ? null : Math.min(...lanes),
    };
  },
};
