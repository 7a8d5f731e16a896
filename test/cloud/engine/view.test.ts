import { describe, expect, it } from 'vitest';
import { raceView } from '#cloud/engine/view.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import type { HealthMessage } from '#wire/messages.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';
import { madeForecast } from './made-forecaster.js';

const LAP_MS = 30_000;
const moment = { raceTimeMs: START_MS, speed: 1 };

/** Three cars, eight laps, and what strategy says about them. */
function race() {
  const feed = new TimingFeed();
  const state = createRaceState(sessionOpen({ lapsTotal: 9 }));
  applyRecord(state, feed.flag('green', 0, START_MS));
  const cross = (lap: number, entries = ['1', '2', '3']) => {
    for (const [index, entry] of entries.entries()) {
      applyRecord(state, feed.passing(entry, lap, START_MS + lap * LAP_MS + index * 900, { lapTimeMs: LAP_MS }));
    }
  };
  for (let lap = 1; lap <= 8; lap++) cross(lap);
  return { state, feed, cross, answered: quickAnswers({ state, trigger: 'test' }) };
}

/** What an agent says of itself when its link comes up. */
function healthOf(thing: string): HealthMessage {
  return {
    v: 1,
    kind: 'health',
    thing,
    boot: '1-0000000000000001',
    eventTimeMs: START_MS,
    link: 'up',
    journal: { unsentRecords: 0, unackedRecords: 0, bytes: 0, oldestUnackedMs: 0 },
    drops: {},
    reconnects: 0,
    rttMs: null,
  };
}

describe('the view', () => {
  it('has rows in running order, with gaps and what strategy says', () => {
    const { state, answered } = race();
    const { rows } = raceView(state, answered, moment);
    expect(Object.values(rows).map(({ entry, order, gapMs }) => [entry, order, gapMs])).toEqual([
      ['1', 1, 0],
      ['2', 2, 900],
      ['3', 3, 1_800],
    ]);
    expect(rows['2'].fuelLapsLeft?.mean).toBeGreaterThan(1);
    expect(rows['2'].rejoin).toEqual({ position: 3 });
  });

  it('has no advice for a car that has finished or retired, though the last answer had some', () => {
    const { state, feed, cross, answered } = race();
    applyRecord(state, feed.retirement('3', 8, START_MS + 8 * LAP_MS + 5_000));
    applyRecord(state, feed.flag('checkered', 9, START_MS + 9 * LAP_MS));
    cross(9, ['1', '2']);
    const { rows } = raceView(state, answered, moment);
    expect(Object.values(rows).map(({ status }) => status)).toEqual(['finished', 'finished', 'retired']);
    for (const row of Object.values(rows)) {
      expect(row).not.toHaveProperty('fuelLapsLeft');
      expect(row).not.toHaveProperty('pitWindow');
      expect(row).not.toHaveProperty('rejoin');
    }
  });

  it('says that timing is silent, and marks the laps that an own car tells itself', () => {
    const feed = new TimingFeed();
    const state = createRaceState(sessionOpen({ roster: [rosterEntry('1', { own: true }), rosterEntry('2')] }));
    let seq = 0;
    const byCar = (lap: number, lapTimeMs: number, atMs = START_MS + lap * LAP_MS) => {
      const head = { v: 1, thing: 'car-1', boot: '1-00000000000000bb', seq: ++seq, prev: seq - 1 } as const;
      applyRecord(state, { ...head, eventTimeMs: atMs, kind: 'event', type: 'lap', lapHint: lap + 1, lapTimeMs });
    };
    for (let lap = 1; lap <= 4; lap++) {
      applyRecord(state, feed.passing('1', lap, START_MS + lap * LAP_MS, { lapTimeMs: LAP_MS }));
      byCar(lap, LAP_MS + 20);
    }
    const at = (lap: number) => raceView(state, null, { raceTimeMs: START_MS + lap * LAP_MS, speed: 1 });
    expect(at(4).lapSource).toEqual({ source: 'timing', ageMs: 0, compared: 4, disagreed: 0, worstMs: 20 });
    expect(at(4).rows['1']).not.toHaveProperty('lapsBy');
    byCar(5, LAP_MS + 30);
    byCar(6, LAP_MS + 40);
    expect(at(6).lapSource).toMatchObject({ source: 'cars', ageMs: 2 * LAP_MS });
    expect(at(6).rows['1']).toMatchObject({ laps: 6, lapsBy: 'car', lastLapMs: LAP_MS + 40 });
  });

  it('says how far behind a late reader is, in whole seconds, and nothing when it is live', () => {
    const { state, answered } = race();
    expect(raceView(state, answered, { ...moment, behindMs: 41_200 }).behindMs).toBe(42_000);
    expect(raceView(state, answered, { ...moment, isReplay: true }).isReplay).toBe(true);
    expect(raceView(state, answered, moment)).not.toHaveProperty('behindMs');
    expect(raceView(state, answered, moment)).not.toHaveProperty('isReplay');
  });

  it('says of an agent that is heard no more for how long, and never that its link is up', () => {
    const { state, answered } = race();
    applyRecord(state, healthOf('car-1'));
    applyRecord(state, healthOf('car-99'));
    const rowsAfter = (ms: number, more = {}) =>
      raceView(state, answered, { raceTimeMs: START_MS + ms, speed: 1, ...more }).rows;
    expect(rowsAfter(20_000)['1']).toMatchObject({ link: 'up' });
    expect(rowsAfter(20_000)['1']).not.toHaveProperty('silentMs');
    expect(rowsAfter(42_600)['1']).toMatchObject({ link: 'silent', silentMs: 42_000 });
    expect(rowsAfter(42_600)['car-99']).toMatchObject({ link: 'silent', silentMs: 42_000 });
    // Long under way at high speed, or not read yet: neither is the agent's silence.
    expect(rowsAfter(42_600, { speed: 10 })['1']).toMatchObject({ link: 'up' });
    expect(rowsAfter(42_600, { behindMs: 40_000 })['1']).toMatchObject({ link: 'up' });
  });

  it('lists a thing that is in no roster below the race, without a place in it', () => {
    const { state, answered } = race();
    applyRecord(state, healthOf('car-99'));
    const { rows } = raceView(state, answered, moment);
    expect(rows['car-99']).toMatchObject({ thing: 'car-99', order: 4, status: 'unlisted', link: 'up', own: false });
    expect(Object.keys(rows)).toHaveLength(4);
  });

  it('gives who still races a finish by simulated races, and says what it rests on', () => {
    const { state, answered } = race();
    const forecast = madeForecast({ state, trigger: 'lap 1/4', runs: { base: 200, option: 40 } });
    const [first, second, third] = state.order;
    state.entries[third].status = 'retired';
    const view = raceView(state, answered, moment, forecast);
    expect(view.forecast).toEqual({ lap: state.lap, dataMs: state.lastEventMs, runs: 200 });
    expect(view.rows[first].odds).toEqual({ place: 1, low: 1, high: 1, win: 1, top5: 1, top10: 1 });
    expect(view.rows[second].odds).toMatchObject({ place: 2, win: 0 });
    expect(view.rows[third]).not.toHaveProperty('odds');
    expect(raceView(state, answered, moment)).not.toHaveProperty('forecast');
  });

  it('is the same JSON for the same state, with nothing undefined in it', () => {
    const { state, answered } = race();
    const view = raceView(state, answered, moment);
    expect(view).toStrictEqual(JSON.parse(JSON.stringify(view)));
    expect(raceView(JSON.parse(JSON.stringify(state)), answered, moment)).toEqual(view);
  });
});
