import { describe, expect, it } from 'vitest';
import { type Choice, choiceGain, type Uncertainty } from '#cloud/strategy/answers/gain.js';
import type { Situation } from '#cloud/strategy/answers/window.js';

/** 60 ms a lap of age; 10 % of it is one standard deviation. */
const sumMs = Float64Array.from({ length: 121 }, (_, age) => 60 * ((age * (age + 1)) / 2));
const now: Situation = {
  lap: 10,
  lapsTotal: 60,
  tyreAgeLaps: 10,
  fuelLapsLeft: { low: 28, mean: 30, high: 32 },
  fuelLapsSd: 1.5,
  tankLaps: 40,
  pitLossMs: 30_000,
  wear: { sumMs, sumSdMs: sumMs.map((ms) => 0.1 * ms), fuelLapMs: 0 },
};
const unsure: Uncertainty = {
  pitLossYellowMs: 12_000,
  sdGreenMs: 2_000,
  sdYellowMs: 2_000,
  lapMs: 30_000,
  cautionPerLap: 0.02,
  cautionLaps: 4,
};
const green = (lap: number): Choice => ({ lap, stops: 1, yellow: false });
const gain = (plan: number, versus: number, more: Partial<Uncertainty> = {}) =>
  choiceGain(now, { ...unsure, ...more }, 20, green(plan), green(versus));

describe('gain of a stop', () => {
  it('is nothing against itself', () => {
    const { low, mean, high } = gain(30, 30).gainMs;
    expect(mean).toBe(0);
    expect(low).toBeCloseTo(0, 6);
    expect(high).toBeCloseTo(0, 6);
  });

  it('is the difference of wear where no caution can fall', () => {
    // Stop after 20 laps (ages 11–30, then 30 laps) or after 28 (ages 11–38, then 22).
    const cost = (laps: number) => sumMs[10 + laps] - sumMs[10] + sumMs[50 - laps];
    const { gainMs, cautionShare, dryShare } = gain(30, 38, { cautionPerLap: 0 });
    expect(cautionShare).toBe(0);
    expect(gainMs.mean).toBeCloseTo(cost(28) - cost(20) + 90_000 * dryShare, -2);
    // 80 % of a normal spread, the rare dry tank beside it.
    expect(gainMs.high - gainMs.low).toBeGreaterThan(2 * 1.28 * 0.1 * Math.abs(cost(28) - cost(20)) - 1);
  });

  it('hopes for a caution before the later stop', () => {
    const hopes = gain(30, 36, { cautionPerLap: 0.05 });
    expect(hopes.gainMs.mean).toBeLessThan(gain(30, 36, { cautionPerLap: 0 }).gainMs.mean);
    // Laps 11 … 36.
    expect(hopes.cautionShare).toBeCloseTo(1 - 0.95 ** 26, 10);
  });

  it('counts the risk of running dry', () => {
    expect(gain(30, 41).dryShare).toBeGreaterThan(0.3);
    expect(gain(30, 31).dryShare).toBeLessThan(0.001);
    expect(gain(30, 41).gainMs.mean).toBeGreaterThan(gain(30, 36).gainMs.mean);
  });

  it('values a stop under the caution that is out', () => {
    const { gainMs } = choiceGain(now, unsure, 11, { lap: 11, stops: 1, yellow: true }, green(30));
    const asGreen = choiceGain(now, unsure, 11, green(11), green(30)).gainMs;
    expect(gainMs.mean).toBeGreaterThan(asGreen.mean + 10_000);
    expect(gainMs.low).toBeLessThan(gainMs.mean);
    expect(gainMs.high).toBeGreaterThan(gainMs.mean);
  });
});
