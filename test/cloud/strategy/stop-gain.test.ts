import { describe, expect, it } from 'vitest';
import { stopGain } from '#cloud/strategy/stop-gain.js';
import type { Situation } from '#cloud/strategy/window.js';
import { raceState } from './helpers.js';

const now: Situation = {
  lap: 10,
  lapsTotal: 60,
  tyreAgeLaps: 10,
  fuelKg: 60,
  fuelLapsLeft: { low: 28, mean: 30, high: 32 },
  tankKg: 80,
  tankLaps: 40,
  pitLossMs: 30_000,
  cost: { tyreMsPerLap: 60, tyreLifeLaps: 60, wornMsPerLap: 200, msPerKg: 0, fuelPerLapKg: 2 },
};
const unsure = { tyreSdMs: 8, fuelLapsSd: 1.5, pitLossSdMs: 2_000, pitLossYellowMs: 12_000, lapMs: 30_000 };
const state = raceState({ cars: 2, laps: 10 });
const gain = (plan: number, versus: number, more: Partial<Situation> = {}, runs = 400) =>
  stopGain(
    state,
    { ...now, ...more },
    unsure,
    20,
    { lap: plan, stops: 1, yellow: false },
    { lap: versus, stops: 1, yellow: false },
    runs,
    '1',
  );

describe('gain of a stop', () => {
  it('is nothing against itself: both options meet the same draws', () => {
    expect(gain(30, 30).gainMs).toEqual({ low: 0, mean: 0, high: 0 });
  });

  it('is the same for the same seed, and another for another car', () => {
    expect(gain(30, 38)).toEqual(gain(30, 38));
    const other = stopGain(
      state,
      now,
      unsure,
      20,
      { lap: 30, stops: 1, yellow: false },
      { lap: 38, stops: 1, yellow: false },
      400,
      '2',
    );
    expect(other.gainMs.mean).not.toBe(gain(30, 38).gainMs.mean);
  });

  it('counts the risk of running dry', () => {
    expect(gain(30, 41).dryShare).toBeGreaterThan(0.3);
    expect(gain(30, 31).dryShare).toBe(0);
    expect(gain(30, 41).gainMs.mean).toBeGreaterThan(gain(30, 36).gainMs.mean);
  });

  it('values a stop under the caution that is out', () => {
    const plan = { lap: 11, stops: 1, yellow: true };
    const versus = { lap: 30, stops: 1, yellow: false };
    const { gainMs } = stopGain(state, now, unsure, 11, plan, versus, 400, '1');
    const green = stopGain(state, now, unsure, 11, { ...plan, yellow: false }, versus, 400, '1').gainMs;
    expect(gainMs.mean).toBeGreaterThan(green.mean + 10_000);
    expect(gainMs.low).toBeLessThan(gainMs.mean);
    expect(gainMs.high).toBeGreaterThan(gainMs.mean);
  });

  it('answers without runs, saying nothing', () => {
    expect(gain(30, 38, {}, 0)).toEqual({ gainMs: { low: 0, mean: 0, high: 0 }, dryShare: 0 });
  });
});
