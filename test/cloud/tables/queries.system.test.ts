import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDBClient } from '#cloud/clients.js';
import { examine } from '#cloud/load/examine.js';
import { loadFile } from '#cloud/load/load.js';
import { refuseOwned } from '#cloud/load/runs.js';
import { TableLoader } from '#cloud/load/table-loader.js';
import { openTarget, targetTable } from '#cloud/load/target-table.js';
import { type LocalAws, startLocalAws } from '#cloud/local/services.js';
import { ensureTable } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { acquireLease } from '#cloud/streams/lease.js';
import { eventKeys, lapOfField, queryKeys, raceKeys, readSamples } from '#cloud/tables/queries.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test' };
const REGION = 'us-east-1';
const START = Date.UTC(2026, 10, 20, 14);

describe('tables that were loaded', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-tables-'));
  let aws: LocalAws;
  let dynamodb: DynamoDBClient;

  beforeAll(async () => {
    aws = await startLocalAws({
      dataDir: join(folder, 'aws'),
      port: 0,
      credentials: CREDENTIALS,
      region: REGION,
      raceClock: wallClock,
      wallClock,
      log: silentLog,
    });
    dynamodb = await createDynamoDBClient({
      region: REGION,
      credentials: CREDENTIALS,
      endpoints: { dynamodb: aws.url },
    });
    await ensureTable(dynamodb, tables.state);
  });
  afterAll(async () => {
    dynamodb.destroy();
    await aws.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function load(name: string, text: string, tablePerRun = false) {
    const path = join(folder, name);
    writeFileSync(path, text);
    const examined = await examine(path, { startMs: START });
    const target = await openTarget(dynamodb, targetTable(examined.schema.kind, 'p1', tablePerRun));
    const tableNames = { [target.key]: target.table.name, state: tables.state.name };
    const loader = new TableLoader({ dynamodb, tableNames, log: silentLog, wallClock, random: seededRandom(1) });
    const summary = await loadFile({
      examined,
      run: 'p1',
      loader,
      checkpointPath: `${path}.checkpoint`,
      rejectPath: `${path}.rejects`,
      again: false,
      signal: new AbortController().signal,
      wallClock,
      onProgress: () => {},
    });
    return { summary, target };
  }

  it('give a whole race by its keys, and one lap of the field by the index', async () => {
    const cars = Array.from({ length: 20 }, (_, i) => String(i + 1));
    const rows = Array.from({ length: 15 }, (_, lap) => cars.map((car) => `${car},${lap + 1},9${lap % 10}.5`)).flat();
    const { summary } = await load('laps.csv', `car,lap,lap_time\n${rows.join('\n')}\n`);
    expect(summary).toMatchObject({ state: 'loaded', taken: 300, items: 301 });
    const found = await queryKeys(dynamodb, tables.laps.name, raceKeys('p1', cars, ['lap', 'stop']));
    expect(found.map((items) => items.length)).toEqual([...cars.map(() => 15), ...cars.map(() => 0)]);
    expect(found[4].map(({ entry, lap }) => `${entry.S} ${lap.N}`)[2]).toBe('5 3');
    const lap = await lapOfField(dynamodb, 'p1', 7);
    expect(lap.map(({ entry }) => entry.S!).sort()).toEqual([...cars].sort());
  });

  it('give samples of a span, also out of a table of the run’s own', async () => {
    const rows = Array.from({ length: 6000 }, (_, i) => `${START + i * 200},car-1,${i / 10},${i % 5}`);
    const { target } = await load('wide.csv', `recv_ms,thing,speed,gear\n${rows.join('\n')}\n`, true);
    expect(target.table.name).toBe('pitwall-samples-p1');
    const wanted = { run: 'p1', thing: 'car-1', channel: 'speed', tableName: target.table.name };
    const span = await readSamples(dynamodb, { ...wanted, fromMs: START + 700_100, toMs: START + 700_900 });
    expect(span).toEqual({
      timesMs: [700_200, 700_400, 700_600, 700_800].map((ms) => START + ms),
      values: [350.1, 350.2, 350.3, 350.4],
    });
    const all = await readSamples(dynamodb, { ...wanted, fromMs: START, toMs: START + 2e6 });
    expect(all.values).toEqual(rows.map((_, i) => i / 10));
  });

  it('keep a race that an engine has had from the loader', async () => {
    await expect(refuseOwned(dynamodb, tables.state.name, 'r1')).resolves.toBeUndefined();
    const options = {
      dynamodb,
      tableName: tables.state.name,
      key: 'race#r1',
      owner: 'engine',
      log: silentLog,
      wallClock,
    };
    const lease = await acquireLease(options, new AbortController().signal);
    await lease?.release();
    await expect(refuseOwned(dynamodb, tables.state.name, 'r1')).rejects.toMatchObject({ code: 'PW-LOAD-OWNED' });
  });

  it('have keys of each day that a race touches', () => {
    const fromMs = Date.UTC(2026, 10, 20, 22);
    expect(eventKeys({ fromMs, toMs: fromMs + 4 * 3_600_000 }, ['lap'], ['car-1'])).toEqual([
      '20261120#lap#car-1',
      '20261121#lap#car-1',
    ]);
  });
});
