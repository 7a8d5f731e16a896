/** kill −9 in the middle of writing: an item and its stream record are there together or not at all. */
import { randomInt } from 'node:crypto';
import { ScanCommand, TransactWriteItemsCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { startIn, startToBeKilled, stockClients, testFolder, UNTHROTTLED } from '../local-aws.js';
import { createTable, readAll } from './table-streams.js';

/** Shards roll while the server is being killed. */
const ROLL_MS = 100;
const ITEMS = 12;
const seed = randomInt(2 ** 32);
let server: Awaited<ReturnType<typeof startToBeKilled>> | undefined;

afterEach(() => server?.kill());

it(`image and record are never apart, and nothing acknowledged is lost (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const folder = testFolder();
  server = await startToBeKilled(folder.path, {
    tableLimits: UNTHROTTLED,
    tableStreamLimits: { rollMs: ROLL_MS, callRates: {} },
  });
  const clients = stockClients(server.url);
  const arn = await createTable(clients.dynamodb, 'items', 'NEW_AND_OLD_IMAGES');
  const anyKey = () => ({ pk: { S: `item ${Math.floor(random() * ITEMS)}` } });
  const acknowledged = new Map<string, number>();
  const addition = (Key: { pk: { S: string } }) => ({
    TableName: 'items',
    Key,
    UpdateExpression: 'ADD n :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  });
  const count = (...keys: string[]) => {
    for (const key of keys) acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1);
  };
  const addOne = async (): Promise<void> => {
    for (;;) {
      const key = anyKey();
      await clients.dynamodb.send(new UpdateItemCommand(addition(key)));
      count(key.pk.S);
    }
  };
  const addTwo = async (): Promise<void> => {
    for (;;) {
      const [a, b] = [anyKey(), anyKey()];
      if (a.pk.S === b.pk.S) continue;
      const TransactItems = [{ Update: addition(a) }, { Update: addition(b) }];
      await clients.dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
      count(a.pk.S, b.pk.S);
    }
  };
  const writers = Promise.allSettled([addOne(), addOne(), addOne(), addTwo(), addTwo()]);
  const total = () => [...acknowledged.values()].reduce((sum, n) => sum + n, 0);
  await expect.poll(total, { timeout: 20_000 }).toBeGreaterThan(300);
  await server.kill();
  await writers;
  clients.destroy();

  const aws = await startIn(folder.path, { tableStreamLimits: { callRates: {} } });
  const after = stockClients(aws.url);
  const { Items } = await after.dynamodb.send(new ScanCommand({ TableName: 'items', ConsistentRead: true }));
  const images = new Map<string, unknown>();
  for (const { dynamodb: change } of await readAll(after.dynamodbStreams, arn)) {
    const pk = change!.Keys!.pk.S!;
    // Each record continues the one before: none is missing, none is there twice.
    expect(change!.OldImage).toEqual(images.get(pk));
    images.set(pk, change!.NewImage);
  }
  expect(images).toEqual(new Map(Items!.map((item) => [item.pk.S!, item])));
  for (const [pk, n] of acknowledged) {
    const kept = Number(Items!.find((item) => item.pk.S === pk)?.n.N);
    expect(kept).toBeGreaterThanOrEqual(n);
    // What was under way when the server died may be there or not: at most one write of each of the five.
    expect(kept).toBeLessThanOrEqual(n + 5);
  }
  after.destroy();
  await aws.close();
  folder.remove();
});
