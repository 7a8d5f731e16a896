import { describe, expect, it } from 'vitest';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import { ReadingMemory } from '#cloud/strategy/answers/reading.js';
import { ENGINE_VERSION } from '#cloud/strategy/answers/version.js';
import { stateHash } from '#cloud/strategy/state-hash.js';
import { notFinite } from '../../../helpers/made-race.js';
import { raceState } from '../helpers.js';

const race = { cars: 12, laps: 20, falloffMs: 50, noiseMs: 60, spreadMs: 40, fuelPerLapKg: 2 };
const CAR = { tankKg: 50, fuelPerLapKg: 2, pitLossMs: 30_000, tyreLifeLaps: 30 };
const ask = (state = raceState(race)) => quickAnswers({ state, trigger: 'lap 20/1' });

describe('quick answers', () => {
  it('answers for every entry, and plans for our own only', () => {
    const answered = ask();
    expect(Object.keys(answered.entries)).toHaveLength(12);
    expect(Object.keys(answered.own)).toEqual(['1']);
    expect(answered.own['1'].plan).not.toBeNull();
    expect(answered.entries['2'].pitWindow).not.toBeNull();
    expect(notFinite(answered)).toEqual([]);
  });

  it('carries where it came from, and is the same for the same', () => {
    const state = raceState(race);
    const before = JSON.stringify(state);
    const answered = ask(state);
    expect(answered.provenance).toEqual({
      stateHash: stateHash(state),
      seed: 7,
      runs: 0,
      engineVersion: ENGINE_VERSION,
      trigger: 'lap 20/1',
    });
    expect(JSON.stringify(ask(JSON.parse(before)))).toBe(JSON.stringify(answered));
    expect(JSON.stringify(state)).toBe(before);
  });

  it('is the same with and without the memory of earlier questions', () => {
    const memory = new ReadingMemory();
    const told: string[] = [];
    for (const laps of [5, 12, 20]) {
      const state = raceState({ ...race, laps });
      told.push(JSON.stringify(quickAnswers({ state, trigger: 'lap', memory })));
      expect(told.at(-1)).toBe(JSON.stringify(quickAnswers({ state, trigger: 'lap' })));
    }
    expect(new Set(told).size).toBe(3);
  });

  it('hashes what it reads and nothing else', () => {
    const state = raceState(race);
    const hash = stateHash(state);
    state.health['car-1'] = {
      atMs: 1,
      heardMs: 1,
      link: 'up',
      unsent: 1,
      unacked: 1,
      bootCount: 1,
      oldestMs: 0,
      dropped: 0,
      reconnects: 0,
      rttMs: null,
      clock: null,
    };
    expect(stateHash(state)).toBe(hash);
    state.entries['3'].laps[4].lapTimeMs! += 1;
    expect(stateHash(state)).not.toBe(hash);
  });

  it('puts a stopping car behind those who pass it meanwhile', () => {
    const state = raceState({ cars: 12, laps: 20, spreadMs: 0, falloffMs: 0 });
    // 30 s lost of a 30 s lap, and the field is within 1.2 s: last of all who are on the lead lap.
    expect(ask(state).entries['1'].rejoin).toMatchObject({ position: 12, aheadEntry: '12' });
    expect(ask(state).entries['1'].rejoin!.gapAheadMs).toBeGreaterThan(27_000);
  });

  it('puts a car that is coming out of the pits where it is, though the field was slow and the stop seems over', () => {
    const state = raceState({ cars: 12, laps: 20, spreadMs: 0, falloffMs: 0 }, { car: { ...CAR, pitLossMs: 5_000 } });
    const { laps } = state.entries['12'];
    laps.pop();
    laps[18].inLap = true;
    laps[18].lapTimeMs! += 6_000;
    for (let entry = 1; entry < 12; entry++) {
      const last = state.entries[entry].laps[19];
      Object.assign(last, { flag: 'yellow', atMs: last.atMs + 10_000, lapTimeMs: last.lapTimeMs! + 10_000 });
    }
    state.lastEventMs = state.entries['11'].laps[19].atMs;
    expect(ask(state).entries['12'].rejoin!.position).toBeGreaterThanOrEqual(10);
  });

  it('is empty, not wrong, before the first lap', () => {
    const answered = ask(raceState({ cars: 3, laps: 0 }));
    expect(answered.entries['1']).toMatchObject({ paceMs: null, pitWindow: null, rejoin: null });
    expect(answered.own['1']).toMatchObject({ window: null, pitNow: null, falloff: null, pace: null, plan: null });
    expect(notFinite(answered)).toEqual([]);
  });

  it('stays finite on a session that knows nothing of the car', () => {
    const car = { tankKg: 0, fuelPerLapKg: 0, pitLossMs: 0, tyreLifeLaps: 0 };
    expect(notFinite(ask(raceState(race, { car })))).toEqual([]);
    expect(notFinite(ask(raceState({ ...race, yellow: [18, 20] }, { car, lapsTotal: 0 })))).toEqual([]);
  });

  it('gives no pit window to a car that is out', () => {
    const state = raceState(race);
    state.entries['1'].status = 'retired';
    expect(ask(state).entries['1']).toMatchObject({ fuelLapsLeft: null, pitWindow: null, rejoin: null });
    expect(ask(state).own['1']).toMatchObject({ fuel: null, window: null, pitNow: null, plan: null });
  });
});
