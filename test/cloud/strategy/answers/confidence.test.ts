/** What goes wrong with data lowers the confidence, says why, and is over when it is over. No answer is ever a NaN. */
import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import type { RaceState } from '#cloud/race/types.js';
import { forecast } from '#cloud/strategy/answers/forecast.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import type { Known } from '#cloud/strategy/answers/types.js';
import type { PassingMessage } from '#wire/messages.js';
import type { RaceRecord, SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { makeRace, notFinite } from '../../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen } from '../../../helpers/race-records.js';

const CARS = 6;
const LAPS = 24;
const LAP_MS = 30_000;
const session = sessionOpen({
  lapsTotal: 40,
  rules: 'nascar',
  roster: Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1), { own: i === 0 })),
});
const made = (): RaceRecord[] => makeRace({ cars: CARS, laps: LAPS, noiseMs: 60, falloffMs: 20 });

function fold(records: readonly RaceRecord[], open: SessionOpen = session): RaceState {
  const state = createRaceState(open);
  for (const record of records) applyRecord(state, record);
  return state;
}

/** Of our car's pace, when its lap `lap` is the newest and everything until then was told. */
function paceKnown(records: readonly RaceRecord[], lap: number): Known {
  const until = START_MS + (lap + 0.7) * (LAP_MS + 500);
  const state = fold(records.filter((record) => !('eventTimeMs' in record) || record.eventTimeMs <= until));
  return quickAnswers({ state, trigger: 'test' }).own['1'].pace!.known;
}

const isOurLap = (record: RaceRecord, lap: number): record is PassingMessage =>
  record.kind === 'timing' && record.type === 'passing' && record.number === '1' && record.lap === lap;

describe('confidence', () => {
  it('is full when nothing is wrong', () => {
    expect(paceKnown(made(), 15)).toMatchObject({ source: 'timing', confidence: 0.95, why: [] });
  });

  it('grows with the laps seen', () => {
    const early = paceKnown(made(), 3);
    expect(early.why[0]).toMatch(/^only [0-3] clean laps? so far$/);
    expect(early.confidence).toBeLessThan(0.7);
    expect(paceKnown(made(), 5).confidence).toBeGreaterThan(early.confidence);
  });

  it('falls with laps that are missing, and recovers when they are long ago', () => {
    const records = made().filter((record) => ![11, 12].some((lap) => isOurLap(record, lap)));
    expect(paceKnown(records, 14).why).toContain('2 laps missing of the last 12');
    expect(paceKnown(records, 14).confidence).toBeLessThan(0.95);
    expect(paceKnown(records, 23)).toMatchObject({ confidence: 0.95, why: [] });
  });

  it.each([0, 9_999_000])('does not believe a lap of %d ms, and forgets it', (lapTimeMs) => {
    const records = made().map((record) => (isOurLap(record, 10) ? { ...record, lapTimeMs } : record));
    const { why, confidence } = paceKnown(records, 12);
    expect(confidence).toBeLessThan(0.95);
    expect(why.join()).toMatch(/lap 10 (of 9999\.0 s|of 0\.0 s|without a time) is not believed/);
    expect(paceKnown(records, 22).why).toEqual([]);
  });

  it('falls with a correction back in time, and recovers', () => {
    const records = made();
    const first = records.find((record) => isOurLap(record, 10)) as PassingMessage;
    const at = records.findIndex((record) => isOurLap(record, 12));
    const newest = Math.max(...records.map((record) => ('seq' in record ? record.seq : 0)));
    records.splice(at + 1, 0, { ...first, seq: newest + 1, prev: newest, lapTimeMs: first.lapTimeMs! + 200 });
    expect(paceKnown(records, 12).why).toEqual(['lap 10 was corrected']);
    expect(paceKnown(records, 17).why).toEqual([]);
  });

  it('falls when the car has vanished, and recovers when it is back', () => {
    const gone = made().filter((record) => ![13, 14, 15, 16, 17, 18, 19, 20].some((lap) => isOurLap(record, lap)));
    expect(paceKnown(gone, 20).why.join()).toMatch(/the car has not been seen for \d+ s/);
    const back = paceKnown(gone, 23);
    expect(back.why.join()).not.toMatch(/seen/);
    expect(back.confidence).toBeGreaterThan(paceKnown(gone, 20).confidence);
  });

  it('falls when two entries carry one number', () => {
    const roster = session.roster.map((entry) => (entry.entry === '4' ? { ...entry, number: '1' } : entry));
    const state = fold(made(), { ...session, roster });
    const { known } = quickAnswers({ state, trigger: 'test' }).own['1'].pace!;
    expect(known.why).toEqual(['entry 4 carries number 1 too']);
  });

  it('falls with a red flag and a changed distance, of every group', () => {
    const state = fold(made());
    applyRecord(state, { ...session, inputId: 'open-2', eventTimeMs: state.lastEventMs, lapsTotal: 30 });
    state.flag = 'red';
    const { race, own } = quickAnswers({ state, trigger: 'test' });
    for (const { why } of [race.known, own['1'].fuel!.known, own['1'].window?.known ?? race.known]) {
      expect(why.join()).toMatch(/red flag/);
      expect(why.join()).toMatch(/the session was changed on lap \d+/);
    }
    expect(race.lapsTotal).toBe(30);
  });

  it('falls further the longer timing is silent', () => {
    const state = fold(made());
    const confidence = (silentMs: number) => {
      state.timing = { atMs: state.lastEventMs - silentMs, silentSinceMs: state.lastEventMs - silentMs };
      return quickAnswers({ state, trigger: 'test' }).own['1'].pace!.known;
    };
    expect(confidence(30_000).why[0]).toBe('timing has been silent for 30 s');
    expect(confidence(300_000).confidence).toBeLessThan(confidence(30_000).confidence);
    expect(confidence(300_000).confidence).toBeLessThan(0.05);
    state.timing = { atMs: state.lastEventMs, silentSinceMs: null };
    expect(quickAnswers({ state, trigger: 'test' }).own['1'].pace!.known.confidence).toBe(0.95);
  });
});

/** Damages a state as no feed would, and as feeds do. */
function spoil(state: RaceState, random: () => number): void {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)];
  const entries = Object.values(state.entries);
  for (let times = 0; times < 12; times++) {
    const entry = pick(entries);
    const lap = pick(entry.laps);
    const act = pick<() => void>([
      () => entry.laps.splice(Math.floor(random() * entry.laps.length), 1 + Math.floor(random() * 5)),
      () => entry.laps.splice(0),
      () => Object.assign(lap ?? {}, { lapTimeMs: pick([0, null, 9_999_000, 1, -5]) }),
      () => Object.assign(lap ?? {}, { atMs: state.lastEventMs - 1_000_000 * random() }),
      () =>
        Object.assign(lap ?? {}, { position: pick([null, 0, 99]), flag: pick(['red', 'none', 'virtual'] as const) }),
      () => Object.assign(entry, { status: pick(['retired', 'pit', 'grid', 'running'] as const) }),
      () => Object.assign(entry, { tyresFromLap: 500, stintFromLap: 500 }),
      () => Object.assign(state.session, { lapsTotal: pick([null, 0, 3, 24, 10_000]) }),
      () => Object.assign(state.session.car, { tankKg: 0, fuelPerLapKg: 0, pitLossMs: 0 }),
      () => Object.assign(state, { flag: pick(['red', 'yellow', 'virtual', 'checkered', 'none'] as const) }),
      () => Object.assign(state, { greenAtMs: null }),
      () => state.order.reverse(),
    ]);
    act();
  }
}

describe('whatever the state', () => {
  it.each([11, 12, 13, 14, 15, 16, 17, 18])('no answer is a NaN (seed %d)', async (seed) => {
    const random = seededRandom(seed);
    const records = makeRace({
      cars: CARS,
      laps: 16,
      seed,
      noiseMs: 90,
      stopLaps: (car) => [6 + car],
      yellow: [12, 14],
      fuelPerLapKg: seed % 2 ? 2 : undefined,
    });
    const state = fold(records, structuredClone(session));
    spoil(state, random);
    const answers = quickAnswers({ state, trigger: 'test' });
    expect(notFinite(answers)).toEqual([]);
    const told = await forecast({ state, trigger: 'test', runs: { base: 8, option: 4 } });
    expect(notFinite(told)).toEqual([]);
    for (const known of knowns(answers)) {
      expect(known.confidence).toBeGreaterThanOrEqual(0);
      expect(known.confidence).toBeLessThanOrEqual(1);
      expect(known.confidence < 0.5 ? known.why.length : 1).toBeGreaterThan(0);
    }
  });
});

function knowns(value: unknown): Known[] {
  if (value === null || typeof value !== 'object') return [];
  const here = 'confidence' in value ? [value as Known] : [];
  return [...here, ...Object.values(value).flatMap(knowns)];
}
