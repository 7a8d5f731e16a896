import { describe, expect, it } from 'vitest';
import { placeBand, placeChances } from '#cloud/strategy/models/place.js';

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

describe('chances of places', () => {
  it('are even between equals, and each car has one place', () => {
    const chances = placeChances([1, 1].map((mean) => ({ mean, sd: 2, pOut: 0.1 })));
    for (const of of chances) {
      expect(of[0]).toBeCloseTo(0.5, 2);
      expect(sum(of)).toBeCloseTo(1, 9);
    }
  });

  it('fill each place once', () => {
    const chances = placeChances([1, 2, 3, 4, 5].map((mean) => ({ mean, sd: 0.5 + mean / 3, pOut: 0.05 * mean })));
    for (let place = 0; place < 5; place++) expect(sum(chances.map((of) => of[place]))).toBeCloseTo(1, 1);
  });

  it('put a car at the back with the chance that it falls out', () => {
    const scores = [1, 5, 9, 13].map((mean) => ({ mean, sd: 0.1, pOut: mean === 1 ? 0.3 : 0 }));
    const [leader] = placeChances(scores);
    expect(leader[0]).toBeCloseTo(0.7, 6);
    expect(leader[3]).toBeCloseTo(0.3, 1);
  });

  it('have bands that hold nearest to the mass asked for', () => {
    expect(placeBand(Float64Array.of(0.05, 0.5, 0.3, 0.1, 0.05), 0.8)).toEqual({ low: 2, high: 3 });
    expect(placeBand(Float64Array.of(1, 0, 0), 0.8)).toEqual({ low: 1, high: 1 });
    expect(placeBand(Float64Array.of(0.25, 0.25, 0.25, 0.25), 0.8)).toEqual({ low: 1, high: 3 });
  });
});
