import { describe, expect, it } from 'vitest';
import { pitLoss } from '#cloud/strategy/answers/pit-loss.js';
import { raceState } from '../helpers.js';

describe('pit loss', () => {
  it('is the prior before any stop', () => {
    const loss = pitLoss(raceState({ cars: 4, laps: 8 }));
    expect(loss.green.mean).toBe(30_000);
    expect(loss.yellow.mean).toBe(12_000);
    expect(loss.stopsSeen).toEqual({ green: 0, yellow: 0 });
  });

  it('goes to what the stops of this race cost', () => {
    const loss = pitLoss(raceState({ cars: 30, laps: 20, stopLossMs: 41_000, stopLaps: () => [12], noiseMs: 50 }));
    expect(loss.stopsSeen.green).toBe(30);
    expect(loss.green.mean).toBeGreaterThan(39_500);
    expect(loss.green.mean).toBeLessThan(42_000);
  });

  it('is told apart under yellow, against cars that stayed out', () => {
    const stopLaps = (car: number) => (car % 2 === 0 ? [11] : []);
    const loss = pitLoss(raceState({ cars: 20, laps: 20, stopLossMs: 15_000, stopLaps, yellow: [10, 14] }));
    expect(loss.stopsSeen).toEqual({ green: 0, yellow: 10 });
    expect(loss.yellow.mean).toBeGreaterThan(14_000);
    expect(loss.yellow.mean).toBeLessThan(15_500);
    expect(loss.green.mean).toBe(30_000);
  });
});
