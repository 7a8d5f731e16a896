import { describe, expect, it } from 'vitest';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { cutAtLap } from '#cloud/strategy/history/history.js';
import { type Field, readField } from '#cloud/strategy/models/field.js';
import { tyrePacePriorOf } from '#cloud/strategy/models/state-space/fitted/priors.js';
import type { TyrePace } from '#cloud/strategy/models/state-space/types.js';
import { fitTyrePace } from '#cloud/strategy/models/state-space/tyre-pace.js';
import { seededRandom } from '#wire/random.js';
import { madeLaps, normal, TRUTH, type Truth, trueLapS } from './made-laps.js';

const SEED = 20_261_121;
const nascar = tyrePacePriorOf('nascar_cup');

function fieldOf(rows: readonly LapRow[], series = 'nascar_cup'): Field {
  return readField(fromRows({ series, lapsTotal: 100 }, rows));
}

function formOf(field: Field, car: number) {
  return field.cars.find((form) => form.car.car === String(car))!;
}

describe(`state-space pace of a race whose truth is known (seed ${SEED})`, () => {
  const rows = madeLaps(TRUTH, seededRandom(SEED));
  const whole = readField(fromRows({ series: 'nascar_cup', lapsTotal: 100 }, rows));
  const pace = fitTyrePace(whole, nascar);

  it('finds the fall-off, net of the fuel that burns in the stint', () => {
    for (const car of [0, 7, 15]) {
      const form = formOf(whole, car);
      const tenToTwenty = pace.falloffS(form, 20)! - pace.falloffS(form, 10)!;
      expect(tenToTwenty).toBeGreaterThan(0.2);
      expect(tenToTwenty).toBeLessThan(0.4);
      expect(pace.falloffS(form, 0)).toBeCloseTo(0, 9);
      expect(pace.falloffSdS(form, 20)).toBeGreaterThan(pace.falloffSdS(form, 5)!);
    }
  });

  it('finds how far cars are apart on the same tyres', () => {
    const freshS = (car: number) => pace.of(formOf(whole, car))!.freshS;
    expect(freshS(15) - freshS(0)).toBeGreaterThan(0.2);
    expect(freshS(15) - freshS(0)).toBeLessThan(0.42);
    expect(pace.of(formOf(whole, 3))!.noiseSdS).toBeLessThan(0.2);
  });

  it.each([1, 5, 12])('says the lap %i laps after a stop that is yet to come, from laps before it', (ageLaps) => {
    let missed = 0;
    const asked = [30, 38, 55, 60];
    for (const lap of asked) {
      const field = readField(cutAtLap(whole.history, lap));
      const early = fitTyrePace(field, nascar);
      for (const form of field.cars) {
        const said = early.lap(form, { ahead: ageLaps, ageLaps, greenLaps: 60 })!;
        missed += Math.abs(said.meanS - trueLapS(TRUTH, Number(form.car.car), lap + ageLaps, ageLaps));
      }
    }
    expect(missed / (asked.length * TRUTH.cars)).toBeLessThan(0.12);
  });

  it('gives bands that hold most laps, and are no wider than need be', () => {
    const random = seededRandom(SEED + 1);
    const field = readField(cutAtLap(whole.history, 50));
    const early = fitTyrePace(field, nascar);
    let covered = 0;
    let asked = 0;
    for (const form of field.cars) {
      for (let ahead = 1; ahead <= 10; ahead++) {
        const truth = trueLapS(TRUTH, Number(form.car.car), 50 + ahead, form.ageLaps + ahead);
        const { lo80, hi80, meanS, onceSdS, noiseSdS } = early.lap(form, { ahead })!;
        const timeS = truth + TRUTH.noiseS * normal(random);
        expect(lo80 < meanS && meanS < hi80).toBe(true);
        expect(onceSdS > 0 && noiseSdS > 0).toBe(true);
        expect(hi80 - lo80).toBeLessThan(1.2);
        if (timeS >= lo80 && timeS <= hi80) covered++;
        asked++;
      }
    }
    expect(covered / asked).toBeGreaterThan(0.75);
  });

  it('is less sure of a lap the further it is', () => {
    const form = formOf(whole, 4);
    const onceSdS = [1, 5, 10, 20].map((ahead) => pace.lap(form, { ahead })!.onceSdS);
    expect(onceSdS).toEqual([...onceSdS].sort((a, b) => a - b));
  });

  it('counts a stop for fuel alone: old tyres, a heavy car', () => {
    const form = formOf(whole, 2);
    const ageLaps = form.ageLaps + 3;
    const goesOn = pace.lap(form, { ahead: 3, greenLaps: 60 })!;
    const fuelOnly = pace.lap(form, { ahead: 3, ageLaps, fuelLaps: 1, greenLaps: 60 })!;
    const tyres = pace.lap(form, { ahead: 3, ageLaps: 1, greenLaps: 60 })!;
    expect(fuelOnly.meanS).toBeGreaterThan(tyres.meanS);
    expect(fuelOnly.meanS + pace.of(form)!.passingS * pace.passingKept ** 3).toBeGreaterThan(goesOn.meanS);
  });
});

describe(`state-space pace, one thing at a time (seed ${SEED})`, () => {
  const made = (truth: Partial<Truth>, series: string, change: (rows: LapRow[]) => LapRow[] = (rows) => rows) => {
    const field = fieldOf(change(madeLaps({ ...TRUTH, ...truth }, seededRandom(SEED))), series);
    return { field, pace: fitTyrePace(field, tyrePacePriorOf(series)) };
  };

  it('tells compounds apart', () => {
    const { field, pace } = made({ compounds: { odd: 'MEDIUM', even: 'HARD', evenS: 0.3 } }, 'f1');
    const form = formOf(field, 5);
    const at = { ahead: 5, ageLaps: 5, greenLaps: 60 };
    const hardS = pace.lap(form, { ...at, compound: 'HARD' })!.meanS;
    const mediumS = pace.lap(form, { ...at, compound: 'MEDIUM' })!.meanS;
    expect(hardS - mediumS).toBeGreaterThan(0.2);
    expect(hardS - mediumS).toBeLessThan(0.4);
    expect(pace.lap(form, { ...at, compound: 'NEVER SEEN' })!.meanS).toBeGreaterThan(0);
  });

  it('learns nothing of pace from laps under caution', () => {
    const calm = made({}, 'nascar_cup');
    const slow = made({ caution: [40, 46] }, 'nascar_cup');
    for (const car of [1, 8]) {
      const a = calm.pace.lap(formOf(calm.field, car), { ahead: 1, ageLaps: 5, greenLaps: 60 })!;
      const b = slow.pace.lap(formOf(slow.field, car), { ahead: 1, ageLaps: 5, greenLaps: 60 })!;
      expect(Math.abs(a.meanS - b.meanS)).toBeLessThan(0.1);
    }
  });

  it('is not moved by a few wild laps', () => {
    const calm = made({}, 'nascar_cup');
    const wild = made({}, 'nascar_cup', (rows) =>
      rows.map((row, index) => (index % 29 === 0 ? { ...row, lap_time: row.lap_time! + 1.5 } : row)),
    );
    for (const car of [1, 8]) {
      const a = calm.pace.lap(formOf(calm.field, car), { ahead: 1 })!;
      const b = wild.pace.lap(formOf(wild.field, car), { ahead: 1 })!;
      expect(Math.abs(a.meanS - b.meanS)).toBeLessThan(0.15);
    }
  });

  it('follows the whole field when it rains', () => {
    const wet = (row: LapRow) => (row.lap >= 70 ? { ...row, lap_time: row.lap_time! * 1.08 } : row);
    const { field, pace } = made({}, 'nascar_cup', (rows) => rows.map(wet));
    const said = pace.lap(formOf(field, 5), { ahead: 1 })!;
    expect(said.meanS).toBeGreaterThan(31.5);
  });

  it('takes a damaged car for slow, and the others not', () => {
    const damaged = (row: LapRow) => (row.car === '5' && row.lap >= 72 ? { ...row, lap_time: row.lap_time! + 1 } : row);
    const { field, pace } = made({}, 'nascar_cup', (rows) => rows.map(damaged));
    const nextS = (car: number) => pace.lap(formOf(field, car), { ahead: 1 })!.meanS;
    expect(nextS(5) - nextS(9)).toBeGreaterThan(0.5);
    expect(Math.abs(nextS(1) - nextS(9))).toBeLessThan(0.4);
  });

  it('starts from practice where there was some', () => {
    const field = fieldOf(madeLaps({ ...TRUTH, laps: 4 }, seededRandom(SEED)));
    const form = formOf(field, 3);
    const wornS = (falloffPerLap: { mean: number; sd: number }) => {
      const pace = fitTyrePace(field, nascar, { falloffPerLap, fuelPerLapKg: { mean: 1, sd: 0.02 } });
      return pace.falloffS(form, 15)! - pace.falloffS(form, 2)!;
    };
    const hard = wornS({ mean: 0.0015, sd: 0.0001 });
    const gentle = wornS({ mean: 0.0001, sd: 0.00005 });
    expect(hard).toBeGreaterThan(gentle + 0.1);
  });

  it('takes a car without a lap of its own for one of its class', () => {
    const field = fieldOf(madeLaps({ ...TRUTH, laps: 12 }, seededRandom(SEED)));
    const late = fieldOf([
      ...madeLaps({ ...TRUTH, laps: 12 }, seededRandom(SEED)),
      { car: 'late', cls: 'A', lap: 1, lap_time: 300, elapsed: 380, flag: 'G' },
    ]);
    const form = late.cars.find(({ car }) => car.car === 'late')!;
    const said = fitTyrePace(late, nascar).lap(form, { ahead: 1 })!;
    const other = fitTyrePace(field, nascar).lap(formOf(field, 8), { ahead: 1 })!;
    expect(Math.abs(said.meanS - other.meanS)).toBeLessThan(1);
    expect(said.onceSdS).toBeGreaterThan(other.onceSdS);
  });
});

describe('state-space pace of bad input', () => {
  const finite = (pace: TyrePace, field: Field) => {
    for (const form of field.cars) {
      const answers = [
        pace.lap(form, { ahead: 1 }),
        pace.lap(form, { ahead: 200, ageLaps: 500, compound: '?' }),
        pace.of(form),
        [pace.falloffS(form, 30), pace.falloffSdS(form, 30), pace.driftSPerLap(form), pace.fuelSPerLap(form)],
        [pace.trafficS(form), pace.restartS(form, 1), pace.restartS(form, 4)],
      ];
      for (const answer of answers) {
        for (const value of Object.values(answer ?? {})) if (value !== null) expect(Number.isFinite(value)).toBe(true);
      }
    }
  };

  it('says nothing before anybody has a lap, and no NaN', () => {
    const empty = fieldOf([]);
    expect(() => fitTyrePace(empty, nascar)).not.toThrow();
    const first = fieldOf([{ car: '1', lap: 1, lap_time: 40, elapsed: 40, flag: 'G' }]);
    const pace = fitTyrePace(first, nascar);
    expect(pace.lap(first.cars[0], { ahead: 1 })).toBeNull();
    expect(pace.of(first.cars[0])).toBeNull();
    expect(pace.falloffS(first.cars[0], 10)).toBeNull();
    finite(pace, first);
  });

  it('stays finite with lap times of 0 and 9999 s, holes, laps without a time or a race time, ages that jump', () => {
    const rows = madeLaps(TRUTH, seededRandom(SEED)).flatMap((row, index): LapRow[] => {
      if (index % 17 === 0) return [];
      if (index % 13 === 0) return [{ ...row, lap_time: 0 }];
      if (index % 11 === 0) return [{ ...row, lap_time: 9999, elapsed: row.elapsed! + 9999 }];
      if (index % 7 === 0) return [{ ...row, lap_time: null, elapsed: null }];
      if (index % 5 === 0) return [{ ...row, tyre_age: index % 2 ? null : 9_000 }];
      return [row];
    });
    const field = fieldOf(rows);
    const pace = fitTyrePace(field, nascar);
    finite(pace, field);
    const said = pace.lap(formOf(field, 5), { ahead: 1, ageLaps: 5, greenLaps: 60 })!;
    expect(said.meanS).toBeGreaterThan(28);
    expect(said.meanS).toBeLessThan(33);
  });
});
