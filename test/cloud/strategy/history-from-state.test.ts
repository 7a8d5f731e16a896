import { describe, expect, it } from 'vitest';
import { fromRaceState } from '#cloud/strategy/history/from-state.js';
import { predict } from '#cloud/strategy/predict/predict.js';
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

  it('are what the models of past races answer from', () => {
    const { nextLaps, finish } = predict({ history, want: ['nextLaps', 'finish'], seed: 1 });
    expect(Object.keys(finish!)).toHaveLength(5);
    for (const [entry, laps] of Object.entries(nextLaps!)) {
      const lastS = state.entries[entry].laps.at(-1)!.lapTimeMs! / 1000;
      expect(Math.abs(laps[0].mean / lastS - 1)).toBeLessThan(0.05);
    }
  });
});
