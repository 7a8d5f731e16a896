import { describe, expect, it } from 'vitest';
import { raceView } from '#cloud/engine/view.js';
import { applyRecord } from '#cloud/race/apply.js';
import { MAX_CAR_LAPS, SILENT_AFTER_MS } from '#cloud/race/car-laps.js';
import { createRaceState } from '#cloud/race/create.js';
import { lapsCompleted, officialLaps } from '#cloud/race/laps.js';
import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import type { CarLapEvent } from '#wire/messages.js';
import type { RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { notFinite } from '../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';
import { shuffled } from './arbiter/made-laps.js';

const SEED = 99_021;
const LAP_MS = 30_000;
const BOOT = '1-00000000000000bb';

/** Distinct, as real laps are. */
const lapTimeMs = (lap: number) => LAP_MS + ((lap * 37) % 11) * 90;
const endMs = (lap: number) =>
  START_MS + Array.from({ length: lap }, (_, i) => lapTimeMs(i + 1)).reduce((a, b) => a + b, 0);

/** Own car 1 and rival 2, each with an agent. */
function openRace(): RaceState {
  return createRaceState(sessionOpen({ roster: [rosterEntry('1', { own: true }), rosterEntry('2')] }));
}

class Race {
  readonly feed = new TimingFeed();
  #seq = 0;

  official(entry: string, lap: number): RaceRecord {
    return this.feed.passing(entry, lap, endMs(lap), { lapTimeMs: lapTimeMs(lap), position: Number(entry) });
  }

  /** The car counts one too high. */
  carLap(entry: string, lap: number, clockMs = 0): CarLapEvent {
    const seq = ++this.#seq;
    const eventTimeMs = endMs(lap) - 60 + clockMs;
    const thing = `car-${entry}`;
    return {
      v: 1,
      thing,
      boot: BOOT,
      seq,
      prev: seq - 1,
      eventTimeMs,
      kind: 'event',
      type: 'lap',
      lapHint: lap + 1,
      lapTimeMs: lapTimeMs(lap) + 25,
    };
  }

  alive(entry: string, atMs: number): RaceRecord {
    const seq = ++this.#seq;
    return {
      v: 1,
      thing: `car-${entry}`,
      boot: BOOT,
      seq,
      prev: seq - 1,
      eventTimeMs: atMs,
      kind: 'event',
      type: 'summary',
      lapHint: 0,
      channels: {},
    };
  }

  /** Both cars, both sources. */
  laps(from: number, to: number): RaceRecord[] {
    const records: RaceRecord[] = [];
    for (let lap = from; lap <= to; lap++) {
      for (const entry of ['1', '2']) records.push(this.carLap(entry, lap), this.official(entry, lap));
    }
    return records;
  }
}

function fold(state: RaceState, records: readonly RaceRecord[]): RaceTrigger[] {
  return records.flatMap((record) => applyRecord(state, record));
}

describe('laps that the car tells', () => {
  it('are compared with official ones, and found provisional until those come', () => {
    const race = new Race();
    const state = openRace();
    fold(state, [...race.laps(1, 5), race.carLap('1', 6)]);
    const { carLaps } = state.entries['1'];
    expect(carLaps).toMatchObject({ matches: 5, offsetMs: 60, compared: 5, disagreed: 0, worstMs: 25 });
    expect(carLaps?.provisional).toEqual([{ lap: 6, lapTimeMs: lapTimeMs(6) + 25, atMs: endMs(6), confidence: 0.92 }]);
    expect(lapsCompleted(state.entries['1'])).toBe(5);
    fold(state, [race.official('1', 6)]);
    expect(carLaps?.provisional).toEqual([]);
    expect(state.timing).toEqual({ atMs: endMs(6), silentSinceMs: null });
  });

  it('count laps that differ by more than half a second', () => {
    const race = new Race();
    const state = openRace();
    fold(state, [...race.laps(1, 4), { ...race.carLap('1', 5), lapTimeMs: lapTimeMs(5) - 900 }, race.official('1', 5)]);
    expect(state.entries['1'].carLaps).toMatchObject({ compared: 5, disagreed: 1, worstMs: 900 });
  });

  it('carry an own car on when timing falls silent, and only an own one', () => {
    const race = new Race();
    const state = openRace();
    fold(state, race.laps(1, 5));
    expect(fold(state, [race.carLap('1', 6), race.carLap('2', 6)])).toEqual([]);
    const overdueMs = endMs(6) + SILENT_AFTER_MS;
    expect(fold(state, [race.alive('1', overdueMs - 1_000), race.alive('2', overdueMs - 1_000)])).toEqual([]);
    const triggers = fold(state, [race.alive('1', overdueMs), race.alive('2', overdueMs)]);
    expect(triggers).toEqual([{ type: 'provisional', entry: '1', lap: 6, atMs: endMs(6) }]);
    expect(state).toMatchObject({ lap: 6, lastEventMs: endMs(6), timing: { atMs: endMs(5), silentSinceMs: endMs(5) } });
    expect([lapsCompleted(state.entries['1']), officialLaps(state.entries['1'])]).toEqual([6, 5]);
    expect(lapsCompleted(state.entries['2'])).toBe(5);
    // The order is timing's, as it was.
    expect(state.order).toEqual(['1', '2']);
    expect(fold(state, [race.carLap('1', 7)])).toEqual([{ type: 'provisional', entry: '1', lap: 7, atMs: endMs(7) }]);
  });

  it('are given up for the official ones when timing is heard again', () => {
    const race = new Race();
    const state = openRace();
    fold(state, [
      ...race.laps(1, 5),
      race.carLap('1', 6),
      race.carLap('1', 7),
      race.alive('1', endMs(7) + SILENT_AFTER_MS),
    ]);
    expect(lapsCompleted(state.entries['1'])).toBe(7);
    fold(state, [race.official('2', 6), race.official('2', 7), race.official('1', 6), race.official('1', 7)]);
    expect(state.timing).toEqual({ atMs: endMs(7), silentSinceMs: null });
    expect(officialLaps(state.entries['1'])).toBe(7);
    expect(state.entries['1'].carLaps?.carriedTo).toBeUndefined();
  });

  it('carry on an own car whose transponder has failed, while timing goes on for the others', () => {
    const race = new Race();
    const state = openRace();
    fold(state, [...race.laps(1, 5), race.carLap('1', 6), race.official('2', 6), race.official('2', 7)]);
    expect(lapsCompleted(state.entries['1'])).toBe(6);
    expect(state.timing?.silentSinceMs).toBeNull();
  });

  it('are not believed of a car that never agreed with timing', () => {
    const race = new Race();
    const state = openRace();
    const official = [1, 2, 3].flatMap((lap) => [race.official('1', lap), race.official('2', lap)]);
    fold(state, [...official, race.carLap('1', 4, 5e7), race.alive('1', endMs(4) + 6e7)]);
    expect(lapsCompleted(state.entries['1'])).toBe(3);
    expect(state.timing?.silentSinceMs).toBeNull();
  });

  it('bridge five minutes without timing: strategy answers, nothing is no number, and all is as ever when it comes late', () => {
    const race = new Race();
    const all = race.laps(1, 20);
    const isSilent = (record: RaceRecord) =>
      record.kind === 'timing' && record.eventTimeMs > endMs(8) && record.eventTimeMs <= endMs(8) + 300_000;
    const state = openRace();
    const untilMs = endMs(8) + 300_000;
    const heard = all.filter((record) => !isSilent(record));
    fold(
      state,
      heard.filter((record) => 'eventTimeMs' in record && record.eventTimeMs <= untilMs),
    );
    expect(lapsCompleted(state.entries['1'])).toBeGreaterThan(15);
    const given = quickAnswers({ state, trigger: 'test' });
    expect(given.entries['1'].tyreAgeLaps).toBe(lapsCompleted(state.entries['1']));
    expect(notFinite(given)).toEqual([]);
    expect(notFinite(raceView(state, given, { raceTimeMs: untilMs, speed: 1 }))).toEqual([]);
    expect(notFinite(state)).toEqual([]);
    fold(state, [...heard, ...all.filter(isSilent)]);
    const never = openRace();
    fold(never, all);
    expect(JSON.stringify(state)).toBe(JSON.stringify(never));
  });

  it('are bounded', () => {
    const race = new Race();
    const state = openRace();
    fold(state, race.laps(1, MAX_CAR_LAPS + 20));
    expect(state.entries['1'].carLaps?.told).toHaveLength(MAX_CAR_LAPS);
    expect(state.entries['1'].carLaps?.matches).toBe(MAX_CAR_LAPS);
  });

  it(`give the same state in any order of arrival (seed ${SEED})`, () => {
    const race = new Race();
    const records = [
      ...race.laps(1, 12),
      race.carLap('1', 13),
      race.carLap('1', 13),
      race.alive('1', endMs(13) + 25_000),
    ];
    const bytes = (order: readonly RaceRecord[]) => {
      const state = openRace();
      fold(state, order);
      const entries = Object.values(state.entries).map(({ carLaps, laps }) => ({ carLaps, laps }));
      return JSON.stringify([entries, state.timing, state.lap, state.lastEventMs]);
    };
    const expected = bytes(records);
    expect(expected).toContain('"carriedTo":13');
    const random = seededRandom(SEED);
    for (let round = 0; round < 20; round++)
      expect(JSON.parse(bytes(shuffled(records, random)))).toEqual(JSON.parse(expected));
  });
});
