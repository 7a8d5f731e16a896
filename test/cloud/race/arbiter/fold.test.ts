import { describe, expect, it } from 'vitest';
import { arbitrate, LapFold, WINDOW_OBSERVATIONS } from '#cloud/race/arbiter/fold.js';
import { compareObservations } from '#cloud/race/arbiter/total-order.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { seededRandom } from '#wire/random.js';
import { car, GREEN_MS, shuffled, timing, USUAL, wholeRace } from './made-laps.js';

const SEED = 20_261_121;

describe('the fold of observations', () => {
  it('tells provisional, confirmed and corrected laps as new versions', () => {
    const fold = new LapFold();
    const lap4 = () => fold.laps().find(({ lap }) => lap === 4);
    for (const observation of [timing(3), car(3), car(4)]) fold.add(observation);
    expect(lap4()).toMatchObject({ version: 1, source: 'car', lapTimeMs: 89_910 });
    fold.add(timing(4));
    expect(lap4()).toEqual({ lap: 4, version: 2, source: 'timing', lapTimeMs: 89_870, confidence: 1 });
    fold.add(timing(4));
    expect(lap4()).toMatchObject({ version: 2 });
    fold.add(timing(4, { lapTimeMs: 90_000, elapsedMs: undefined, receivedAt: timing(6).receivedAt }));
    expect(lap4()).toMatchObject({ version: 3, source: 'timing', lapTimeMs: 90_000 });
  });

  it('withdraws a lap whose number turns out to be another', () => {
    const fold = new LapFold();
    for (const lap of [4, 5]) fold.add(car(lap, { ...USUAL, shift: 3 }));
    expect(fold.laps().map(({ lap }) => lap)).toContain(7);
    fold.add(timing(5));
    expect(fold.laps().map(({ lap }) => lap)).toEqual([4, 5]);
  });

  it(`gives the same laps and versions for every order of arrival (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const noisy = [
      ...wholeRace(),
      car(4, USUAL, { lapTimeMs: 44 }),
      timing(6, { lapTimeMs: 90_300, receivedAt: GREEN_MS + 9e5 }),
    ];
    const expected = new LapFold();
    for (const observation of [...noisy].sort(compareObservations)) expected.add(observation);
    for (let round = 0; round < 12; round++) {
      const fold = new LapFold();
      for (const observation of shuffled([...noisy, ...noisy.slice(0, 7)], random)) fold.add(observation);
      expect(JSON.stringify(fold.laps())).toBe(JSON.stringify(expected.laps()));
    }
  });

  it(`does so with a window that moves on, as long as what comes late comes within it (seed ${SEED + 1})`, () => {
    const random = seededRandom(SEED + 1);
    const long: Observation[] = [];
    for (let lap = 1; lap <= 3 * WINDOW_OBSERVATIONS; lap++) {
      const atMs = GREEN_MS + lap * 30_000;
      const base = { car: '24', lapTimeMs: 30_000 + (lap % 7) * 40 };
      long.push({ ...base, source: 'car', lap: lap + 1, receivedAt: atMs + 100, carTime: atMs });
      if (lap % 2 === 0) long.push({ ...base, source: 'timing', lap, receivedAt: atMs + 300 });
    }
    const inOrder = new LapFold();
    for (const observation of long) inOrder.add(observation);
    const disordered = new LapFold();
    const late = long.map((observation, i) => ({ observation, at: i + (random() < 0.02 ? 60 * random() : 0) }));
    for (const { observation } of late.sort((a, b) => a.at - b.at)) disordered.add(observation);
    expect(disordered.laps()).toEqual(inOrder.laps());
    expect(inOrder.laps()).toHaveLength(3 * WINDOW_OBSERVATIONS);
    expect(inOrder.add(long[1])).toBe(false);
    expect(inOrder.add({ ...long[1], receivedAt: GREEN_MS })).toBe(false);
    expect(inOrder.tooLate).toBe(2);
  });

  it(`neither raises nor gives what is no number, whatever it is told (seed ${SEED + 2})`, () => {
    const random = seededRandom(SEED + 2);
    const odd = [
      0,
      -1,
      1,
      2,
      3,
      3.5,
      32_768,
      1e9,
      44,
      90_000,
      90_100,
      9_999_000,
      1e15,
      -1e15,
      1.7e308,
      GREEN_MS,
      undefined,
    ];
    const pick = (): number | undefined => odd[Math.floor(random() * odd.length)];
    for (let round = 0; round < 100; round++) {
      const observations: Observation[] = Array.from({ length: 1 + Math.floor(random() * 30) }, () => ({
        ...(random() < 0.5
          ? wholeRace()[Math.floor(random() * 16)]
          : { source: random() < 0.5 ? 'car' : 'timing', car: '24' }),
        receivedAt: pick() ?? 0,
        ...(random() < 0.5 ? { lap: pick() } : {}),
        ...(random() < 0.5 ? { lapTimeMs: pick() } : {}),
        ...(random() < 0.3 ? { elapsedMs: pick() } : {}),
        ...(random() < 0.3 ? { carTime: pick() } : {}),
      }));
      const laps = arbitrate(observations);
      for (const { lap, lapTimeMs, confidence, version } of laps) {
        expect(lap).toBeGreaterThanOrEqual(1);
        expect(lapTimeMs > 0 && lapTimeMs <= 86_400_000).toBe(true);
        expect(confidence >= 0 && confidence <= 1 && version >= 1).toBe(true);
      }
      expect(arbitrate(shuffled(observations, random))).toEqual(laps);
    }
  });

  it('lists cars as text, then laps', () => {
    const cars = ['9', '24', '100'].flatMap((name) => [timing(2, { car: name }), timing(1, { car: name })]);
    expect(arbitrate(cars).map(({ car: name, lap }) => `${name}:${lap}`)).toEqual([
      '100:1',
      '100:2',
      '24:1',
      '24:2',
      '9:1',
      '9:2',
    ]);
  });
});

describe('the order of observations', () => {
  it('is by receipt, source, car, lap, vehicle, lap time, elapsed, car time; absent first', () => {
    const base: Observation = { source: 'car', receivedAt: 5, car: '2' };
    const ascending: Observation[] = [
      { ...base, receivedAt: 4, lap: 9 },
      base,
      { ...base, carTime: 1 },
      { ...base, elapsedMs: 1 },
      { ...base, lapTimeMs: 1, carTime: 1 },
      { ...base, vehicleId: 'a' },
      { ...base, lap: 2 },
      { ...base, lap: 10 },
      { ...base, car: '3' },
      { ...base, source: 'timing' },
    ];
    expect([...ascending].reverse().sort(compareObservations)).toEqual(ascending);
  });
});
