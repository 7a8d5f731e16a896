import { describe, expect, it } from 'vitest';
import { rowsOf } from '#cloud/engine/rows.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { lapsCompleted } from '#cloud/race/laps.js';
import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import type { RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const LAP_MS = 30_000;
const at = (lap: number) => START_MS + lap * LAP_MS;

function fold(records: readonly RaceRecord[]): RaceState {
  const state = createRaceState(sessionOpen());
  for (const record of records) applyRecord(state, record);
  return state;
}

/** Laps 1 … 6 of both cars, the fifth of car 1 the fastest; then timing takes its fifth and sixth back and tells the fifth anew. */
function told(): RaceRecord[] {
  const feed = new TimingFeed();
  const laps = [1, 2, 3, 4, 5, 6].flatMap((lap) => [
    feed.passing('1', lap, at(lap), { lapTimeMs: lap === 5 ? 20_000 : LAP_MS }),
    feed.passing('2', lap, at(lap) + 500, { lapTimeMs: LAP_MS }),
  ]);
  const recount = feed.recount('1', 4, at(6) + 1_000);
  return [...laps, recount, feed.passing('1', 5, at(6), { lapTimeMs: 2 * LAP_MS })];
}

describe('laps that timing takes back', () => {
  it('are gone, with what followed from them, and their rows are told so', () => {
    const records = told();
    const state = fold(records.slice(0, 12));
    expect(state.order.slice(0, 2)).toEqual(['1', '2']);
    expect(state.entries['1'].bestLapMs).toBe(20_000);
    const triggers = applyRecord(state, records[12]);
    expect(triggers[0]).toMatchObject({ type: 'recount', entry: '1', lap: 4, removed: [{ lap: 5 }, { lap: 6 }] });
    const { version } = triggers[0] as Extract<RaceTrigger, { type: 'recount' }>;
    expect(rowsOf(state, triggers[0]).map(({ row }) => row)).toMatchObject([
      { pk: 'test-race#lap#1', sk: `${at(5)}#5`, version, takenBack: true },
      { pk: 'test-race#lap#1', sk: `${at(6)}#6`, version, takenBack: true },
    ]);
    expect(lapsCompleted(state.entries['1'])).toBe(4);
    expect(state.entries['1'].bestLapMs).toBe(LAP_MS);
    expect(state.order.slice(0, 2)).toEqual(['2', '1']);
  });

  it('count when they are told again', () => {
    expect(fold(told()).entries['1'].laps.map(({ lap, lapTimeMs }) => [lap, lapTimeMs])).toEqual([
      [1, LAP_MS],
      [2, LAP_MS],
      [3, LAP_MS],
      [4, LAP_MS],
      [5, 2 * LAP_MS],
    ]);
  });

  it('are unknown or damaged without harm', () => {
    const feed = new TimingFeed();
    const state = fold([feed.recount('99', 3, at(1)), feed.recount('1', -1, at(1)), feed.recount('1', 3, Number.NaN)]);
    expect(state.ignored).toEqual({ 'unknown-entry': 1, 'lap-invalid': 1, damaged: 1 });
    expect(state.entries['1'].recounts).toBeUndefined();
  });

  it.each([1, 2, 3, 4])('are so in any order of arrival (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const feed = new TimingFeed('3-00000000000000ee');
    const records = [
      ...told(),
      feed.recount('2', 3, at(7)),
      feed.recount('2', 5, at(7) + 1),
      feed.recount('1', 2, at(8)),
    ];
    const mixed = [...records, ...records.slice(0, 9)].map((record) => ({ record, key: random() }));
    mixed.sort((a, b) => a.key - b.key);
    expect(JSON.stringify(fold(mixed.map(({ record }) => record)))).toBe(JSON.stringify(fold(records)));
  });
});
