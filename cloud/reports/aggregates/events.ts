import { numberIn, positiveIn, type RowItem, sectorsIn } from '../lap-row.js';
import type { Change, Fold } from './fold.js';

/** What an item of `pitwall-events` adds to the counts of its thing and day. */
export interface EventFact {
  eventTimeMs: number;
  /** Of an alarm. */
  name: string | null;
  raised: boolean;
  /** Of a lap that the car timed itself. */
  lapTimeMs: number | null;
  sectorsMs: readonly number[];
}

export interface EventsState {
  count: number;
  lastMs: number;
  /** Alarms raised, by name. */
  raised: Record<string, number>;
  bestMs: number | null;
  sectors: { count: number; bestMs: number }[];
}

/** Names are the agents' own; past this many the rest counts as `other`. */
const NAMES_MAX = 200;
const OTHER = 'other';

/** Events of one type, thing and day. They are history: one that expires stays counted, as does one that is deleted. */
export const eventsFold: Fold<EventFact, EventsState> = {
  empty: () => ({ count: 0, lastMs: 0, raised: {}, bestMs: null, sectors: [] }),
  apply(state, { fact, isNew }: Change<EventFact>) {
    if (fact === undefined || !isNew) return;
    state.count++;
    state.lastMs = Math.max(state.lastMs, fact.eventTimeMs);
    if (fact.raised && fact.name !== null) {
      const known = fact.name in state.raised || Object.keys(state.raised).length < NAMES_MAX;
      const name = known ? fact.name : OTHER;
      state.raised[name] = (state.raised[name] ?? 0) + 1;
    }
    if (fact.lapTimeMs === null) return;
    state.bestMs = Math.min(state.bestMs ?? fact.lapTimeMs, fact.lapTimeMs);
    fact.sectorsMs.forEach((ms, i) => {
      const known = state.sectors[i];
      state.sectors[i] = { count: (known?.count ?? 0) + 1, bestMs: Math.min(known?.bestMs ?? ms, ms) };
    });
  },
  figures: ({ count, lastMs, raised, bestMs, sectors }) => ({ count, lastMs, raised, bestMs, sectors }),
};

export function eventFact(item: RowItem): EventFact {
  return {
    eventTimeMs: numberIn(item, 'eventTimeMs') ?? 0,
    name: item.name?.S ?? null,
    raised: item.state?.S === 'raised',
    lapTimeMs: positiveIn(item, 'lapTimeMs'),
    sectorsMs: sectorsIn(item),
  };
}
