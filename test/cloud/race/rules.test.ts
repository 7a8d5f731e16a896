import { describe, expect, it } from 'vitest';
import { raceView } from '#cloud/engine/view.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { compoundsToUse } from '#cloud/race/rules/compounds.js';
import { driverTimes } from '#cloud/race/rules/drivers.js';
import { lapsBack } from '#cloud/race/rules/lapped.js';
import { classification, penaltyOf } from '#cloud/race/rules/penalties.js';
import { RULES } from '#cloud/race/rules/rules.js';
import { cautions, stageNow } from '#cloud/race/rules/stages.js';
import type { RaceState } from '#cloud/race/types.js';
import type { FactType, RaceRecord, RulesId, SessionOpen } from '#wire/race-records.js';
import { RACE, rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const LAP_MS = 30_000;

function fold(records: RaceRecord[], more: Partial<SessionOpen>): RaceState {
  const state = createRaceState(sessionOpen(more));
  for (const record of records) applyRecord(state, record);
  return state;
}

/** Laps of one car, the first `slow` of them taking twice as long. */
function laps(feed: TimingFeed, entry: string, to: number, slow = 0): RaceRecord[] {
  return Array.from({ length: to }, (_, i) => {
    const lap = i + 1;
    return feed.passing(entry, lap, START_MS + (lap + Math.min(lap, slow)) * LAP_MS + Number(entry) * 100, {
      lapTimeMs: lap <= slow ? 2 * LAP_MS : LAP_MS,
    });
  });
}

function said(type: FactType, value: string, lap: number): RaceRecord {
  const inputId = `${type}-${lap}`;
  return {
    v: 1,
    kind: 'fact',
    race: RACE,
    author: 'Kim',
    inputId,
    eventTimeMs: START_MS,
    type,
    entry: '1',
    lap,
    value,
  };
}

const view = (state: RaceState) => raceView(state, null, { raceTimeMs: state.lastEventMs, speed: 1 });

describe('stages', () => {
  const feed = new TimingFeed();
  const records = [
    feed.flag('green', 0, START_MS),
    ...laps(feed, '1', 12),
    feed.flag('yellow', 4, START_MS + 4 * LAP_MS + 200),
    feed.flag('green', 6, START_MS + 6 * LAP_MS + 200),
    feed.flag('yellow', 10, START_MS + 10 * LAP_MS + 200),
    feed.flag('red', 11, START_MS + 11 * LAP_MS),
    feed.flag('yellow', 11, START_MS + 11 * LAP_MS + 9_000),
    feed.flag('green', 12, START_MS + 12 * LAP_MS),
  ];
  const session: Partial<SessionOpen> = { rules: 'nascar', stageEnds: [10, 20], lapsTotal: 30 };

  it('tells the stage that is on, and its laps to go, also on the screen', () => {
    const state = fold(records, session);
    expect(stageNow(state)).toEqual({ stage: 2, of: 3, endLap: 20, lapsToEnd: 8 });
    expect(view(state).stage).toEqual({ stage: 2, of: 3, endLap: 20, lapsToEnd: 8 });
    expect(stageNow(fold(records, { ...session, lapsTotal: 15 }))).toMatchObject({ stage: 2, of: 2, endLap: 15 });
  });

  it('tells a stage break from a caution; a red flag within one does not make two', () => {
    const found = cautions(fold(records, session));
    expect(found.map(({ fromLap, toLap, isStageBreak }) => [fromLap, toLap, isStageBreak])).toEqual([
      [4, 6, false],
      [10, 12, true],
    ]);
    expect(view(fold(records, session)).cautions).toBe(2);
  });

  it('knows none where the rules or the session name none', () => {
    for (const more of [{ ...session, rules: 'f1' as RulesId }, { ...session, stageEnds: undefined }, {}]) {
      expect(stageNow(fold(records, more))).toBeNull();
      expect(view(fold(records, more))).not.toHaveProperty('stage');
    }
  });
});

describe('laps back', () => {
  const feed = new TimingFeed();
  const roster = ['1', '2', '3', '4'].map((entry) => rosterEntry(entry));
  const green = [
    feed.flag('green', 0, START_MS),
    ...laps(feed, '1', 8),
    ...laps(feed, '2', 8),
    ...laps(feed, '3', 7, 1),
    ...laps(feed, '4', 6, 2),
  ];
  const yellow = feed.flag('yellow', 8, START_MS + 8 * LAP_MS + 1_000);

  it('names the first car a lap down for the free pass, and nobody where the rules have none', () => {
    expect(lapsBack(fold(green, { roster, rules: 'nascar' }))).toEqual({ freePass: '3', given: [], waveAround: [] });
    expect(lapsBack(fold(green, { roster, rules: 'f1' }))).toEqual({ freePass: null, given: [], waveAround: [] });
    expect(lapsBack(fold(green, { roster }))).toEqual({ freePass: null, given: [], waveAround: [] });
    expect(view(fold(green, { roster, rules: 'nascar' })).rows['3'].freePass).toBe(true);
  });

  it('lets lapped cars wave around that stay out while the leader stops', () => {
    const under = [...green, yellow];
    expect(lapsBack(fold(under, { roster, rules: 'nascar' })).waveAround).toEqual([]);
    const stopped = [...under, feed.passing('1', 9, yellow.eventTimeMs + 5_000, { loop: 'PI' })];
    expect(lapsBack(fold(stopped, { roster, rules: 'nascar' }))).toEqual({
      freePass: '3',
      given: [],
      waveAround: ['4'],
    });
    const both = [...stopped, feed.passing('4', 7, yellow.eventTimeMs + 6_000, { loop: 'PI' })];
    expect(lapsBack(fold(both, { roster, rules: 'nascar' })).waveAround).toEqual([]);
    expect(lapsBack(fold(under, { roster, rules: 'f1' })).waveAround).toEqual(['3', '4']);
  });

  it('has no candidate once a person told who got the free pass, until the next caution', () => {
    const pass = {
      ...said('freePass', 'given', 6),
      entry: '4',
      eventTimeMs: yellow.eventTimeMs + 10_000,
    } as RaceRecord;
    const state = fold([...green, yellow, pass], { roster, rules: 'nascar' });
    expect(lapsBack(state)).toEqual({ freePass: null, given: ['4'], waveAround: [] });
    expect(view(state).rows['4'].freePassGiven).toBe(true);
    const later = [
      feed.flag('green', 9, yellow.eventTimeMs + 60_000),
      feed.flag('yellow', 9, yellow.eventTimeMs + 90_000),
    ];
    expect(lapsBack(fold([...green, yellow, pass, ...later], { roster, rules: 'nascar' }))).toMatchObject({
      freePass: '3',
      given: [],
    });
  });
});

describe('a virtual caution', () => {
  const feed = new TimingFeed();
  const at = (lap: number) => START_MS + lap * LAP_MS + 200;
  const shown = [feed.flag('green', 0, START_MS), ...laps(feed, '1', 12), feed.flag('virtual', 4, at(4))];

  it('is a caution that gathers nobody, and a full one once the car comes out', () => {
    const virtual = fold([...shown, feed.flag('green', 6, at(6))], {});
    expect(cautions(virtual)).toMatchObject([{ kind: 'virtual', fromLap: 4, toLap: 6 }]);
    expect(virtual.entries['1'].laps[5]).toMatchObject({ lap: 6, flag: 'virtual' });
    expect(lapsBack(fold(shown, { rules: 'f1' })).waveAround).toEqual([]);
    const full = fold([...shown, feed.flag('yellow', 5, at(5)), feed.flag('green', 8, at(8))], {});
    expect(cautions(full)).toMatchObject([{ kind: 'full', fromLap: 4, toLap: 8 }]);
    expect(full.entries['1'].laps[5]).toMatchObject({ lap: 6, flag: 'yellow' });
  });
});

describe('penalties', () => {
  const feed = new TimingFeed();
  const records = ['1', '2', '3'].flatMap((entry) => laps(feed, entry, 5));
  const imposed = (value: number | string, seconds: number, entry = '1'): RaceRecord =>
    ({
      ...said('penalty', '', 5),
      value,
      entry,
      inputId: `p-${value}-${seconds}`,
      eventTimeMs: START_MS + seconds,
    }) as RaceRecord;

  it('add up, and those served count no more', () => {
    const state = fold([...records, imposed(5, 1), imposed('driveThrough', 2), imposed(10, 3)], {});
    expect(penaltyOf(state, state.entries['1'])).toEqual({ seconds: 15, driveThroughs: 1 });
    applyRecord(state, imposed('served', 2));
    expect(penaltyOf(state, state.entries['1'])).toEqual({ seconds: 10, driveThroughs: 0 });
  });

  it('put a car behind those within its seconds, not behind those a lap down; the order on the track stays', () => {
    const lapped = laps(feed, '4', 4);
    const roster = ['1', '2', '3', '4'].map((entry) => rosterEntry(entry));
    const state = fold([...records, ...lapped, imposed(0.15, 1), imposed(1, 1)], { roster });
    expect(state.order).toEqual(['1', '2', '3', '4']);
    expect(classification(state)).toEqual(['2', '3', '1', '4']);
    const { rows } = view(state);
    expect(rows['1']).toMatchObject({ order: 1, classified: 3, penalty: { seconds: 1, driveThroughs: 0 } });
    expect(rows['4']).not.toHaveProperty('classified');
    expect(state.ignored).toEqual({ damaged: 1 });
  });
});

describe('the screen', () => {
  it('says who showed the flag, and what people said and took back', () => {
    const at = START_MS + LAP_MS;
    const flag: RaceRecord = { ...said('flag', 'yellow', 1), entry: null, eventTimeMs: at } as RaceRecord;
    const undone = {
      v: 1,
      kind: 'fact',
      type: 'undo',
      race: RACE,
      author: 'Lee',
      inputId: 'u',
      eventTimeMs: at,
    } as const;
    const state = fold([flag, said('damage', 'nose', 1), { ...undone, undoes: 'damage-1' }], {});
    expect(view(state)).toMatchObject({ flag: 'yellow', flagBy: 'Kim', cautions: 1 });
    expect(Object.values(view(state).log).map(({ text }) => text)).toEqual([
      'Kim on car 1: damage nose (taken back by Lee)',
      'Flag: yellow, by Kim',
    ]);
    expect(view(state).rows['1']).not.toHaveProperty('damage');
  });
});

describe('classes, drivers, compounds', () => {
  it('places each entry in its class', () => {
    const feed = new TimingFeed();
    const roster = ['1', '2', '3'].map((entry) => rosterEntry(entry, { cls: entry === '1' ? 'LMP2' : 'GT3' }));
    const records = ['1', '2', '3'].flatMap((entry) => laps(feed, entry, 2));
    const { rows } = view(fold(records, { roster, rules: 'endurance' }));
    expect(Object.values(rows).map(({ cls, classPosition }) => [cls, classPosition])).toEqual([
      ['LMP2', 1],
      ['GT3', 1],
      ['GT3', 2],
    ]);
    expect(view(fold(records, { roster })).rows['1']).not.toHaveProperty('cls');
  });

  it('adds up time at the wheel from what people say of drivers, and what the rules leave', () => {
    const feed = new TimingFeed();
    const records = [
      feed.flag('green', 0, START_MS),
      ...laps(feed, '1', 10),
      said('driver', 'Ida', 4),
      said('driver', 'Driver 1', 8),
    ];
    const state = fold(records, { rules: 'endurance' });
    const { stintMs } = RULES.endurance.driverTime!;
    expect(driverTimes(state, state.entries['1'])).toEqual([
      { driver: 'Driver 1', raceMs: 6 * LAP_MS + 100, turnMs: 2 * LAP_MS, laps: 6, leftMs: stintMs - 2 * LAP_MS },
      { driver: 'Ida', raceMs: 4 * LAP_MS, turnMs: 0, laps: 4, leftMs: stintMs },
    ]);
    expect(view(state).rows['1'].driverLeftMs).toBe(stintMs - 2 * LAP_MS);
  });

  it('counts the dry compounds that are still to be used; wet tyres end the duty', () => {
    const left = (...facts: RaceRecord[]) => {
      const state = fold(facts, { rules: 'f1' });
      return compoundsToUse(state, state.entries['1']);
    };
    expect(left()).toBeNull();
    expect(left(said('tyreSet', 'soft 1', 0))).toBe(1);
    expect(left(said('tyreSet', 'soft 1', 0), said('tyreSet', 'Hard 2', 12))).toBe(0);
    expect(left(said('tyreSet', 'intermediate 1', 0))).toBe(0);
  });
});
