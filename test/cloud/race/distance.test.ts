import { describe, expect, it } from 'vitest';
import { raceView } from '#cloud/engine/view.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { distance, endedMs, timeOverMs } from '#cloud/race/distance.js';
import type { RaceState } from '#cloud/race/types.js';
import { fromRaceState } from '#cloud/strategy/history/from-state.js';
import type { Flag } from '#wire/messages.js';
import type { RaceRecord, RulesId, SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const LAP_MS = 100_000;
/** Ends in the middle of the leader's lap 11. */
const DURATION_MS = 1_050_000;

interface Timed {
  laps: number;
  flags?: [flag: Flag, atMs: number][];
  session?: Partial<SessionOpen>;
}

/** Car 1 leads, car 2 loses a second a lap, car 3 takes half as long again. */
function records({ laps, flags = [] }: Timed): RaceRecord[] {
  const feed = new TimingFeed();
  const told: RaceRecord[] = flags.map(([flag, atMs]) => feed.flag(flag, 0, START_MS + atMs));
  for (const [entry, lapMs] of [
    ['1', LAP_MS],
    ['2', LAP_MS + 1_000],
    ['3', 1.5 * LAP_MS],
  ] as const) {
    for (let lap = 0; lap * lapMs <= laps * LAP_MS + 1_000 * laps; lap++) {
      told.push(feed.passing(entry, lap, START_MS + lap * lapMs, { lapTimeMs: lap === 0 ? null : lapMs }));
    }
  }
  return told.sort((a, b) => ('eventTimeMs' in a && 'eventTimeMs' in b ? a.eventTimeMs - b.eventTimeMs : 0));
}

function fold(timed: Timed, order = records(timed)): RaceState {
  const state = createRaceState(sessionOpen({ lapsTotal: null, durationMs: DURATION_MS, ...timed.session }));
  for (const record of order) applyRecord(state, record);
  return state;
}

const statuses = ({ entries }: RaceState) => ['1', '2', '3'].map((key) => entries[key].status);

describe('a race by the clock', () => {
  it('knows no laps before the first one, then as many as the leader will do', () => {
    expect(distance(fold({ laps: 0 }))).toEqual({ laps: null, isEstimate: false, timeLeftMs: DURATION_MS });
    const state = fold({ laps: 4 });
    expect(distance(state)).toEqual({
      laps: 11,
      isEstimate: true,
      timeLeftMs: START_MS + DURATION_MS - state.lastEventMs,
    });
    expect(raceView(state, null, { raceTimeMs: state.lastEventMs, speed: 1 })).toMatchObject({
      lapsTotal: 11,
      lapsEstimated: true,
    });
    expect(fromRaceState(state, 'wec')).toMatchObject({ lapsTotal: null, durationS: DURATION_MS / 1000 });
  });

  it("ends at the leader's first crossing after time, everybody else's race at the next of theirs", () => {
    expect(statuses(fold({ laps: 10 }))).toEqual(['running', 'running', 'running']);
    const state = fold({ laps: 11 });
    expect(endedMs(state)).toBe(START_MS + 11 * LAP_MS);
    expect(statuses(state)).toEqual(['finished', 'finished', 'running']);
    expect(statuses(fold({ laps: 13 }))).toEqual(['finished', 'finished', 'finished']);
    expect(state.phase).toBe('finished');
  });

  it('goes on for a lap where the rules say so', () => {
    const session = { rules: 'f1' as const };
    expect(distance(fold({ laps: 4, session })).laps).toBe(12);
    expect(statuses(fold({ laps: 11, session }))[0]).toBe('running');
    expect(endedMs(fold({ laps: 13, session }))).toBe(START_MS + 12 * LAP_MS);
  });

  it('is over after the laps where they come first', () => {
    const session = { lapsTotal: 8 };
    expect(distance(fold({ laps: 4, session }))).toMatchObject({ laps: 8, isEstimate: false });
    expect(endedMs(fold({ laps: 9, session }))).toBe(START_MS + 8 * LAP_MS);
  });

  it.each<[RulesId, number]>([
    ['endurance', 0],
    ['f1', 220_000],
  ])('by the rules of %s a red flag holds the clock for %i ms of 220 000', (rules, heldMs) => {
    const flags: [Flag, number][] = [
      ['green', 0],
      ['red', 300_000],
      ['green', 520_000],
    ];
    const state = fold({ laps: 6, flags, session: { rules } });
    expect(timeOverMs(state)).toBe(START_MS + DURATION_MS + heldMs);
    const stopped = fold({ laps: 4, flags: flags.slice(0, 2), session: { rules } });
    expect(timeOverMs(stopped)).toBe(START_MS + DURATION_MS + (heldMs && stopped.lastEventMs - START_MS - 300_000));
  });

  it('is shortened or extended by a later word, also after its first end', () => {
    const relabel = (durationMs: number, inputId: string): SessionOpen =>
      sessionOpen({ lapsTotal: null, durationMs, inputId, eventTimeMs: START_MS + Number(inputId) });
    const told = records({ laps: 6 });
    expect(fold({ laps: 6 }, [...told, relabel(450_000, '1')]).phase).toBe('finished');
    const extended = fold({ laps: 6 }, [...told, relabel(450_000, '1'), relabel(900_000, '2')]);
    expect(extended.phase).toBe('running');
    expect(distance(extended)).toMatchObject({ laps: 10, isEstimate: true });
  });

  it('ends the same whatever order its records come in (seed 5)', () => {
    const random = seededRandom(5);
    const keyed = records({ laps: 13 }).map((record) => ({ record, key: random() }));
    const shuffled = keyed.sort((a, b) => a.key - b.key).map(({ record }) => record);
    expect(statuses(fold({ laps: 13 }, shuffled))).toEqual(statuses(fold({ laps: 13 })));
    expect(distance(fold({ laps: 13 }, shuffled))).toEqual(distance(fold({ laps: 13 })));
  });
});
