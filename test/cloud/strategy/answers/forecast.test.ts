import { describe, expect, it } from 'vitest';
import type { PersonFact } from '#cloud/race/types.js';
import { drawHere, forecast } from '#cloud/strategy/answers/forecast.js';
import { forecastStart } from '#cloud/strategy/answers/forecast-start.js';
import { ReadingMemory, read } from '#cloud/strategy/answers/reading.js';
import { ENGINE_VERSION } from '#cloud/strategy/answers/version.js';
import { NO_LIMIT, NONE, type Outcome } from '#cloud/strategy/monte-carlo/types.js';
import { stateHash } from '#cloud/strategy/state-hash.js';
import type { SessionOpen } from '#wire/race-records.js';
import { notFinite } from '../../../helpers/made-race.js';
import { raceState } from '../helpers.js';

const race = { cars: 10, laps: 16, falloffMs: 30, noiseMs: 60, spreadMs: 60, fuelPerLapKg: 2 };
const session = { lapsTotal: 40, series: 'nascar', rules: 'nascar' } as const;
const runs = { base: 40, option: 20 };
const ask = (state = raceState(race, session)) => forecast({ state, trigger: 'lap 16/1', runs });

describe('a forecast', () => {
  it('is a pure function of what it carries', async () => {
    const state = raceState(race, session);
    const before = JSON.stringify(state);
    const told = (await ask(state))!;
    expect(told.provenance).toEqual({
      stateHash: stateHash(state),
      seed: 7,
      runs: 20,
      engineVersion: ENGINE_VERSION,
      trigger: 'lap 16/1',
      baseRuns: 40,
      optionRuns: 20,
    });
    expect(JSON.stringify(state)).toBe(before);
    const memory = new ReadingMemory();
    await forecast({ state: raceState({ ...race, laps: 9 }, session), trigger: 'lap', runs, memory });
    expect(await forecast({ state: JSON.parse(before), trigger: 'lap 16/1', runs, memory })).toEqual(told);
    expect(notFinite(told)).toEqual([]);
  });

  it('gives everybody chances that add up', async () => {
    const { finish } = (await ask())!;
    expect(Object.keys(finish)).toHaveLength(10);
    const sum = (of: 'win' | 'top5') => Object.values(finish).reduce((all, odds) => all + odds[of], 0);
    expect(sum('win')).toBeCloseTo(1, 6);
    expect(sum('top5')).toBeCloseTo(5, 6);
    for (const odds of Object.values(finish)) {
      expect(odds.top10).toBeGreaterThanOrEqual(odds.top5);
      expect(odds.finish.low).toBeLessThanOrEqual(odds.finish.mean);
      expect(odds.finish.high).toBeGreaterThanOrEqual(odds.finish.mean);
    }
    // The fastest car leads.
    expect(finish['1'].win).toBeGreaterThan(finish['9'].win);
  });

  it('compares every service and caution for our own car, and the laps of its window', async () => {
    const { own } = (await ask())!;
    expect(Object.keys(own)).toEqual(['1']);
    const { pitNow, window, stayOrPit, plan } = own['1'];
    expect(pitNow).toHaveLength(16);
    expect(new Set(pitNow.map(({ caution }) => caution))).toEqual(new Set(['drawn', 0, 5, 10]));
    const now = (service: string) => pitNow.find((one) => one.service === service && one.caution === 'drawn')!;
    // Two tyres take less time than four.
    expect(now('twoTyres').rejoin!.position.mean).toBeLessThanOrEqual(now('fourTyres').rejoin!.position.mean);
    expect(window[0]).toMatchObject({ lap: 17, gainPlaces: { mean: 0 }, gainMs: { mean: 0 } });
    expect(window.length).toBeGreaterThan(2);
    expect(stayOrPit!.pit.trapped).toBeGreaterThanOrEqual(0);
    expect(plan!.lap).toBeLessThanOrEqual(window.at(-1)!.lap);
    expect(plan!.opportunity).toBe(false);
  });

  it('tells the runs reached when it is interrupted, and is less sure', async () => {
    let asked = 0;
    const interrupted = drawHere(() => ++asked > 30);
    const told = (await forecast({ state: raceState(race, session), trigger: 'x', runs }, interrupted))!;
    expect(told.provenance.baseRuns).toBe(30);
    expect(told.provenance.optionRuns).toBe(0);
    expect(told.own).toEqual({});
    expect(told.known.why).toEqual(['interrupted after 30 of 40 simulated races']);
    expect(
      await forecast(
        { state: raceState(race, session), trigger: 'x', runs },
        drawHere(() => true),
      ),
    ).toBeNull();
  });

  it('makes no plan for a car that needs no stop, under green', async () => {
    const { own } = (await ask(raceState({ ...race, falloffMs: 0 }, { ...session, lapsTotal: 22 })))!;
    expect(own['1'].plan).toBeNull();
  });

  it('counts the penalties that are owed', async () => {
    const state = raceState(race, { ...session, lapsTotal: 18 });
    const before = (await ask(state))!.finish['1'];
    const fact: PersonFact = { type: 'penalty', lap: 16, value: 5, atMs: 0, author: 'Kim', inputId: 'p-1' };
    state.entries['1'].facts = [fact];
    expect((await ask(state))!.finish['1'].finish.mean).toBeGreaterThan(before.finish.mean + 3);
    fact.value = 'driveThrough';
    expect((await ask(state))!.finish['1'].finish.mean).toBeGreaterThan(before.finish.mean + 3);
    fact.value = 'served';
    expect((await ask(state))!.finish['1']).toEqual(before);
  });

  it('is of a race that laps and the clock may end, with the lap that the rules add to time', () => {
    const startWith = (over: Partial<SessionOpen>) =>
      forecastStart(read(raceState(race, { lapsTotal: 40, series: 'f1', rules: 'f1', ...over })));
    const timed = startWith({ durationMs: 600_000 });
    expect([timed.lapsTotal, timed.durationS, timed.lapsAfter]).toEqual([40, 600, 1]);
    const [drawn] = drawHere()(timed, [{ car: NONE, stops: 'asUsual', caution: 'none' }], {
      runs: 5,
      seed: 1,
    }) as Outcome[];
    // Laps of 30.5 s: time runs out on lap 20.
    expect(Math.max(...drawn.lapsDone)).toBe(21);
    expect([startWith({}).durationS, startWith({}).lapsAfter]).toEqual([NO_LIMIT, 0]);
  });

  it('has nothing to say of a race that has not begun', async () => {
    expect(await ask(raceState({ ...race, laps: 0 }, session))).toBeNull();
  });
});

describe('a forecast under caution', () => {
  it('weighs a stop under it against staying out, when pit road is open', async () => {
    const state = raceState({ ...race, yellow: [16, 30] }, session);
    state.flags = state.flags.slice(0, 2);
    state.flag = 'yellow';
    const { own } = (await ask(state))!;
    const { pitNow, plan, restart, window, stayOrPit } = own['1'];
    // The leader has done a lap under yellow since it came out on lap 15.
    expect(state.flags[1]).toMatchObject({ flag: 'yellow', lap: 15 });
    expect(window[0].lap).toBe(17);
    expect(pitNow.map(({ caution }) => caution)).toEqual(['drawn', 'drawn', 'drawn', 'drawn']);
    // Null where it wins no places beyond their noise.
    if (plan !== null) expect(plan).toMatchObject({ lap: 17, versusLap: null, opportunity: true });
    expect(stayOrPit!.gainPlaces.low).toBeLessThanOrEqual(stayOrPit!.gainPlaces.high);
    expect(restart!.stay.mean).toBeLessThanOrEqual(restart!.pit.mean);

    state.flags[1].lap = 16;
    expect((await ask(state))!.own['1'].window[0].lap).toBe(18);
  });
});
