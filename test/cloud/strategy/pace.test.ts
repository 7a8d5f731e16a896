import { describe, expect, it } from 'vitest';
import { falloff, paceLaps } from '#cloud/strategy/falloff.js';
import { paces } from '#cloud/strategy/pace.js';
import { raceState } from './helpers.js';

const SEED = 11;

describe(`pace, on a made race of known parts (seed ${SEED})`, () => {
  const race = {
    cars: 20,
    laps: 40,
    seed: SEED,
    falloffMs: 60,
    noiseMs: 60,
    stopLaps: (car: number) => [18 + (car % 3)],
  };

  it('finds the pooled fall-off, and the tyres part larger by what burnt fuel gives back', () => {
    const state = raceState(race);
    const laps = Object.fromEntries(Object.entries(state.entries).map(([key, entry]) => [key, paceLaps(entry)]));
    expect(falloff(state, laps).field * 30_000).toBeGreaterThan(45);
    expect(falloff(state, laps).field * 30_000).toBeLessThan(66);
    const { netMsPerLap, tyreMsPerLap } = paces(state)['1'];
    expect(tyreMsPerLap - netMsPerLap).toBeCloseTo(30_000 * 0.0002 * 2, -1);
  });

  it('forecasts the next lap of fast and slow cars', () => {
    const all = paces(raceState(race));
    // Car 1 stopped on lap 19: its next lap is the 22nd on these tyres.
    expect(all['1'].lapMs).toBeGreaterThan(30_000 + 22 * 60 - 120);
    expect(all['1'].lapMs).toBeLessThan(30_000 + 22 * 60 + 120);
    expect(all['20'].lapMs - all['2'].lapMs).toBeGreaterThan(250);
    expect(all['20'].lapMs - all['2'].lapMs).toBeLessThan(470);
  });

  it('reads neither in- nor out-laps, nor yellow and restart laps', () => {
    const state = raceState({ ...race, yellow: [30, 33] });
    const { lapMs } = paces(state)['1'];
    expect(lapMs).toBeLessThan(30_000 + 22 * 60 + 200);
    expect(paceLaps(state.entries['1']).map(({ lap }) => lap)).not.toEqual(
      expect.arrayContaining([19, 20, 30, 31, 32, 33, 34]),
    );
  });

  it('follows a jump of the whole field within two laps, and no single outlier', () => {
    const state = raceState({ ...race, falloffMs: 0, noiseMs: 20 });
    const { laps } = state.entries['1'];
    const before = paces(state)['1'].lapMs;
    laps[laps.length - 1].lapTimeMs! += 2_000;
    const once = paces(state)['1'].lapMs;
    expect(once - before).toBeLessThan(400);
    for (const entry of Object.values(state.entries)) {
      for (const lap of entry.laps.slice(-2)) lap.lapTimeMs = 32_000;
    }
    expect(paces(state)['1'].lapMs).toBeGreaterThan(31_300);
  });

  it('knows nothing before the first lap, and the field for a car without clean laps', () => {
    expect(paces(raceState({ cars: 3, laps: 0 }))).toEqual({});
    const state = raceState({ cars: 4, laps: 6 });
    state.entries['4'].laps = [];
    const { '4': unknown, '1': known } = paces(state);
    expect(Math.abs(unknown.lapMs - known.lapMs)).toBeLessThan(200);
    expect(unknown.sdMs).toBeGreaterThan(known.sdMs);
  });
});
