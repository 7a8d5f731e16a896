import { describe, expect, test } from 'vitest';
import { fitPriors, withPriors } from '#cloud/reports/priors.js';
import { readPriors, storePriors } from '#cloud/reports/priors-store.js';
import { sessionOpen } from '../../helpers/race-records.js';
import { FakeDynamoDB } from '../streams/fake-dynamodb.js';
import { madeRun } from './made-run.js';

/** Stops as a team rehearses them: in, tyres, out again. */
function rehearsed(seed: number) {
  return madeRun({ seed, cars: 10, stints: [8, 8, 8] }).map((row) => ({
    ...row,
    // The stand of nine minutes between the stints is a stop of 20 s instead.
    atMs: row.atMs - (row.lap > 10 ? 9 * 60_000 - 20_000 : 0) - (row.lap > 20 ? 9 * 60_000 - 20_000 : 0),
  }));
}

describe('models from practice', () => {
  for (const seed of [1, 2, 3]) {
    test(`seed ${seed}: find the truth again, within their own deviations`, () => {
      const priors = fitPriors('ring', rehearsed(seed));
      const { falloffPerLap, fuelPerLapKg, pitLossMs, lapMs } = priors;
      expect(priors).toMatchObject({ track: 'ring', runs: ['fp2'], cars: 10 });
      expect(Math.abs(falloffPerLap!.mean * lapMs! - 42)).toBeLessThan(4 * falloffPerLap!.sd * lapMs!);
      expect(falloffPerLap!.sd * lapMs!).toBeLessThan(3);
      expect(Math.abs(fuelPerLapKg!.mean - 1.92)).toBeLessThan(0.01);
      // Out-lap 22 % and in-lap 15 % slower than the fastest lap, and 20 s in the box.
      expect(Math.abs(pitLossMs!.mean - (97_000 * 2.37 + 20_000 - 2 * lapMs!))).toBeLessThan(300);
      expect(pitLossMs!.count).toBe(20);
    });
  }

  test('do not depend on the order of rows, nor on a car that stood for work', () => {
    const rows = rehearsed(4);
    expect(fitPriors('ring', rows.toReversed())).toEqual(fitPriors('ring', rows));
    const stood = fitPriors('ring', madeRun({ cars: 10 }));
    expect(stood.pitLossMs).toBeNull();
  });

  test('say nothing where practice says nothing', () => {
    expect(fitPriors('ring', [])).toMatchObject({
      lapMs: null,
      falloffPerLap: null,
      fuelPerLapKg: null,
      pitLossMs: null,
    });
  });

  test('of a full field and a long run are fitted in seconds', () => {
    const rows = madeRun({ cars: 40, stints: [30, 30] });
    expect(fitPriors('ring', rows).falloffPerLap!.count).toBeGreaterThan(2_000);
  });
});

describe('a session with figures of practice', () => {
  const told = (mean: number) => ({ mean, sd: 0.1, count: 40 });
  const priors = fitPriors('ring', []);
  const open = sessionOpen();

  test('takes those that practice told, and keeps the others', () => {
    const { car } = open;
    const found = withPriors(open, { ...priors, fuelPerLapKg: told(car.fuelPerLapKg * 1.1) });
    expect(found.taken).toEqual(['fuelPerLapKg']);
    expect(found.open.car).toEqual({ ...car, fuelPerLapKg: car.fuelPerLapKg * 1.1 });
    expect(found.open.practice).toMatchObject({ fuelPerLapKg: { mean: car.fuelPerLapKg * 1.1 }, pitLossMs: null });
    expect(open.car).toBe(car);
  });

  test('doubts what is far from the team’s own, and takes anything where the team gave none', () => {
    const far = { ...priors, fuelPerLapKg: told(open.car.fuelPerLapKg * 3), pitLossMs: told(open.car.pitLossMs / 3) };
    expect(withPriors(open, far)).toEqual({ open, taken: [], doubted: ['fuelPerLapKg', 'pitLossMs'] });
    const none = { ...open, car: { ...open.car, pitLossMs: 0 } };
    expect(withPriors(none, far).taken).toEqual(['pitLossMs']);
  });
});

describe('versions', () => {
  /** Queries of the newest: the fake has no order and no limit. */
  class Table extends FakeDynamoDB {
    override async send(command: object): Promise<unknown> {
      if (command.constructor.name !== 'QueryCommand') return super.send(command);
      const pk = (command as { input: { ExpressionAttributeValues: { ':pk': { S: string } } } }).input
        .ExpressionAttributeValues[':pk'].S;
      const found = this.rows('pitwall-reports').filter((row) => row.pk.S === pk);
      return { Items: found.sort((a, b) => (a.sk.S! < b.sk.S! ? 1 : -1)).slice(0, 1) };
    }
  }

  test('count up, are never overwritten, and the same laps make none', async () => {
    const db = new Table();
    const store = { dynamodb: db.client, tableName: 'pitwall-reports' };
    expect(await readPriors(store, 'ring')).toBeUndefined();
    const first = fitPriors('ring', madeRun({ cars: 2 }));
    const second = fitPriors('ring', madeRun({ cars: 3 }));
    expect(await storePriors(store, first, 1_000)).toEqual({ ...first, version: 1, fittedAtMs: 1_000 });
    expect((await storePriors(store, first, 2_000)).version).toBe(1);
    // Two at one time: each gets a version of its own.
    const third = fitPriors('ring', madeRun({ cars: 4 }));
    const both = await Promise.all([storePriors(store, second, 3_000), storePriors(store, third, 3_000)]);
    expect(both.map(({ version }) => version).sort()).toEqual([2, 3]);
    expect(await readPriors(store, 'ring')).toEqual(both.find(({ version }) => version === 3));
    expect(await readPriors(store, 'other')).toBeUndefined();
  });

  test('of another pitwall are refused', async () => {
    const db = new Table();
    const store = { dynamodb: db.client, tableName: 'pitwall-reports' };
    db.tables.set(
      'pitwall-reports',
      new Map([['x', { pk: { S: 'priors#ring' }, sk: { S: '1' }, model: { S: '{"v":2}' } }]]),
    );
    await expect(readPriors(store, 'ring')).rejects.toMatchObject({ code: 'PW-REPORT-PRIORS' });
  });
});
