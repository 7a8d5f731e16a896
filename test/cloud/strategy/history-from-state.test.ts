import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { fromRaceState } from '#cloud/strategy/history/from-state.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import type { RaceRecord } from '#wire/race-records.js';
import { RACE, START_MS, TimingFeed } from '../../helpers/race-records.js';
import { raceState } from './helpers.js';

describe('laps of a live race', () => {
  const state = raceState({ cars: 5, laps: 20 });
  const history = fromRaceState(state, 'nascar');

  it('are those of timing, in seconds', () => {
    const [entry] = Object.values(state.entries);
    const car = history.cars.find(({ car }) => car === entry.roster.entry)!;
    expect(Array.from(car.lap)).toEqual(entry.laps.map(({ lap }) => lap));
    expect(Array.from(car.lapTimeS)).toEqual(entry.laps.map(({ lapTimeMs }) => lapTimeMs! / 1000));
    expect(Array.from(car.pos)).toEqual(entry.laps.map(({ position }) => position ?? 0));
    for (let lap = 1; lap < car.lap.length; lap++) expect(car.elapsedS[lap]).toBeGreaterThan(car.elapsedS[lap - 1]);
    expect(history).toMatchObject({ series: 'nascar', lapsTotal: state.session.lapsTotal, durationS: null });
  });

  it('have the compounds that people told, by the names of past races, and tyres that a stop for fuel leaves on', () => {
    const feed = new TimingFeed('4-00000000000000ef');
    const raced = raceState({ cars: 3, laps: 20, stopLaps: (car) => (car === 2 ? [] : [8, 14]) }, { rules: 'f1' });
    const set = (entry: string, lap: number, value: string) => ({
      ...{ v: 1, kind: 'fact', race: RACE, author: 'Kim', eventTimeMs: START_MS, type: 'tyreSet' },
      ...{ inputId: `${entry}-${lap}`, entry, lap, value },
    });
    const told = [set('1', 0, 'Soft 1'), set('1', 8, 'hard 2'), set('2', 0, 'medium')] as RaceRecord[];
    const fuelOnly = feed.stop('1', 14, raced.entries['1'].laps[14].atMs, { tyresChanged: 0 });
    for (const record of [...told, fuelOnly]) applyRecord(raced, record);
    const { compounds, cars } = fromRaceState(raced, 'f1');
    expect(compounds).toEqual(['', 'HARD', 'MEDIUM', 'SOFT']);
    const on = (car: string, lap: number) => {
      const { compound, tyreAgeLaps } = cars.find((one) => one.car === car)!;
      return [compounds[compound[lap - 1]], tyreAgeLaps[lap - 1]];
    };
    expect([on('1', 8), on('1', 9), on('1', 20)]).toEqual([
      ['SOFT', 8],
      ['HARD', 1],
      ['HARD', 12],
    ]);
    expect([on('2', 20), on('3', 20)]).toEqual([
      ['MEDIUM', 20],
      ['', 6],
    ]);
  });

  it('are what the models of past races answer from', () => {
    const { nextLaps, finish } = predict({ history, want: ['nextLaps', 'finish'], seed: 1 });
    expect(Object.keys(finish!)).toHaveLength(5);
    for (const [entry, laps] of Object.entries(nextLaps!)) {
      const lastS = state.entries[entry].laps.at(-1)!.lapTimeMs! / 1000;
      expect(Math.abs(laps[0].mean / lastS - 1)).toBeLessThan(0.05);
    }
  });
});
