import { describe, expect, it } from 'vitest';
import { lapThatStandsOut } from '#cloud/strategy/answers/stands-out.js';
import type { Gain } from '#cloud/strategy/monte-carlo/summary.js';

const spread = (mean: number) => ({ low: mean - 1, mean, high: mean + 1 });
const gain = (places: number, seconds = 1, placesMeanSd = 0.1) =>
  ({ places: spread(places), seconds: spread(seconds), placesMeanSd }) as Gain;

describe('another lap than the quick models’', () => {
  it('is the one that wins most places', () => {
    const laps = [
      { lap: 10, gain: gain(1.4) },
      { lap: 12, gain: gain(2.1) },
      { lap: 14, gain: gain(1.8) },
    ];
    expect(lapThatStandsOut(laps)).toBe(12);
  });

  it('must win more than one place, beyond its noise, and lose no time', () => {
    expect(lapThatStandsOut([{ lap: 10, gain: gain(0.9) }])).toBeNull();
    expect(lapThatStandsOut([{ lap: 10, gain: gain(1.5, 1, 0.8) }])).toBeNull();
    expect(lapThatStandsOut([{ lap: 10, gain: gain(1.5, -0.2) }])).toBeNull();
    expect(lapThatStandsOut([{ lap: 10, gain: gain(1.5, 0) }])).toBe(10);
    expect(lapThatStandsOut([{ lap: 10, gain: null }])).toBeNull();
  });
});
