import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { damageOf } from '#cloud/race/facts/in-force.js';
import type { RaceState } from '#cloud/race/types.js';
import type { FactType, RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { makeRace, notFinite } from '../../helpers/made-race.js';
import { RACE, rosterEntry, START_MS, sessionOpen, summary, TimingFeed } from '../../helpers/race-records.js';

const SECOND = 1_000;
const LAP_MS = 30 * SECOND;

function fact(
  inputId: string,
  type: FactType,
  value: number | string,
  more: { entry?: string | null; lap?: number | null; atMs?: number } = {},
): RaceRecord {
  const { entry = '1', lap = null, atMs = START_MS + 100 * SECOND } = more;
  return { v: 1, kind: 'fact', race: RACE, author: 'Kim', inputId, eventTimeMs: atMs, type, entry, lap, value };
}

function undo(undoes: string, atMs = START_MS + 200 * SECOND): RaceRecord {
  return {
    v: 1,
    kind: 'fact',
    type: 'undo',
    race: RACE,
    author: 'Kim',
    inputId: `undo-${undoes}`,
    eventTimeMs: atMs,
    undoes,
  };
}

function fold(records: RaceRecord[], state: RaceState = createRaceState(sessionOpen())): RaceState {
  for (const record of records) applyRecord(state, record);
  return state;
}

function laps(feed: TimingFeed, entry: string, to: number, behindMs = 0): RaceRecord[] {
  return Array.from({ length: to }, (_, i) =>
    feed.passing(entry, i + 1, START_MS + (i + 1) * LAP_MS + behindMs, { lapTimeMs: LAP_MS }),
  );
}

describe('an undo', () => {
  const feed = new TimingFeed();
  const stop = [...laps(feed, '1', 4), feed.stop('1', 2, START_MS + 2 * LAP_MS + 20 * SECOND, { tyresChanged: 2 })];

  it.each(['after', 'before'])('gives back what the fact had replaced, coming %s it', (when) => {
    const second = [fact('f2', 'fuelAdded', 12, { lap: 2, atMs: START_MS + 110 * SECOND }), undo('f2')];
    if (when === 'before') second.reverse();
    const state = fold([...stop, fact('f1', 'fuelAdded', 31, { lap: 2 }), ...second]);
    expect(state.entries['1'].fuelAddedKg).toBe(31);
    applyRecord(state, undo('f1'));
    expect(state.entries['1'].fuelAddedKg).toBeNull();
    expect(state.ignored).toEqual({});
  });

  it('of tyres gives back what the officials reported', () => {
    const state = fold([...stop, fact('f1', 'tyres', 0, { lap: 2 })]);
    expect(state.entries['1']).toMatchObject({ tyresFromLap: 0, stops: [{ tyresChanged: 0 }] });
    applyRecord(state, undo('f1'));
    expect(state.entries['1']).toMatchObject({ tyresFromLap: 2, stops: [{ tyresChanged: 2 }] });
  });
});

describe('what a person says against timing', () => {
  it('corrects a lap time until undone, also when timing says it once more', () => {
    const feed = new TimingFeed();
    const state = fold([...laps(feed, '1', 3), fact('f1', 'lapTime', 28_000, { lap: 2 })]);
    expect(state.entries['1'].laps[1]).toMatchObject({ lapTimeMs: 28_000, officialTimeMs: LAP_MS });
    expect(state.entries['1'].bestLapMs).toBe(28_000);
    applyRecord(state, feed.passing('1', 2, START_MS + 2 * LAP_MS, { lapTimeMs: 30_500 }));
    expect(state.entries['1'].laps[1]).toMatchObject({ lapTimeMs: 28_000, officialTimeMs: 30_500 });
    applyRecord(state, undo('f1'));
    expect(state.entries['1'].laps[1]).toMatchObject({ lapTimeMs: 30_500 });
    expect(state.entries['1'].laps[1]).not.toHaveProperty('officialTimeMs');
    expect(state.entries['1'].bestLapMs).toBe(LAP_MS);
  });

  it('makes a stop that timing missed, and takes away one that was none', () => {
    const feed = new TimingFeed();
    const missed = fold([...laps(feed, '1', 3), fact('f1', 'stop', 'made', { lap: 2 })]);
    expect(missed.entries['1']).toMatchObject({ stintFromLap: 2, stops: [{ lap: 2, inMs: START_MS + 2 * LAP_MS }] });
    expect(missed.entries['1'].laps.map(({ inLap, outLap }) => [inLap, outLap])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
    const ghost = fold([...laps(feed, '1', 3), feed.stop('1', 2, START_MS + 70 * SECOND)]);
    expect(ghost.entries['1'].stops).toHaveLength(1);
    applyRecord(ghost, fact('f2', 'stop', 'none', { lap: 2 }));
    expect(ghost.entries['1']).toMatchObject({ stops: [], stintFromLap: 0 });
    applyRecord(ghost, undo('f2'));
    expect(ghost.entries['1'].stops).toHaveLength(1);
  });

  it('retires a car until it crosses the line, and brings one back that timing has given up', () => {
    const feed = new TimingFeed();
    const state = fold([...laps(feed, '1', 2), fact('f1', 'retirement', 'out')]);
    expect(state.entries['1'].status).toBe('retired');
    applyRecord(state, undo('f1'));
    expect(state.entries['1'].status).toBe('running');
    applyRecord(state, feed.retirement('1', 2, START_MS + 70 * SECOND));
    expect(state.entries['1'].status).toBe('retired');
    applyRecord(state, fact('f2', 'retirement', 'running'));
    expect(state.entries['1'].status).toBe('running');
  });

  it('shows a flag when timing shows none; timing’s time counts when both say it', () => {
    const feed = new TimingFeed();
    const at = START_MS + 40 * SECOND;
    const state = fold([
      feed.flag('green', 0, START_MS),
      ...laps(feed, '1', 3),
      fact('f1', 'flag', 'yellow', { entry: null, lap: 1, atMs: at }),
    ]);
    expect(state).toMatchObject({ flag: 'yellow', flags: [{ flag: 'green' }, { flag: 'yellow', by: 'Kim' }] });
    expect(state.entries['1'].laps.map(({ flag }) => flag)).toEqual(['green', 'yellow', 'yellow']);
    applyRecord(state, feed.flag('yellow', 1, at + 3 * SECOND));
    expect(state.flags).toEqual([
      { flag: 'green', lap: 0, atMs: START_MS },
      { flag: 'yellow', lap: 1, atMs: at + 3 * SECOND },
    ]);
    applyRecord(state, undo('f1'));
    expect(state.flag).toBe('yellow');
    applyRecord(state, fact('f2', 'flag', 'green', { entry: null, lap: 2, atMs: at + 30 * SECOND }));
    expect(state.flag).toBe('green');
    applyRecord(state, undo('f2'));
    expect(state.flag).toBe('yellow');
  });

  it('keeps set, service and damage as words', () => {
    const feed = new TimingFeed();
    const state = fold([
      ...laps(feed, '1', 3),
      feed.stop('1', 2, START_MS + 70 * SECOND),
      fact('f1', 'tyreSet', 'set 4', { lap: 2 }),
      fact('f2', 'service', 'tape off the grille', { lap: 2 }),
      fact('f3', 'damage', 'right front fender'),
    ]);
    expect(state.entries['1'].stops[0]).toMatchObject({ tyreSet: 'set 4', service: 'tape off the grille' });
    expect(damageOf(state, state.entries['1'])).toBe('right front fender');
    applyRecord(state, fact('f4', 'damage', 'none', { atMs: START_MS + 300 * SECOND }));
    expect(damageOf(state, state.entries['1'])).toBeNull();
  });
});

describe('a fact that cannot be one is counted', () => {
  it.each<[string, RaceRecord]>([
    ['flag of an entry', fact('a', 'flag', 'green')],
    ['fuel of nobody', fact('b', 'fuelAdded', 3, { entry: null })],
    ['fuel below nothing', fact('c', 'fuelAdded', -1)],
    ['fuel that is no number', fact('d', 'fuelAdded', Number.NaN)],
    ['stop without a lap', fact('e', 'stop', 'made')],
    ['three tyres', fact('f', 'tyres', 3)],
    ['lap time of 0', fact('g', 'lapTime', 0, { lap: 2 })],
    ['lap 1.5', fact('h', 'note', 'x', { lap: 1.5 })],
    ['unknown type', fact('i', 'weather' as FactType, 'rain')],
  ])('%s', (_, record) => {
    const state = createRaceState(sessionOpen());
    expect(applyRecord(state, record).filter(({ type }) => type === 'fact')).toEqual([]);
    expect(state.ignored).toEqual({ damaged: 1 });
  });
});

describe('a corrected roster', () => {
  it('moves laps with the transponder and telemetry with the thing, as if it had been right from the start', () => {
    const feed = new TimingFeed();
    const crossed = ['1', '2'].map((entry) =>
      rosterEntry(entry, { transponder: `tx-${entry === '1' ? '2' : '1'}`, thing: `car-${entry === '1' ? '2' : '1'}` }),
    );
    const records = [
      feed.flag('green', 0, START_MS),
      ...laps(feed, '1', 4),
      ...laps(feed, '2', 3),
      feed.stop('2', 2, START_MS + 70 * SECOND),
      fact('f1', 'fuelAdded', 20, { entry: '2', lap: 2 }),
    ];
    const right = sessionOpen({ roster: ['1', '2'].map((entry) => rosterEntry(entry)) });
    const wrong = createRaceState({ ...right, roster: crossed });
    fold([...records, { ...right, inputId: 'open-2', eventTimeMs: START_MS + 90 * SECOND }], wrong);
    const expected = fold(records, createRaceState(right));
    expect(wrong.entries).toEqual(expected.entries);
    expect(wrong.order).toEqual(expected.order);
    expect(wrong.entries['2']).toMatchObject({ fuelAddedKg: 20, stintFromLap: 2 });
  });
});

describe('a roster that holds from a time on', () => {
  const feed = new TimingFeed();
  const FROM_MS = START_MS + 95 * SECOND;
  /** From lap 4 on car 1 goes with the transponder and the agent of car 2, and the other way round. */
  const rows = [
    rosterEntry('1'),
    rosterEntry('2'),
    rosterEntry('1', { transponder: 'tx-2', thing: 'car-2', fromMs: FROM_MS }),
    rosterEntry('2', { transponder: 'tx-1', thing: 'car-1', fromMs: FROM_MS }),
  ];
  const swapped = sessionOpen({ roster: rows, inputId: 'open-2', eventTimeMs: START_MS - 30 * SECOND });
  const records: RaceRecord[] = [
    feed.flag('green', 0, START_MS),
    ...laps(feed, '1', 5),
    ...laps(feed, '2', 5, 2 * SECOND),
    feed.passing('1', 3, START_MS + 80 * SECOND, { loop: 'PI' }),
    feed.passing('1', 5, START_MS + 130 * SECOND, { loop: 'PI' }),
    summary('2', START_MS + 120 * SECOND, { fuelUsedKg: 3 }),
  ];

  it('gives each car what was its own at the time', () => {
    const { entries } = fold(records, createRaceState(swapped));
    expect(entries['1'].laps.map(({ lap, atMs }) => [lap, (atMs - START_MS) / SECOND])).toEqual([
      [1, 30],
      [2, 60],
      [3, 90],
      [4, 122],
      [5, 152],
    ]);
    expect(entries['1'].stops.map(({ lap }) => lap)).toEqual([3]);
    expect(entries['2'].stops.map(({ lap }) => lap)).toEqual([5]);
    expect(entries['1'].car?.fuelUsedKg).toBe(3);
    expect(entries['2'].car).toBeNull();
    expect(entries['1'].roster).toMatchObject({ transponder: 'tx-2', fromMs: FROM_MS });
  });

  it('does so whenever it is told', () => {
    const expected = fold(records, createRaceState(swapped));
    for (const at of [0, 7, records.length]) {
      const before = createRaceState(sessionOpen({ roster: rows.slice(0, 2), eventTimeMs: START_MS - 60 * SECOND }));
      const state = fold([...records.slice(0, at), swapped, ...records.slice(at)], before);
      expect(state.entries).toEqual(expected.entries);
      expect(state.order).toEqual(expected.order);
    }
  });

  it('knows a car from its first row on only', () => {
    const late = [rosterEntry('1'), rosterEntry('2', { fromMs: FROM_MS })];
    const state = fold(records, createRaceState(sessionOpen({ roster: late })));
    expect(state.entries['2'].laps.map(({ lap }) => lap)).toEqual([4, 5]);
    expect(state.ignored['unknown-entry']).toBe(3);
  });
});

describe('any order of facts, undos and timing gives the same bytes', () => {
  const records: RaceRecord[] = makeRace({ cars: 3, laps: 12, stopLaps: () => [5], yellow: [8, 9] });
  const said: RaceRecord[] = [
    fact('s1', 'fuelAdded', 20, { lap: 5 }),
    fact('s2', 'fuelAdded', 22, { lap: 5, atMs: START_MS + 101 * SECOND }),
    undo('s2'),
    fact('s3', 'lapTime', 29_000, { lap: 4, entry: '2' }),
    fact('s4', 'lapTime', 28_000, { lap: 6, entry: '2' }),
    undo('s4'),
    fact('s5', 'stop', 'none', { lap: 5, entry: '2' }),
    fact('s6', 'stop', 'made', { lap: 9, entry: '3' }),
    fact('s7', 'flag', 'yellow', { entry: null, lap: 3, atMs: START_MS + 95 * SECOND }),
    fact('s8', 'flag', 'green', { entry: null, lap: 4, atMs: START_MS + 125 * SECOND }),
    fact('s9', 'flag', 'red', { entry: null, lap: 4, atMs: START_MS + 130 * SECOND }),
    undo('s9'),
    fact('s10', 'retirement', 'out', { entry: '3', atMs: START_MS + 700 * SECOND }),
    fact('s11', 'tyres', 0, { lap: 5, entry: '1' }),
  ];
  const all = [...records, ...said];
  const bytes = (state: RaceState) => JSON.stringify({ ...state, ignored: Object.entries(state.ignored).sort() });
  const expected = bytes(fold(all));

  it.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => {
    const random = seededRandom(seed);
    const shuffled = all
      .flatMap((record) => (random() < 0.1 ? [record, record] : [record]))
      .map((record) => ({ record, place: random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ record }) => record);
    const state = fold(shuffled);
    expect(notFinite(state)).toEqual([]);
    expect(JSON.parse(bytes(state))).toEqual(JSON.parse(expected));
    expect(bytes(state) === expected).toBe(true);
  });
});
