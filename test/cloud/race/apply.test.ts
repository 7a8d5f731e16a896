import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { lapsCompleted } from '#cloud/race/laps.js';
import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import type { TimingMessage } from '#wire/messages.js';
import type { RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { makeRace, notFinite } from '../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const roster = (cars: number) => Array.from({ length: cars }, (_, i) => rosterEntry(String(i + 1)));

function fold(records: RaceRecord[], state: RaceState = createRaceState(sessionOpen())): RaceState {
  for (const record of records) applyRecord(state, record);
  return state;
}

/** Bytes of the state without counters, whose keys stand in order of arrival. */
const bytes = (state: RaceState) => JSON.stringify({ ...state, ignored: Object.entries(state.ignored).sort() });

describe('passings', () => {
  const feed = new TimingFeed();

  it('completes laps, with best lap and official position', () => {
    const state = fold([
      feed.passing('2', 1, START_MS + 31_000, { lapTimeMs: 31_000, position: 1 }),
      feed.passing('2', 2, START_MS + 61_000, { lapTimeMs: 30_000, position: 1 }),
    ]);
    const entry = state.entries['2'];
    expect(entry.laps.map(({ lap, lapTimeMs }) => [lap, lapTimeMs])).toEqual([
      [1, 31_000],
      [2, 30_000],
    ]);
    expect(entry).toMatchObject({ bestLapMs: 30_000, position: 1, status: 'running' });
    expect(state).toMatchObject({ lap: 2, phase: 'running', lastEventMs: START_MS + 61_000 });
  });

  it('takes the same crossing twice as once', () => {
    const passing = feed.passing('1', 1, START_MS + 30_000, { lapTimeMs: 30_000 });
    const state = createRaceState(sessionOpen());
    expect(applyRecord(state, passing)).toContainEqual(expect.objectContaining({ type: 'lap' }));
    expect(applyRecord(state, passing)).toEqual([]);
    expect(state.entries['1'].laps).toHaveLength(1);
  });

  it('replaces a lap by its correction, whichever of the two comes first', () => {
    const wrong = feed.passing('1', 1, START_MS + 30_000, { lapTimeMs: 3_000 });
    const right = feed.passing('1', 1, START_MS + 30_000, { lapTimeMs: 30_000 });
    for (const records of [
      [wrong, right],
      [right, wrong],
    ]) {
      const { laps, bestLapMs } = fold(records).entries['1'];
      expect(laps[0].lapTimeMs).toBe(30_000);
      expect(bestLapMs).toBe(30_000);
    }
  });

  it('inserts a late lap where it belongs', () => {
    const records = [1, 2, 3].map((lap) => feed.passing('1', lap, START_MS + lap * 30_000, { lapTimeMs: 30_000 }));
    const state = fold([records[0], records[2]]);
    expect(applyRecord(state, records[1])).toEqual([
      { type: 'lap', entry: '1', lap: expect.objectContaining({ lap: 2 }) },
    ]);
    expect(state.entries['1'].laps.map(({ lap }) => lap)).toEqual([1, 2, 3]);
    expect(lapsCompleted(state.entries['1'])).toBe(3);
  });

  it('takes the crossing of the start as no lap', () => {
    const state = fold([feed.passing('1', 0, START_MS + 900)]);
    expect(state.entries['1']).toMatchObject({ laps: [], startAtMs: START_MS + 900, status: 'running' });
  });

  it('finds an entry by number when a spare transponder is fitted', () => {
    const state = fold([feed.passing('1', 1, START_MS + 30_000, { transponder: 'spare' })]);
    expect(state.entries['1'].laps).toHaveLength(1);
  });
});

describe('what cannot be used is counted by reason', () => {
  const feed = new TimingFeed();
  const cases: [string, RaceRecord][] = [
    ['unknown-entry', feed.passing('99', 1, START_MS)],
    ['lap-invalid', feed.passing('1', 32_768, START_MS)],
    ['lap-invalid', feed.passing('1', -1, START_MS)],
    ['damaged', feed.passing('1', 1, Number.NaN)],
    ['damaged', { ...feed.passing('1', 1, START_MS), boot: 'none' }],
    ['not-official-timing', { ...feed.passing('1', 1, START_MS), thing: 'somebody' }],
    ['other-race', { ...sessionOpen({ race: 'another' }), inputId: 'x' }],
    ['unknown-kind', { kind: 'weather' } as unknown as RaceRecord],
  ];
  it.each(cases)('%s', (reason, record) => {
    const state = createRaceState(sessionOpen());
    expect(applyRecord(state, record).filter(({ type }) => type !== 'session')).toEqual([]);
    expect(state.ignored).toEqual({ [reason]: 1 });
    expect(Object.values(state.entries).every(({ laps }) => laps.length === 0)).toBe(true);
  });

  it.each([0, -5, Number.NaN, 1e12])('keeps the crossing but not a lap time of %s', (lapTimeMs) => {
    const state = fold([feed.passing('1', 1, START_MS + 30_000, { lapTimeMs })]);
    expect(state.entries['1'].laps[0].lapTimeMs).toBeNull();
    expect(state.entries['1'].bestLapMs).toBeNull();
    expect(state.ignored).toEqual({ 'lap-time-invalid': 1 });
    expect(notFinite(state)).toEqual([]);
  });
});

describe('flags', () => {
  it('labels a lap by the worst flag between its crossings, also when the flag comes late', () => {
    const feed = new TimingFeed();
    const laps = [1, 2, 3, 4].map((lap) => feed.passing('1', lap, START_MS + lap * 30_000, { lapTimeMs: 30_000 }));
    const green = feed.flag('green', 0, START_MS);
    const yellow = feed.flag('yellow', 1, START_MS + 45_000);
    const restart = feed.flag('green', 2, START_MS + 70_000);
    const inTime = fold([green, laps[0], yellow, laps[1], restart, laps[2], laps[3]]);
    expect(inTime.entries['1'].laps.map(({ flag }) => flag)).toEqual(['green', 'yellow', 'yellow', 'green']);

    const late = fold([green, ...laps, restart]);
    const triggers = applyRecord(late, yellow);
    expect(triggers.filter(({ type }) => type === 'lap')).toHaveLength(2);
    expect(late.entries['1'].laps).toEqual(inTime.entries['1'].laps);
    expect(late.flag).toBe('green');
    expect(late.greenAtMs).toBe(START_MS);
  });

  it('finishes each car at its first crossing under the chequered flag', () => {
    const feed = new TimingFeed();
    const state = fold([
      feed.passing('1', 9, START_MS + 270_000),
      feed.passing('2', 8, START_MS + 265_000),
      feed.flag('checkered', 9, START_MS + 270_010),
    ]);
    expect(state.entries['1'].status).toBe('finished');
    expect(state.entries['2'].status).toBe('running');
    expect(state.phase).toBe('finished');
    applyRecord(state, feed.passing('2', 9, START_MS + 300_000));
    expect(state.entries['2'].status).toBe('finished');
  });
});

describe('stops', () => {
  const feed = new TimingFeed();
  const lap = (n: number, atMs: number) => feed.passing('1', n, atMs, { lapTimeMs: 30_000 });
  const story: TimingMessage[] = [
    feed.flag('green', 0, START_MS),
    lap(1, START_MS + 30_000),
    feed.passing('1', 2, START_MS + 57_000, { loop: 'PI' }),
    lap(2, START_MS + 60_000),
    feed.passing('1', 3, START_MS + 75_000, { loop: 'PO' }),
    feed.stop('1', 2, START_MS + 75_500, { tyresChanged: 4 }),
    lap(3, START_MS + 110_000),
  ];

  it('joins pit loops and the report to one stop, with in- and out-lap and a new stint', () => {
    const state = createRaceState(sessionOpen());
    const triggers = story.flatMap((record): RaceTrigger[] => applyRecord(state, record));
    const entry = state.entries['1'];
    expect(entry.stops).toEqual([
      {
        lap: 2,
        outLap: 3,
        inMs: START_MS + 57_000,
        outMs: START_MS + 75_000,
        laneTimeMs: 40_000,
        tyreSet: null,
        service: null,
        boxTimeMs: 12_000,
        tyresChanged: 4,
        fuelAddedKg: null,
        ecuUsedKg: null,
        flag: 'green',
      },
    ]);
    expect(entry.laps.map(({ inLap, outLap }) => [inLap, outLap])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
    expect(entry).toMatchObject({ stintFromLap: 2, tyresFromLap: 2, status: 'running' });
    expect(triggers.filter(({ type }) => type === 'stop')).toHaveLength(3);
  });

  it('is in the pits between the loops, also across the line', () => {
    expect(fold(story.slice(0, 3)).entries['1'].status).toBe('pit');
    expect(fold(story.slice(0, 4)).entries['1'].status).toBe('pit');
    expect(fold(story.slice(0, 4)).entries['1'].stintFromLap).toBe(0);
  });

  it('keeps the tyres when none were changed', () => {
    const state = fold(story.map((record) => (record.type === 'stop' ? { ...record, tyresChanged: 0 } : record)));
    expect(state.entries['1']).toMatchObject({ stintFromLap: 2, tyresFromLap: 0 });
  });

  it('makes a stop of a report alone where the pit lane has no loops', () => {
    const state = fold(story.filter((record) => record.type !== 'passing' || record.loop === 'SF'));
    expect(state.entries['1'].stops).toHaveLength(1);
    expect(state.entries['1'].laps[1].inLap).toBe(true);
  });

  it('begins the stint after the in-lap when the pit exit was lost', () => {
    const state = fold(story.filter((record) => !(record.type === 'passing' && record.loop === 'PO')));
    expect(state.entries['1']).toMatchObject({ stintFromLap: 2, status: 'running' });
  });

  it('takes fuel and tyres from people, the later word counting', () => {
    const state = fold(story);
    const fact = { v: 1, kind: 'fact', race: 'test-race', author: 'Kim', entry: '1', lap: 2 } as const;
    applyRecord(state, { ...fact, type: 'fuelAdded', value: 31, inputId: 'f2', eventTimeMs: START_MS + 90_000 });
    applyRecord(state, { ...fact, type: 'fuelAdded', value: 12, inputId: 'f1', eventTimeMs: START_MS + 80_000 });
    applyRecord(state, { ...fact, type: 'tyres', value: 0, inputId: 'f3', eventTimeMs: START_MS + 90_000 });
    applyRecord(state, { ...fact, type: 'tyres', value: 3, inputId: 'f4', eventTimeMs: START_MS + 91_000 });
    expect(state.entries['1']).toMatchObject({ fuelAddedKg: 31, tyresFromLap: 0 });
    expect(state.ignored).toEqual({ damaged: 1 });
  });
});

describe('retirement', () => {
  it('retires a car, and takes it back when it crosses the line later', () => {
    const feed = new TimingFeed();
    const state = fold([feed.passing('1', 1, START_MS + 30_000, { position: 1 })]);
    expect(applyRecord(state, feed.retirement('1', 1, START_MS + 40_000))).toEqual([
      { type: 'retired', entry: '1', lap: 1, atMs: START_MS + 40_000 },
    ]);
    expect(state.entries['1'].status).toBe('retired');
    applyRecord(state, feed.passing('1', 2, START_MS + 200_000));
    expect(state.entries['1'].status).toBe('running');
  });
});

describe('order', () => {
  it('ranks by laps, then by official position as given, whatever the clock says', () => {
    const feed = new TimingFeed();
    const state = fold([
      feed.passing('1', 2, START_MS + 60_500, { position: 1 }),
      feed.passing('2', 2, START_MS + 60_000, { position: 2 }),
      feed.passing('3', 1, START_MS + 30_000, { position: 3 }),
    ]);
    expect(state.order).toEqual(['1', '2', '3']);
  });

  it('ranks by time of crossing where the feed gives no positions', () => {
    const feed = new TimingFeed();
    const state = fold([feed.passing('1', 2, START_MS + 60_500), feed.passing('2', 2, START_MS + 60_000)]);
    expect(state.order).toEqual(['2', '1', '3']);
    expect(state.entries['1'].position).toBe(2);
  });
});

describe('the grid', () => {
  it('is the order of the roster until cars cross the line', () => {
    const state = createRaceState(sessionOpen({ roster: ['24', '5', '11'].map((entry) => rosterEntry(entry)) }));
    expect(state.order).toEqual(['24', '5', '11']);
    applyRecord(state, new TimingFeed().passing('11', 0, START_MS + 900));
    expect(state.order).toEqual(['11', '24', '5']);
  });
});

describe('session', () => {
  it('relabels by a later open, and closes', () => {
    const state = fold([]);
    const corrected = sessionOpen({
      inputId: 'open-2',
      eventTimeMs: START_MS,
      roster: [rosterEntry('1', { driver: 'Somebody else' }), rosterEntry('4')],
    });
    applyRecord(state, corrected);
    expect(Object.keys(state.entries)).toEqual(['1', '4']);
    expect(state.entries['1'].roster.driver).toBe('Somebody else');
    expect(state.order).toEqual(['1', '4']);
    const close = { v: 1, kind: 'session', type: 'close', race: 'test-race', author: 'x', inputId: 'c' } as const;
    expect(applyRecord(state, { ...close, eventTimeMs: START_MS })).toHaveLength(1);
    expect(applyRecord(state, { ...close, eventTimeMs: START_MS })).toEqual([]);
    expect(state.phase).toBe('closed');
  });
});

/** Paths at which two plain values differ: a diff of two whole states cannot be read. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (Object.is(a, b)) return [];
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return [`${path}: ${a} / ${b}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}/${key}`),
  );
}

describe('any arrival order within a window gives the same bytes', () => {
  const race = {
    cars: 8,
    laps: 24,
    noiseMs: 200,
    falloffMs: 30,
    yellow: [10, 12] as [number, number],
    fuelPerLapKg: 1.9,
    stopLaps: (car: number) => [8 + (car % 4)],
  };
  const records = makeRace(race);
  const feed = new TimingFeed('2-00000000000000aa');
  const corrections = [5, 9, 17].map((lap) => {
    const passing = records.find(
      (r) => r.kind === 'timing' && r.type === 'passing' && r.lap === lap && r.number === '3',
    );
    return feed.passing('3', lap, passing!.eventTimeMs + 7, { lapTimeMs: 30_777 });
  });
  const all = [...records, ...corrections, feed.retirement('8', 23, START_MS + 80_000_000)];
  all.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
  const open = sessionOpen({ roster: roster(8) });
  const expected = bytes(fold(all, createRaceState(open)));

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
    const random = seededRandom(seed);
    // Each record is late by up to 8 s, and every tenth comes twice.
    const delayed = all.flatMap((record) => {
      const copies = random() < 0.1 ? 2 : 1;
      return Array.from({ length: copies }, () => ({ record, arrivesMs: record.eventTimeMs + random() * 8_000 }));
    });
    delayed.sort((a, b) => a.arrivesMs - b.arrivesMs);
    expect(delayed.map(({ record }) => record)).not.toEqual(all);
    const state = fold(
      delayed.map(({ record }) => record),
      createRaceState(open),
    );
    expect(differences(JSON.parse(bytes(state)), JSON.parse(expected))).toEqual([]);
    expect(bytes(state) === expected).toBe(true);
    expect(notFinite(state)).toEqual([]);
  });
});
