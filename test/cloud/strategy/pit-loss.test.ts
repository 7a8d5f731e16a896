import { describe, expect, it } from 'vitest';
import { pitLoss } from '#cloud/strategy/pit-loss.js';
import { raceState } from './helpers.js';

describe('pit loss', () => {
  it('is the prior before any stop', () => {
    const loss = pitLoss(raceState({ cars: 4, laps: 8 }));
    expect(loss.green).toBe(30_000);
    expect(loss.yellow).toBe(12_000);
    expect(loss.stopsSeen).toEqual({ green: 0, yellow: 0 });
  });

  it('goes to what the stops of this race cost', () => {
    const loss = pitLoss(raceState({ cars: 30, laps: 20, stopLossMs: 41_000, stopLaps: () => [12], noiseMs: 50 }));
    expect(loss.stopsSeen.green).toBe(30);
    expect(loss.green).toBeGreaterThan(39_500);
    expect(loss.green).toBeLessThan(42_000);
  });

  it('is told apart under yellow, against cars that stayed out', () => {
    const stopLaps = (car: number) => (car % 2 === 0 ? [11] : []);
    const loss = pitLoss(raceState({ cars: 20, laps: 20, stopLossMs: 15_000, stopLaps, yellow: [10, 14] }));
    expect(loss.stopsSeen).toEqual({ green: 0, yellow: 10 });
    expect(loss.yellow).toBeGreaterThan(14_000);
    expect(loss.yellow).toBeLessThan(15_500);
    expect(loss.green).toBe(30_000);
  });
});
