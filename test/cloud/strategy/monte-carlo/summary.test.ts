import { describe, expect, it } from 'vitest';
import { simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { finishOf, gainOf, rejoinOf, restartOf } from '#cloud/strategy/monte-carlo/summary.js';
import { NONE, type Option } from '#cloud/strategy/monte-carlo/types.js';
import { luckyStart, plainStart } from './plain-start.js';

const SEED = 99;
const RUNS = 80;
const USUAL: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };
const stopAt = (car: number, lap: number): Option => ({
  car,
  stops: [{ lap, service: { tyres: 4, fuel: 'fill' } }],
  caution: 'drawn',
});

describe(`what runs come to (seed ${SEED})`, () => {
  const start = luckyStart({ cars: 14, lapsTotal: 50 });
  const [usual, planned] = simulate(start, [USUAL, stopAt(6, 13)], { runs: RUNS, seed: SEED });

  it('are chances that sum to one', () => {
    const said = start.cars.map((_, car) => finishOf(usual, car)!);
    expect(said.reduce((sum, { pWin }) => sum + pWin, 0)).toBeCloseTo(1, 9);
    expect(said.reduce((sum, { pTop5 }) => sum + pTop5, 0)).toBeCloseTo(5, 9);
    expect(said.reduce((sum, { pTop10 }) => sum + pTop10, 0)).toBeCloseTo(10, 9);
    expect(said.reduce((sum, { pClassWin }) => sum + pClassWin, 0)).toBeCloseTo(2, 9);
    for (const { place, finishS } of said) {
      expect(place.low).toBeLessThanOrEqual(place.high);
      expect(finishS!.low).toBeLessThanOrEqual(finishS!.high);
    }
  });

  it('tell of the next stop', () => {
    const rejoin = rejoinOf(planned, 6)!;
    expect(rejoin.pStop).toBeGreaterThan(0.9);
    expect(rejoin.place.mean).toBeGreaterThan(6);
    expect(rejoin.aheadS!.mean).toBeGreaterThan(0);
    expect(rejoinOf(simulate(plainStart({ cars: 2, lapsTotal: 20 }), [USUAL], { runs: 1, seed: 1 })[0], 0)).toBeNull();
  });

  it('pair runs, and say how sure the mean is', () => {
    const gain = gainOf(planned, usual, 6)!;
    const back = gainOf(usual, planned, 6)!;
    expect(gain.runs).toBe(RUNS);
    expect(gain.places.mean).toBeCloseTo(-back.places.mean, 9);
    expect(gain.placesMeanSd).toBeGreaterThan(0);
    expect(gain.placesMeanSd).toBeLessThan(2);
    const few = { ...usual, runs: 10 };
    expect(gainOf(planned, few, 6)!.runs).toBe(10);
  });

  it('are null where there is nothing', () => {
    const none = { ...usual, runs: 0 };
    expect(finishOf(none, 0)).toBeNull();
    expect(gainOf(none, usual, 0)).toBeNull();
    expect(rejoinOf(none, 0)).toBeNull();
    expect(restartOf(none, 0)).toBeNull();
  });
});
