import { describe, expect, it } from 'vitest';
import { fuel } from '#cloud/strategy/answers/fuel.js';
import { raceState } from '../helpers.js';

describe('fuel', () => {
  it('is the prior, laps counted, where the car has no integral', () => {
    const state = raceState({ cars: 1, laps: 10 });
    const known = fuel(state, state.entries['1']);
    expect(known.measured).toBe(false);
    expect(known.leftKg.mean).toBeCloseTo(50 - 10 * 2, 6);
    expect(known.lapsLeft.mean).toBeCloseTo(15, 6);
    expect(known.lapsLeft.low).toBeLessThan(14.5);
    expect(known.lapsLeft.high).toBeGreaterThan(15.5);
  });

  it('follows the measured use when the car differs from the prior', () => {
    const state = raceState({ cars: 1, laps: 12, fuelPerLapKg: 2.4 });
    const known = fuel(state, state.entries['1']);
    expect(known.measured).toBe(true);
    expect(known.perLap.mean).toBeGreaterThan(2.3);
    expect(known.leftKg.mean).toBeCloseTo(50 - 12 * 2.4, 0);
  });

  it('has a band that grows with the laps it looks ahead', () => {
    const width = (laps: number) => {
      const state = raceState({ cars: 1, laps });
      const { high, low } = fuel(state, state.entries['1']).lapsLeft;
      return high - low;
    };
    expect(width(2)).toBeGreaterThan(width(20));
  });

  it('burns less under yellow', () => {
    const state = raceState({ cars: 1, laps: 10, yellow: [4, 7] });
    expect(fuel(state, state.entries['1']).leftKg.mean).toBeCloseTo(50 - 6 * 2 - 4 * 0.9, 6);
  });

  it('is full after a stop, unless a person says how much went in', () => {
    const state = raceState({ cars: 1, laps: 12, stopLaps: () => [10] });
    expect(fuel(state, state.entries['1']).leftKg.mean).toBeCloseTo(50 - 2 * 2, 6);
    state.entries['1'].stops[0].fuelAddedKg = 5;
    expect(fuel(state, state.entries['1']).leftKg.mean).toBeCloseTo(50 - 20 + 5 - 4, 6);
    state.entries['1'].stops[0].fuelAddedKg = 500;
    expect(fuel(state, state.entries['1']).leftKg.mean).toBeCloseTo(46, 6);
  });

  it('takes a broken sensor for what it is', () => {
    const state = raceState({ cars: 1, laps: 10, fuelPerLapKg: 2 });
    state.entries['1'].car!.fuelPerLapKg = [0.01, 40, 0];
    const known = fuel(state, state.entries['1']);
    expect(known.perLap.mean).toBe(2);
    expect(known.measured).toBe(false);
  });
});
