import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDBClient } from '#cloud/clients.js';
import type { LoadProgress, LoadSummary } from '#cloud/load/load.js';
import { tables } from '#cloud/resources.js';
import { queryKeys, raceKeys } from '#cloud/tables/queries.js';
import { Desk, type Running } from './command.js';

const CARS = Array.from({ length: 20 }, (_, i) => String(i + 1));
const LAPS = 80;

type Line = { type: string } & (LoadProgress | LoadSummary);

const linesOf = (out: string): Line[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** Resolves when so many items are in the table; raises when the command ends before. */
function items(load: Running, wanted: number): Promise<void> {
  return new Promise((resolve, reject) => {
    load.child.stdout!.on('data', () => {
      if (linesOf(load.out()).some((line) => line.type === 'progress' && line.items >= wanted)) resolve();
    });
    void load.ended.then(({ code, out, err }) => reject(new Error(`It ended with ${code}: ${err}${out}`)));
  });
}

describe('pitwall load', () => {
  const desk = new Desk();
  const sheet = join(desk.folder, 'laps.csv');
  let env: Record<string, string>;

  beforeAll(async () => {
    const rows = Array.from({ length: LAPS }, (_, lap) => CARS.map((car) => `${car},${lap + 1},9${lap % 10}.5`)).flat();
    rows[7] = '8,one,94.5';
    writeFileSync(sheet, `car,lap,lap_time\n${rows.join('\n')}\n`);
    // Slow enough to be killed in the middle.
    const { ready } = await desk.local(0, '--set', 'local.aws.tables.onDemandWriteUnits=250');
    env = ready.env;
  });
  afterAll(() => desk.close());

  const argv = ['load', sheet, '--run', 'p1', '--start', '2026-11-20T14:00:00Z', '--yes', '--json'];

  it('goes on where it was after kill -9 and after ^C, and loads nothing twice', async () => {
    const killed = desk.start(argv);
    await items(killed, 200);
    killed.child.kill('SIGKILL');
    await killed.ended;

    const stopped = desk.start(argv);
    await items(stopped, 450);
    stopped.child.kill('SIGINT');
    const ended = await stopped.ended;
    expect(ended.code).toBe(130);
    expect(linesOf(ended.out).at(-1)).toMatchObject({ type: 'summary', state: 'interrupted' });

    const last = await desk.run(argv);
    expect(last.code).toBe(0);
    const summary = linesOf(last.out).at(-1) as LoadSummary & Line;
    expect(summary).toMatchObject({ state: 'loaded', rows: 1600, taken: 1599, rejected: 1, rejects: { 'bad-lap': 1 } });

    const dynamodb = await createDynamoDBClient({
      region: env.AWS_REGION,
      credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
      endpoints: { dynamodb: env.AWS_ENDPOINT_URL_DYNAMODB },
    });
    const found = await queryKeys(dynamodb, tables.laps.name, raceKeys('p1', CARS, ['lap']));
    expect(found.map((rows) => rows.length)).toEqual(CARS.map((car) => (car === '8' ? LAPS - 1 : LAPS)));
    dynamodb.destroy();
  });

  it('says what it would do, and ends with a code where it cannot', async () => {
    const shown = await desk.run(['load', sheet, '--dry-run']);
    expect(shown).toMatchObject({
      code: 0,
      out: expect.stringMatching(/laps: a row for each lap → pitwall-laps[\s\S]*give --start/),
    });
    expect(await desk.run(['load', sheet, '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('PW-USAGE-FLAG'),
    });
  });
});
