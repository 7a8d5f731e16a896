import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { SourceProcess } from '../../../helpers/source-process.js';
import { createTable } from '../dynamodb/table-streams.js';
import { testFolder } from '../local-aws.js';
import { ACCOUNT, noteTo, type Served, SHORT_SHARDS, serve } from './source-harness.js';

const SCRIPT = fileURLToPath(new URL('./killed-server.ts', import.meta.url));
const RECORDS = 400;
const CARS = 7;

let server: SourceProcess | undefined;

afterEach(() => server?.kill());

/** Nothing is done with before the process that is killed begins. */
const refuse = () => {
  throw new Error('not yet');
};

type Prepare = (prepared: Served) => Promise<string>;

const stream: Prepare = async (prepared) => {
  await prepared.createStream('laps');
  await prepared.put(
    'laps',
    Array.from({ length: RECORDS }, (_, n) => ({ key: `car-${n % CARS}`, text: String(n) })),
  );
  return `arn:aws:kinesis:${ACCOUNT}:stream/laps`;
};

/** Its shards roll while the items are put, and so do those that the killed processes read. */
const table: Prepare = async ({ clients: { dynamodb } }) => {
  const arn = await createTable(dynamodb, 'items', 'NEW_IMAGE');
  for (let n = 0; n < RECORDS; n += CARS) {
    const cars = Array.from({ length: Math.min(CARS, RECORDS - n) }, (_, car) => ({
      PutRequest: { Item: { pk: { S: `car-${car}` }, n: { N: String(n + car) } } },
    }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { items: cars } }));
    if (n % (20 * CARS) === 0) await new Promise((resolve) => setTimeout(resolve, 400));
  }
  return arn;
};

it.each([
  ['stream', stream],
  ["table's stream", table],
] as const)('skips nothing when its process is killed in the middle of a %s', { timeout: 90_000 }, async (...run) => {
  const [, prepare] = run;
  const folder = testFolder();
  const data = join(folder.path, 'data');
  const seenFile = join(folder.path, 'seen');
  const seen = () => (existsSync(seenFile) ? readFileSync(seenFile, 'utf8').split('\n').slice(0, -1) : []);
  const prepared = await serve(data, { note: refuse }, SHORT_SHARDS);
  const EventSourceArn = await prepare(prepared);
  await prepared.aws.eventSources.create({
    FunctionName: 'note',
    EventSourceArn,
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 10,
  });
  await prepared.close();

  server = new SourceProcess(SCRIPT, data, seenFile);
  await expect.poll(() => new Set(seen()).size, { timeout: 30_000, interval: 5 }).toBeGreaterThan(100);
  await server.kill();
  expect(new Set(seen()).size).toBeLessThan(RECORDS);
  const after = await serve(data, { note: noteTo(seenFile) }, SHORT_SHARDS);
  await expect.poll(() => new Set(seen()).size, { timeout: 30_000 }).toBe(RECORDS);
  await after.close();
  // What was stored as done did not come again: at most a batch under way and one just written, of each shard being read.
  const shards = 2;
  expect(seen().length).toBeLessThanOrEqual(RECORDS + 2 * shards * 10);
  // And the first time that each record was seen is in the order of its key.
  const first = [...new Set(seen())].map(Number);
  for (let car = 0; car < CARS; car++) {
    const ofCar = first.filter((n) => n % CARS === car);
    expect(ofCar).toEqual([...ofCar].sort((a, b) => a - b));
  }
  folder.remove();
});
