/** Each group of the screen on a race whose figures are worked out by hand. */
import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import type { RaceState } from '#cloud/race/types.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import type { Answers, OwnAnswer } from '#cloud/strategy/answers/types.js';
import type { FactType, SessionOpen } from '#wire/race-records.js';
import { type MadeRace, makeRace } from '../../../helpers/made-race.js';
import { RACE, rosterEntry, START_MS, sessionOpen } from '../../../helpers/race-records.js';
import { raceState } from '../helpers.js';

const CAR = { tankKg: 50, fuelPerLapKg: 2, pitLossMs: 30_000, tyreLifeLaps: 0 };
const ask = (state: RaceState): Answers => quickAnswers({ state, trigger: 'test' });
const own = (state: RaceState): OwnAnswer => ask(state).own['1'];
/**
 * Cars of 30.0 s, 30.5 s, 31.0 s, …, without noise or wear, 0.1 s apart at the start; car 1 is ours, and the moment is when it
 * completes the lap.
 */
function even(lap: number, session: Partial<SessionOpen> = {}, more: Partial<MadeRace> = {}): RaceState {
  const roster = Array.from({ length: 6 }, (_, i) => rosterEntry(String(i + 1), { own: i === 0 }));
  const state = createRaceState(sessionOpen({ roster, car: CAR, ...session }));
  for (const record of makeRace({ cars: 6, laps: lap, spreadMs: 500, ...more })) {
    applyRecord(state, record);
    if ((state.entries['1'].laps.at(-1)?.lap ?? 0) >= lap) break;
  }
  return state;
}

let inputs = 0;
function say(state: RaceState, type: FactType, value: string | number, lap: number | null = null, entry = '1'): void {
  inputs++;
  const eventTimeMs = state.lastEventMs + inputs;
  const input = { v: 1, kind: 'fact', race: RACE, author: 'Kim', inputId: `fact-${inputs}`, eventTimeMs } as const;
  applyRecord(state, { ...input, type, value, lap, entry });
}

describe('group 1, the race', () => {
  it('counts laps to go, to the stage end and since the restart', () => {
    const session: Partial<SessionOpen> = { rules: 'nascar', stageEnds: [15, 30] };
    const { race } = ask(even(12, session, { yellow: [6, 8] }));
    expect(race).toMatchObject({ lap: 12, lapsTotal: 60, lapsToGo: 48, flag: 'green', cautions: 1, leader: '1' });
    expect(race.stage).toEqual({ stage: 1, of: 3, endLap: 15, lapsToEnd: 3 });
    // Green again when the leader had completed lap 8.
    expect(race.lapsSinceRestart).toBe(4);
    expect(race.known).toMatchObject({ source: 'timing', confidence: 1, why: [] });
  });

  it('knows no restart under yellow, and says that red is red', () => {
    const state = even(12, {}, { yellow: [11, 20] });
    state.flag = 'yellow';
    expect(ask(state).race.lapsSinceRestart).toBeNull();
    state.flag = 'red';
    expect(ask(state).race.known).toMatchObject({ confidence: 0.6, why: [expect.stringContaining('red flag')] });
  });
});

describe('group 2, fuel', () => {
  it('says laps left, what to add, and what saving would reach the end', () => {
    // 20 laps of 2 kg burnt of 50 kg: 5 laps left, 3 to go in one race, 7 in another.
    const short = own(even(18, { lapsTotal: 26 }, { fuelPerLapKg: 2 })).fuel!;
    expect(short.lapsLeft.mean).toBeCloseTo(7, 0);
    expect(short.toFinish.laps).toBe(8);
    expect(short.toFinish.over.mean).toBeCloseTo(-1, 0);
    const share = 1 - short.lapsLeft.low / 8;
    expect(short.toFinish.saving).toEqual({ percent: 100 * share, kgPerLap: share * short.perLapKg.mean });
    expect(short.toFinish.chance).toBeLessThan(0.1);
    expect(short.stopsNeeded).toBe(1);
    // 8 laps at the dear end of the rate, what is surely there taken off.
    expect(short.toAddKg).toBeCloseTo(8 * short.perLapKg.high - short.leftKg.low, 6);
    expect(short.known).toMatchObject({ source: 'car', confidence: 0.95 });

    const enough = own(even(18, { lapsTotal: 22 }, { fuelPerLapKg: 2 })).fuel!;
    expect(enough).toMatchObject({ stopsNeeded: 0, toAddKg: 0, toFinish: { laps: 4, saving: null } });
    expect(enough.toFinish.chance).toBeGreaterThan(0.99);
  });

  it('reaches a stage end, and is less sure without telemetry', () => {
    const { fuel } = own(even(10, { rules: 'nascar', stageEnds: [20] }));
    expect(fuel!.toStageEnd).toMatchObject({ laps: 10, saving: null });
    expect(fuel!.known.source).toBe('session');
    expect(fuel!.known.why).toContain('no telemetry from the car: fuel is counted by laps');
  });
});

describe('group 3, the pit window', () => {
  it('has a curve that is nought at its best lap and less elsewhere', () => {
    const { window } = own(even(10, { lapsTotal: 45 }, { falloffMs: 40 }));
    expect(window).toMatchObject({ closeLap: 23, stopsToGo: 1, demand: null });
    // Fuel for 15 laps, 13.9 at the cautious end; a tank for 23.5 of them, so that from lap 22 on one stop reaches lap 45.
    expect(window!.openLap).toBe(22);
    for (const { lap, gainMs } of window!.gain) {
      expect(lap === window!.bestLap ? gainMs === 0 : gainMs < 0).toBe(true);
    }
    expect(window!.known.why).toContain('no stop under green seen so far');
  });

  it('opens for a compound that the rules ask for, though fuel and tyres do not', () => {
    const state = even(10, { rules: 'f1', series: 'f1', lapsTotal: 20, car: { ...CAR, tankKg: 110 } });
    expect(own(state).window).toBeNull();
    say(state, 'tyreSet', 'medium 1', 0);
    const { window } = own(state);
    expect(window).toMatchObject({ openLap: 11, closeLap: 19, demand: { byLap: 19 } });
    expect(window!.demand!.reason).toBe('one more compound to use');
  });

  it('closes when the driver must get out', () => {
    const state = even(10, { rules: 'endurance', lapsTotal: 4_000, car: { ...CAR, tankKg: 10_000 } });
    const { demand } = own(state).window!;
    // 4 h at the wheel, 5 min of them gone: 470 laps of 30 s.
    expect(demand!.byLap).toBeGreaterThan(470);
    expect(demand!.byLap).toBeLessThan(490);
    expect(demand!.reason).toBe('Driver 1 may drive 235 min more');
  });
});

describe('group 4, a stop now', () => {
  it('places the car among those who stay out, by service', () => {
    // Lap 20: car n is (n − 1) × 10 s back. 30 s lost: behind cars 2, 3 (20 s) and about level with 4 (30 s).
    const { pitNow } = own(even(20, { series: 'nascar' }));
    expect(pitNow!.lossMs.fourTyres).toBe(30_000);
    const { fourTyres, twoTyres, nothing } = pitNow!.rejoin;
    expect(fourTyres!.position).toBe(3);
    expect(fourTyres!.ahead).toMatchObject({ entry: '3', tyreAgeLaps: 22 });
    // After 22 laps car 3 is 22 s behind where car 1 would be: 8 s ahead of it.
    expect(fourTyres!.ahead!.gapMs).toBeGreaterThan(6_500);
    expect(fourTyres!.ahead!.gapMs).toBeLessThan(9_500);
    expect(fourTyres!.behind!.entry).toBe('4');
    expect(pitNow!.lossMs.twoTyres).toBeLessThan(30_000);
    expect(twoTyres!.ahead!.gapMs).toBeLessThan(fourTyres!.ahead!.gapMs);
    expect(pitNow!.lossMs.nothing).toBe(30_000 - 12_000);
    expect(nothing!.position).toBe(2);
  });

  it('is a lap down where the stop costs more than a lap', () => {
    const { pitNow } = own(even(20, { car: { ...CAR, pitLossMs: 45_000 } }));
    // After lap 22 car 2 leads, 11 s behind where we would be: 34 s, a lap of its 30.5 s and some.
    expect(pitNow!.rejoin.fourTyres).toMatchObject({ position: 5, lapsDown: 1 });
    const dear = own(even(20, { car: { ...CAR, pitLossMs: 80_000 } })).pitNow!;
    expect(dear.rejoin.fourTyres).toMatchObject({ position: 6, lapsDown: 2, behind: null });
  });

  it('offers tyres or nothing where nobody refuels', () => {
    const { pitNow } = own(even(20, { series: 'f1', rules: 'f1' }));
    expect(Object.keys(pitNow!.rejoin).sort()).toEqual(['fourTyres', 'nothing']);
  });
});

describe('group 6, everybody', () => {
  it('knows stops, tyres, fuel to the end and who stopped when', () => {
    const stopLaps = (car: number) => (car < 3 ? [14] : car < 5 ? [15, 18] : []);
    const { entries } = ask(even(20, { lapsTotal: 41 }, { stopLaps, spreadMs: 10 }));
    expect(entries['1']).toMatchObject({ lastStopLap: 14, stops: 1, tyreAgeLaps: 6, tyresTaken: 4, group: 2 });
    expect(entries['3']).toMatchObject({ lastStopLap: 18, stops: 2, group: 1 });
    expect(entries['5']).toMatchObject({ lastStopLap: null, tyresTaken: null, group: 3, fuelToEnd: false });
    // 21 laps to go: 25 on a tank, less 6; less 1 or 2.
    expect(entries['1'].fuelToEnd).toBe(false);
    expect(entries['3'].fuelToEnd).toBe(true);
  });

  it('names who would get a lap back', () => {
    const { entries } = ask(even(20, { rules: 'nascar' }, { spreadMs: 2_000 }));
    const free = Object.values(entries).filter(({ freePass }) => freePass);
    expect(free).toHaveLength(1);
  });
});

describe('group 7, fall-off', () => {
  it('finds the wear of the race, and sums it', () => {
    const stopLaps = (car: number) => (car === 1 ? [] : [6 + ((2 * car) % 20)]);
    const { falloff } = own(raceState({ cars: 20, laps: 24, falloffMs: 40, noiseMs: 40, spreadMs: 50, stopLaps }));
    expect(falloff!.tyreAgeLaps).toBe(24);
    // 40 ms a lap: 0.8 s after 20 laps.
    expect(falloff!.curve[20].mean).toBeGreaterThan(650);
    expect(falloff!.curve[20].mean).toBeLessThan(950);
    expect(falloff!.curve[20].low).toBeLessThan(800);
    expect(falloff!.curve[20].high).toBeGreaterThan(800);
    expect(falloff!.curve[0]).toEqual({ low: 0, mean: 0, high: 0 });
    const sum = falloff!.curve.slice(1, 25).reduce((ms, point) => ms + point.mean, 0);
    expect(falloff!.lostMs).toBeCloseTo(sum, 6);
    expect(falloff!.perLapMs.mean).toBeCloseTo(falloff!.curve[24].mean, 6);
  });

  it('compares with leader and neighbours since the later stop, and sees the undercut', () => {
    const state = raceState({ cars: 6, laps: 24, spreadMs: 40, falloffMs: 80, noiseMs: 10 }, { car: CAR });
    state.entries['3'].roster.own = true;
    const { rivals } = ask(state).own['3'].falloff!;
    expect(rivals.map(({ entry, as }) => `${entry} ${as}`)).toEqual(['2 ahead', '4 behind', '1 leader']);
    const [ahead, behind, leader] = rivals;
    // 40 ms a lap over laps 2 … 24.
    expect(ahead.sinceStopMs).toBeGreaterThan(23 * 40 - 300);
    expect(ahead.sinceStopMs).toBeLessThan(23 * 40 + 300);
    expect(leader.perLapMs).toBeGreaterThan(0);
    // About 1 s ahead, and new tyres win well over a second a lap.
    expect(ahead.undercut!.gainPerLapMs).toBeGreaterThan(800);
    expect(ahead.undercut!.crossoverLap).toBeLessThanOrEqual(27);
    expect(behind.undercut!.crossoverLap).toBeLessThanOrEqual(27);
  });
});

describe('group 8, pace', () => {
  it('averages clean laps, ranks them, and sees gaps close', () => {
    const state = raceState({ cars: 4, laps: 12, spreadMs: -100, baseMs: 30_000 }, { car: CAR });
    state.entries['2'].roster.own = true;
    const { pace } = ask(state).own['2'];
    expect(pace).toMatchObject({ lastMs: 29_900, mean5Ms: 29_900, mean10Ms: 29_900, rank: 3 });
    // Car n starts n × 0.1 s behind and is (n − 1) × 0.1 s a lap faster: the order has turned round, 0.1 s a lap apart.
    expect(pace!.ahead).toMatchObject({ entry: '3', gapMs: 11 * 100, msPerLap: 100, lapsToCatch: null });
    expect(pace!.behind).toMatchObject({ entry: '1', gapMs: 11 * 100, msPerLap: 100 });
  });

  it('counts the laps to catch whom we close in on', () => {
    const state = raceState({ cars: 2, laps: 8, spreadMs: 0 }, { car: CAR });
    // Our car is 4.0 s back and wins 0.5 s a lap.
    for (const lap of state.entries['2'].laps) lap.atMs += 7_900 - 500 * lap.lap;
    state.entries['2'].roster.own = true;
    const { ahead } = ask(state).own['2'].pace!;
    expect(ahead).toMatchObject({ entry: '1', gapMs: 4_000, msPerLap: -500, lapsToCatch: 8 });
  });
});

describe('group 9, cautions', () => {
  it('adds up to the window, and takes a stage end for certain', () => {
    const { cautions, own: mine } = ask(even(10, { lapsTotal: 45 }));
    const laps = mine['1'].window!.closeLap - 10;
    expect(cautions.beforeClose['1']).toBeCloseTo(1 - (1 - cautions.perLap) ** laps, 10);
    expect(cautions.restart['1']).toBeNull();
    const staged = ask(even(10, { lapsTotal: 45, rules: 'nascar', stageEnds: [15] }));
    expect(staged.cautions.beforeClose['1']).toBe(1);
  });

  it('says the place at the restart by choice under yellow', () => {
    const state = even(20, {}, { yellow: [19, 30], stopLaps: (car: number) => (car === 2 ? [19] : []) });
    state.flag = 'yellow';
    state.flags = state.flags.filter(({ flag, atMs }) => flag !== 'green' || atMs === START_MS);
    const { restart } = ask(state).cautions;
    // Nobody is ahead, so it keeps the lead; if it stops, all that stay out come by, and car 2 is back already.
    expect(restart['1']!.stay).toBe(1);
    expect(restart['1']!.pit).toBeGreaterThan(2);
    expect(restart['1']!.pit).toBeLessThanOrEqual(6);
  });
});

describe('group 10, pit road', () => {
  it('tells what stops have cost, ours and others', () => {
    const stopLaps = (car: number) => (car <= 4 ? [12] : []);
    const { pitRoad } = ask(even(20, {}, { stopLaps, stopLossMs: 33_000 }));
    expect(pitRoad.stopsSeen).toEqual({ green: 4, yellow: 0 });
    // Four stops of 33 s, and the session's 30 s counting as two.
    expect(pitRoad.green.mean).toBeCloseTo((4 * 33_000 + 2 * 30_000) / 6, 6);
    expect(pitRoad.stops['1']).toEqual({ count: 1, lostMs: 33_000, lastLaneMs: 40_000, lastBoxMs: 12_000 });
    expect(pitRoad.stops['5']).toBeUndefined();
    expect(pitRoad.known).toMatchObject({ source: 'timing', why: [] });
  });
});

describe('group 11, tyre sets and changes', () => {
  it('is people’s word, and says when nobody gave it', () => {
    const state = even(20, {}, { stopLaps: () => [12] });
    expect(own(state).tyreSets).toMatchObject({ used: [], left: null, changes: [], damage: null });
    expect(own(state).tyreSets.known.why).toEqual(['nobody told the tyre sets']);
    say(state, 'tyreSet', 'set 1 of 6', 0);
    say(state, 'tyreSet', 'set 3 of 6', 12);
    say(state, 'service', 'half a turn of wedge out', 12);
    say(state, 'damage', 'right front fender');
    const { tyreSets } = own(state);
    expect(tyreSets).toMatchObject({ used: ['set 1 of 6', 'set 3 of 6'], left: 4, damage: 'right front fender' });
    expect(tyreSets.changes).toEqual([{ lap: 12, text: 'half a turn of wedge out' }]);
    expect(tyreSets.known).toMatchObject({ source: 'people', why: [] });
    expect(tyreSets.driver).toEqual({ name: 'Driver 1', leftMs: null });
  });
});

describe('group 12, data health', () => {
  it('names the source of each fact and its age', () => {
    const state = even(10, {}, { stopLaps: () => [5] });
    state.health['car-1'] = {
      atMs: state.lastEventMs,
      heardMs: state.lastEventMs,
      link: 'down',
      unsent: 0,
      unacked: 9,
      bootCount: 1,
      oldestMs: 4_200,
      dropped: 0,
      reconnects: 1,
      rttMs: null,
      clock: null,
    };
    const { dataHealth } = ask(state);
    expect(dataHealth.facts.map(({ fact, source }) => `${fact} ${source}`)).toEqual([
      'laps timing',
      'order timing',
      'flag timing',
      'stops timing',
    ]);
    expect(dataHealth.facts[2].ageMs).toBe(state.lastEventMs - START_MS);
    expect(dataHealth.links).toEqual({ '1': { link: 'down', delayMs: 4_200, telemetryAgeMs: null } });
    expect(dataHealth.silentMs).toBeNull();
  });
});
