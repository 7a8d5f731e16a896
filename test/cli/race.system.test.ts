/** The main command as a user runs it, to its audit, and again in the same folder. How it ends otherwise: `race-ends.system.test.ts`. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSheet } from '#device/components/sheet-component.js';
import { RaceDesk, summaryOf } from './race-desk.js';

const desk = new RaceDesk();
afterAll(() => desk.close());

it('runs to the flag in one process, loses nothing, and keeps the folder for the next race, which ends with 6 by its threshold', async () => {
  const flags = [
    'race',
    '--headless',
    '--json',
    '--single',
    '--cars',
    '4',
    '--laps',
    '2',
    '--speed',
    '20',
    '--port',
    '0',
  ];
  const first = desk.run(...flags, '--fail', 'lost>0,dropped>0');
  expect(await first.exit, first.err()).toBe(0);
  const summary = summaryOf(first);
  expect(summary.audit.lost).toBe(0);
  expect(summary.audit.journaled).toBeGreaterThan(50);
  expect(summary.audit.consumed).toBe(summary.audit.journaled);
  expect(summary.audit.durable).toBe(summary.audit.journaled);
  expect(summary.audit.archived).toBe(summary.audit.journaled);
  expect([...summary.finish].sort()).toEqual(['1', '2', '3', '4']);
  expect(summary.latencyMs).toEqual({ sampleToState: null, sampleToScreen: null });

  // The driver's practice sheet, made in the car: the first lap begins on the grid, the second has its sectors.
  const { sectorsMs = [], lapTimeMs } = readSheet(join(desk.data, 'agents/car-2'))!.laps[1];
  expect(sectorsMs).toHaveLength(3);
  expect(sectorsMs.reduce((sum, each) => sum + each)).toBeCloseTo(lapTimeMs, -1);

  const second = desk.run(...flags, '--fail', 'p99>1');
  expect(await second.exit, second.err()).toBe(6);
  expect(second.err()).toContain('p99>1');
  // A new race in the same folder: new boots, so the first one's frames are not counted again.
  expect(summaryOf(second).audit).toMatchObject({ lost: 0, consumed: summaryOf(second).audit.journaled });
  expect(summaryOf(second).finish).toEqual(summary.finish);
});

it('leaves in the bucket what the tables took, with no hole, and the race for analysts', async () => {
  // What the tables took is in the bucket, whole: forwarded to its end, delivered before the services stopped.
  const tables = desk.run('archive', 'tables', '--json');
  expect(await tables.exit, tables.err()).toBe(0);
  const kept = JSON.parse(tables.out[0]).tables as { table: string; shards: { changes: number; holes: unknown[] }[] }[];
  const changesOf = (name: string) =>
    kept.find(({ table }) => table === name)!.shards.reduce((sum, { changes }) => sum + changes, 0);
  expect(kept.flatMap(({ shards }) => shards.flatMap(({ holes }) => holes))).toEqual([]);
  expect(changesOf('pitwall-laps')).toBeGreaterThanOrEqual(4 * 2);
  expect(changesOf('pitwall-events')).toBeGreaterThan(0);

  // And the race is there for analysts, a file a car and the records of the race, unless the stop's 5 s were too short for it.
  const verify = desk.run('archive', 'verify', 'race-1', '--json');
  expect(await verify.exit, verify.err()).toBe(0);
  const verified = JSON.parse(verify.out.at(-1)!);
  expect(verified).toMatchObject({ closed: true, findings: 0 });
  expect([5, undefined]).toContain(verified.exported?.files);
});
