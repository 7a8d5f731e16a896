import { describe, expect, it } from 'vitest';
import { resolveLaps } from '#cloud/race/arbiter/resolve.js';
import { compareObservations } from '#cloud/race/arbiter/total-order.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { car, elapsedMs, GREEN_MS, LAP_MS, timing, USUAL, wholeRace } from './made-laps.js';

function resolve(observations: readonly Observation[]) {
  return resolveLaps([...observations].sort(compareObservations));
}

/** Laps whose number and time are right, to a tenth. */
function found(observations: readonly Observation[]): number[] {
  return resolve(observations)
    .laps.filter(({ lap, lapTimeMs }) => Math.abs(lapTimeMs - LAP_MS[lap - 1]) <= 100)
    .map(({ lap }) => lap);
}

const ALL = LAP_MS.map((_, index) => index + 1);

describe('the laps of one car', () => {
  it('are numbered by timing, whatever the car counts', () => {
    for (const shift of [-3, 0, 1, 2]) expect(found(wholeRace({ ...USUAL, shift }))).toEqual(ALL);
    expect(found(wholeRace().map((row) => (row.source === 'car' ? { ...row, lap: 32_768 } : row)))).toEqual(ALL);
    expect(found(wholeRace().map(({ lap, ...row }) => (row.source === 'car' ? row : { ...row, lap })))).toEqual(ALL);
  });

  it('are found with clocks that are days off, or drift, or are absent', () => {
    for (const clockMs of [0, 65 * 3_600_000, -9e9]) expect(found(wholeRace({ ...USUAL, clockMs }))).toEqual(ALL);
    const drifting = wholeRace().map((row) =>
      row.carTime === undefined ? row : { ...row, carTime: row.carTime + (row.receivedAt - GREEN_MS) * 2e-4 },
    );
    expect(found(drifting)).toEqual(ALL);
    expect(found(wholeRace().map(({ carTime, ...row }) => row))).toEqual(ALL);
  });

  it('are found when they are received in bursts, up to half a minute late', () => {
    const burst = wholeRace({ ...USUAL, delayMs: (lap) => (lap % 4 === 0 ? 150 : 28_000) });
    expect(found(burst)).toEqual(ALL);
  });

  it('take a clock that is set anew between two laps as another outing', () => {
    const race = wholeRace().map((row) =>
      row.carTime !== undefined && row.receivedAt > GREEN_MS + elapsedMs(6)
        ? { ...row, carTime: row.carTime + 7e7 }
        : row,
    );
    expect(found(race)).toEqual(ALL);
  });

  it('tell offset and drift of the clock, and the laps they were told by', () => {
    const race = wholeRace().map((row) =>
      row.carTime === undefined ? row : { ...row, carTime: row.carTime + (row.receivedAt - GREEN_MS) * 1e-4 },
    );
    const [clock] = resolve(race).clocks;
    expect(clock.matches).toBe(4);
    expect(clock.vehicleId).toBe('chassis-9');
    // Too few to tell a drift.
    expect(clock.driftPpm).toBe(0);
    const all = [...race, ...ALL.map((lap) => timing(lap))];
    expect(resolve(all).clocks[0].driftPpm).toBeLessThan(-90);
    expect(resolve(all).clocks[0].driftPpm).toBeGreaterThan(-110);
  });

  it('are derived from elapsed time and the next lap where the car told none', () => {
    const race = wholeRace().filter(({ source, lap }) => source === 'timing' || lap !== 5);
    const laps = resolve(race).laps;
    expect(laps.find(({ lap }) => lap === 4)).toMatchObject({ basis: 'crossings', source: 'car' });
    expect(found(race)).toEqual(ALL);
  });

  it('are derived from crossings where the car gives no times at all', () => {
    expect(
      found(wholeRace().map(({ lapTimeMs, ...row }) => (row.source === 'car' ? row : { ...row, lapTimeMs }))),
    ).toEqual(ALL);
  });

  it('come from two official crossings before the car is asked', () => {
    const crossings = [timing(1), timing(2, { lapTimeMs: undefined }), timing(3)];
    expect(resolve(crossings).laps[1]).toMatchObject({
      lap: 2,
      lapTimeMs: LAP_MS[1],
      basis: 'official-crossings',
      source: 'timing',
    });
  });

  it('are official where timing gave them, and say how far the car is off', () => {
    const race = wholeRace({ ...USUAL, errorMs: (lap) => (lap === 6 ? 900 : 40) });
    const laps = resolve(race).laps;
    expect(laps[2]).toMatchObject({
      lap: 3,
      lapTimeMs: LAP_MS[2],
      source: 'timing',
      confidence: 1,
      disagreementMs: -40,
    });
    expect(laps[5]).toMatchObject({ lap: 6, lapTimeMs: LAP_MS[5], source: 'timing', disagreementMs: -900 });
    expect(laps[5].confidence).toBeLessThan(0.98);
    expect(laps[3]).toMatchObject({ lap: 4, source: 'car', confidence: 0.92 });
  });

  it('take the later of two official words', () => {
    const corrected = timing(6, { lapTimeMs: 91_000, receivedAt: timing(9).receivedAt });
    expect(resolve([...wholeRace(), corrected]).laps[5]).toMatchObject({ lap: 6, lapTimeMs: 91_000 });
  });

  it('are not what a failing counter shows beside them', () => {
    const glitches = ALL.flatMap((lap) => [
      car(lap, USUAL, { lap: lap + 2, lapTimeMs: 0, receivedAt: car(lap).receivedAt + 1 }),
      car(lap, USUAL, { lapTimeMs: 44, carTime: car(lap).carTime! + 8 }),
      car(lap, USUAL, { lapTimeMs: 9_999_000_000 }),
    ]);
    expect(found([...wholeRace(), ...glitches])).toEqual(ALL);
  });

  it('are not those of another outing on the same day', () => {
    const practice = [2, 3, 4].map((lap) =>
      car(lap, USUAL, {
        receivedAt: car(lap).receivedAt + 2e7,
        carTime: car(lap).carTime! + 2e7,
        lapTimeMs: 1_400_000,
      }),
    );
    expect(found([...wholeRace(), ...practice])).toEqual(ALL);
    expect(resolve([...wholeRace(), ...practice]).laps).toHaveLength(ALL.length);
  });

  it('keep two cars of one number apart by their vehicle', () => {
    const other = ALL.map((lap) =>
      car(
        lap,
        { ...USUAL, shift: 0 },
        { vehicleId: 'chassis-8', lapTimeMs: LAP_MS[lap - 1] + 3_000, carTime: car(lap).carTime! + 3_000 * lap },
      ),
    );
    const clocks = resolve([...wholeRace(), ...other]).clocks.map(({ vehicleId }) => vehicleId);
    expect(clocks).toEqual(['chassis-8', 'chassis-9']);
    expect(found([...wholeRace(), ...other]).length).toBeGreaterThanOrEqual(10);
  });

  it('go by the car alone where there is no timing, one lower than it counts, and with little confidence', () => {
    const alone = resolve(wholeRace().filter(({ source }) => source === 'car'));
    expect(alone.laps.map(({ lap }) => lap)).toEqual(ALL);
    expect(alone.laps.every(({ confidence, basis }) => confidence < 0.5 && basis === 'car-alone')).toBe(true);
  });

  it('carry on from the car when timing falls silent, and are numbered by what it said before', () => {
    const silent = wholeRace().filter(({ source, lap }) => source === 'car' || lap! <= 6);
    expect(found(silent)).toEqual(ALL);
    expect(resolve(silent).laps[11]).toMatchObject({ lap: 12, basis: 'car-chained', confidence: 0.8 });
  });

  it('leave out what cannot be a lap', () => {
    const bad = [0, -3, 2.5, 32_768, 1e9].map((lap) => timing(3, { lap }));
    expect(resolve([...bad, timing(3, { lapTimeMs: 0, elapsedMs: -1 })]).laps).toEqual([]);
    expect(resolve([timing(3, { lapTimeMs: 9e9, elapsedMs: 9e9 })]).laps).toEqual([]);
  });
});
