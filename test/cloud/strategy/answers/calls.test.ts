import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { addCall, isOpenCall, transition } from '#cloud/race/calls.js';
import { createRaceState } from '#cloud/race/create.js';
import type { CallState, RaceState } from '#cloud/race/types.js';
import { proposeCalls } from '#cloud/strategy/answers/calls.js';
import type { Forecast, ForecastPlan } from '#cloud/strategy/answers/forecast-types.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import { ReadingMemory } from '#cloud/strategy/answers/reading.js';
import { type MadeRace, makeRace } from '../../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen } from '../../../helpers/race-records.js';
import { raceState } from '../helpers.js';

/** Runs a race with the strategy asked at every flag and every lap of our cars. */
function play(race: MadeRace, more: { lapsTotal?: number; onCall?: (state: RaceState, call: CallState) => void } = {}) {
  const roster = Array.from({ length: race.cars }, (_, i) => rosterEntry(String(i + 1), { own: i < 2 }));
  const state = createRaceState(sessionOpen({ roster, lapsTotal: more.lapsTotal ?? 60 }));
  const calls: CallState[] = [];
  const memory = new ReadingMemory();
  let openMost = 0;
  for (const record of makeRace(race)) {
    const laps = applyRecord(state, record).filter(
      (trigger) => trigger.type === 'flag' || (trigger.type === 'lap' && Number(trigger.entry) <= 2),
    );
    if (laps.length === 0) continue;
    for (const call of proposeCalls(state, quickAnswers({ state, trigger: laps[0].type, memory }))) {
      addCall(state, call);
      calls.push(call);
      more.onCall?.(state, call);
    }
    const open = Object.values(state.calls).filter((call) => isOpenCall(call) && call.call.entry === '1');
    openMost = Math.max(openMost, open.length);
  }
  return { state, calls, openMost };
}

const race: MadeRace = { cars: 8, laps: 28, falloffMs: 50, noiseMs: 60, spreadMs: 40, fuelPerLapKg: 2 };

describe('pit calls', () => {
  it('come for own entries only, one open at a time, few, before the fuel is out', () => {
    const { calls, openMost } = play(race);
    expect(new Set(calls.map(({ call }) => call.entry))).toEqual(new Set(['1', '2']));
    expect(openMost).toBe(1);
    const own = calls.filter(({ call }) => call.entry === '1');
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThan(6);
    // 50 kg at 2 kg a lap.
    expect(own[0].call.lapTo).toBeLessThanOrEqual(25);
    expect(own.map(({ call }) => call.callId)).toEqual(own.map((_, i) => `test-race-1-${i + 1}`));
  });

  it('say what, when, why and how long they hold', () => {
    const [first] = play(race).calls;
    expect(first.history[0]).toMatchObject({ status: 'proposed', by: 'strategy' });
    expect(first.call.text).toMatch(/^Pit on lap \d+(, at the latest \d+)?: (4|no) tyres, \d+\.\d kg\.$/);
    expect(first.reasons).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Fuel lasts \d+\.\d laps \(\d+\.\d–\d+\.\d\), \d+\.\d short of the end\.$/),
        expect.stringMatching(/^Window laps \d+–\d+, \d stops? to go\.$/),
        expect.stringMatching(
          /^Tyres cost \d\.\d\d s a lap after \d+ laps \(0\.0\d\d s per lap of age\), \d+\.\d s so far\.$/,
        ),
        expect.stringMatching(/^Stopping now: rejoin P\d+/),
        expect.stringMatching(
          /^A stop on lap \d+ rather than on lap \d+ gains -?\d+\.\d s on average \(8 in 10: -?\d+\.\d to -?\d+\.\d\)\.$/,
        ),
      ]),
    );
    expect(first.call.expiresAtMs).toBeGreaterThan(first.history[0].atMs);
    expect(first.gainLowMs).toBeLessThanOrEqual(first.expectedGainMs);
    expect(first.gainHighMs).toBeGreaterThanOrEqual(first.expectedGainMs);
    expect(first.call.service.fuelKg).toBeLessThanOrEqual(50);
    expect(first.answer.runs).toBe(0);
    expect(first.expected?.lossMs).toBe(30_000);
  });

  it('are the same in every run', () => {
    expect(play(race).calls).toEqual(play(race).calls);
  });

  it('take a caution inside the window, at once', () => {
    const { calls } = play({ ...race, yellow: [15, 18] });
    const yellow = calls.find(({ call, reasons }) => call.entry === '1' && reasons[0].startsWith('Yellow'));
    expect(yellow?.call.lapFrom).toBeLessThanOrEqual(16);
    expect(yellow?.expectedGainMs).toBeGreaterThan(0);
  });

  it('are left alone once accepted, and end as done with the stop', () => {
    const stopped = { ...race, laps: 40, stopLaps: (car: number) => (car === 1 ? [24] : []) };
    const { state, calls } = play(stopped, {
      onCall: (now, call) => transition(now, call.call.callId, 'accepted', 'Kim', call.history[0].atMs),
    });
    const done = calls.filter(({ call }) => state.calls[call.callId]?.status === 'done');
    expect(done.map(({ call }) => call.entry)).toEqual(['1']);
    expect(done[0].call.lapFrom).toBeLessThanOrEqual(24);
    expect(done[0].call.lapTo).toBeGreaterThanOrEqual(24);
  });

  it('are not repeated on the laps for which a person rejected one', () => {
    const { calls } = play(race, {
      onCall: (now, call) => transition(now, call.call.callId, 'rejected', 'Kim', call.history[0].atMs),
    });
    const own = calls.filter(({ call }) => call.entry === '1');
    for (let i = 1; i < own.length; i++) expect(own[i].call.lapFrom).toBeGreaterThan(own[i - 1].call.lapTo);
    expect(own.length).toBeGreaterThan(1);
  });
});

describe('pit calls on a forecast', () => {
  const session = { lapsTotal: 60 };
  const state = raceState({ ...race, laps: 20 }, session);
  state.calls = {};
  const answers = quickAnswers({ state, trigger: 'lap' });
  const band = (mean: number) => ({ low: mean - 1, mean, high: mean + 1 });
  const plan: ForecastPlan = {
    lap: 22,
    versusLap: 24,
    service: 'twoTyres',
    gainPlaces: band(1.4),
    gainMs: band(2_000),
    win: { plan: 0.2, versus: 0.1 },
    top10: { plan: 1, versus: 1 },
    opportunity: false,
  };
  const told = (more: Partial<ForecastPlan> = {}, at: Partial<Forecast> = {}): Forecast => {
    const { provenance } = answers;
    const known = answers.race.known;
    const own = {
      entry: '1',
      known,
      pitNow: [],
      stayOrPit: null,
      window: [],
      plan: { ...plan, ...more },
      restart: null,
    };
    return {
      v: 1,
      lap: state.lap,
      atMs: state.lastEventMs,
      known,
      finish: {},
      own: { '1': own },
      provenance: { ...provenance, runs: 40, baseRuns: 200, optionRuns: 40 },
      ...at,
    };
  };
  const propose = (forecast: Forecast | null) => proposeCalls(state, answers, forecast)[0];

  it('rest on it while it is fresh: lap, tyres, places and the races simulated', () => {
    const call = propose(told());
    expect(call.call).toMatchObject({ lapFrom: 22, lapTo: 24, service: { tyres: 2 } });
    expect(call.gainPlaces).toEqual(band(1.4));
    expect(call.answer.runs).toBe(40);
    expect(call.answer).not.toHaveProperty('baseRuns');
    expect(call.reasons).toContain(
      'In 40 simulated races it gains +1.4 places (8 in 10: 0 to +2); win 20 % against 10 %.',
    );
    expect(call.reasons).toContain(
      'A stop on lap 22 rather than on lap 24 gains 2.0 s on average (8 in 10: 2.0 to 2.0).',
    );
  });

  it('rest on the quick models before it, and when it is old or of another flag', () => {
    for (const forecast of [null, told({}, { lap: state.lap - 3 }), told({}, { atMs: START_MS - 1 })]) {
      const call = propose(forecast);
      expect(call.answer.runs).toBe(0);
      expect(call.gainPlaces).toBeUndefined();
    }
  });

  it('wait where they gain nothing, until the window closes', () => {
    const long = structuredClone(answers);
    long.own['1'].window!.closeLap = 40;
    expect(proposeCalls(state, long, told({ gainPlaces: band(-0.2) }))).toEqual([]);
    long.own['1'].window!.closeLap = 23;
    expect(proposeCalls(state, long, told({ gainPlaces: band(-0.2) }))).toHaveLength(1);
  });

  it('are not made under a caution where simulated races lose places by them', () => {
    const cheap = structuredClone(answers);
    Object.assign(cheap.own['1'].plan!, { opportunity: true, lap: 21, gainMs: band(9_000) });
    expect(proposeCalls(state, cheap, null)).toHaveLength(1);
    const forecast = told();
    const odds = { finish: band(4), win: 0, top5: 1, top10: 1, trapped: 0 };
    const pit = { ...odds, service: 'fourTyres' as const };
    const stayOrPit = { stay: odds, pit, gainPlaces: band(-2), gainMs: band(-100) };
    forecast.own['1'] = { ...forecast.own['1'], plan: null, stayOrPit };
    expect(proposeCalls(state, cheap, forecast)).toEqual([]);
  });

  it('leave the last word on the laps to the fuel', () => {
    expect(propose(told({ lap: 40 })).answer.runs).toBe(0);
  });

  it('are not made for a car that needs no stop, unless it wins places under a caution', () => {
    const enough = structuredClone(answers);
    enough.own['1'].window = null;
    enough.own['1'].plan = null;
    expect(proposeCalls(state, enough, told())).toEqual([]);
    expect(proposeCalls(state, enough, told({ opportunity: true, lap: 21, gainPlaces: band(0.2) }))).toEqual([]);
    expect(proposeCalls(state, enough, told({ opportunity: true, lap: 21, versusLap: null }))).toHaveLength(1);
  });

  it('come once a lap at most, however the figures breathe', () => {
    const breathing = structuredClone(state);
    const ids: string[] = [];
    for (const lap of [22, 21, 23, 22, 21]) {
      for (const call of proposeCalls(breathing, answers, told({ lap, service: lap % 2 ? 'twoTyres' : 'fourTyres' }))) {
        addCall(breathing, call);
        ids.push(call.call.callId);
      }
    }
    expect(ids).toHaveLength(1);
  });
});
