import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  ThrottlingException,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { ManualClock } from '#wire/clock.js';
import { refusal, startIn, stockClients, testFolder } from '../local-aws.js';
import { active } from './table-streams.js';

/** Race time stands still but when a test moves it: what is refused once is refused always. */
const raceClock = new ManualClock(Date.UTC(2026, 10, 21));
const folder = testFolder();
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
const send: ReturnType<typeof stockClients>['dynamodb']['send'] = (command: never) => clients.dynamodb.send(command);

beforeAll(async () => {
  aws = await startIn(folder.path, { raceClock });
  clients = stockClients(aws.url);
});
afterAll(async () => {
  clients.destroy();
  await aws.close();
  folder.remove();
});

const GSI = [{ AttributeName: 'g', KeyType: 'HASH' as const }];
const ALL = { ProjectionType: 'ALL' as const };
const units = (ReadCapacityUnits: number, WriteCapacityUnits: number) => ({ ReadCapacityUnits, WriteCapacityUnits });
const kb = (count: number) => ({ S: 'x'.repeat(count * 1_024 - 10) });
const pk = (S: string) => ({ pk: { S } });
const text = (count: number) => `k${count}`;

/** A table with the key `pk`; on demand unless it is given capacity. */
async function table(TableName: string, more: Partial<CreateTableCommandInput> = {}): Promise<void> {
  const hasIndex = more.GlobalSecondaryIndexes !== undefined;
  await send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: ['pk', ...(hasIndex ? ['g'] : [])].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      BillingMode: more.ProvisionedThroughput === undefined ? 'PAY_PER_REQUEST' : 'PROVISIONED',
      ...more,
    }),
  );
  await active(clients.dynamodb, TableName);
}

const put = (TableName: string, Item: Record<string, { S: string }>) => send(new PutItemCommand({ TableName, Item }));

/** How many of the calls, one after the other, are served before the first that is not; and that one's error. */
async function until(call: (i: number) => Promise<unknown>, max = 5_000): Promise<{ served: number; error?: Error }> {
  for (let i = 0; i < max; i++) {
    try {
      await call(i);
    } catch (error) {
      return { served: i, error: error as Error };
    }
  }
  return { served: max };
}

describe('a provisioned table', () => {
  it('writes five minutes of its capacity at once, then what comes in a second, and says which limit it is', async () => {
    await table('burst', { ProvisionedThroughput: units(1, 1) });
    // Ten units each: thirty are the burst of 300.
    const { served, error } = await until((i) => put('burst', { ...pk(text(i)), text: kb(10) }));
    expect(served).toBe(30);
    expect(error).toBeInstanceOf(ProvisionedThroughputExceededException);
    expect((error as ProvisionedThroughputExceededException).ThrottlingReasons).toEqual([
      { reason: 'TableWriteProvisionedThroughputExceeded', resource: expect.stringMatching(/:table\/burst$/) },
    ]);
    raceClock.advance(1_000);
    expect((await until(() => put('burst', pk('a')))).served).toBe(1);
    raceClock.advance(300_000);
    expect((await until((i) => put('burst', { ...pk(text(i)), text: kb(10) }))).served).toBe(30);
  });

  it('reads as much as the size says, a strongly consistent read twice', async () => {
    await table('reads', { ProvisionedThroughput: units(1, 10) });
    await put('reads', { ...pk('a'), text: kb(8) });
    const read = (ConsistentRead: boolean) => () =>
      send(new GetItemCommand({ TableName: 'reads', Key: pk('a'), ConsistentRead }));
    expect((await until(read(true))).served).toBe(150);
    raceClock.advance(300_000);
    const { served, error } = await until(read(false));
    expect(served).toBe(300);
    expect(error).toMatchObject({ ThrottlingReasons: [{ reason: 'TableReadProvisionedThroughputExceeded' }] });
  });

  it('lets a Scan overdraw what is left, and pays that back first', async () => {
    await table('scans', { ProvisionedThroughput: units(10, 1_000) });
    for (let i = 0; i < 3; i++) await put('scans', { ...pk(text(i)), text: kb(300) });
    raceClock.advance(1_000);
    const scan = () =>
      send(new ScanCommand({ TableName: 'scans', ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' }));
    expect((await scan()).ConsumedCapacity).toEqual({ TableName: 'scans', CapacityUnits: 225 });
    // 3,000 at first: 13 × 225 leave 75, the 14th owes 150, which are 15 seconds.
    expect((await until(scan)).served).toBe(13);
    raceClock.advance(15_000);
    expect(await refusal(scan())).toBe('ProvisionedThroughputExceededException');
    raceClock.advance(1_000);
    expect(await refusal(scan())).toBe('ok');
  });

  it('gives one key no more than a partition has, whatever the table has', async () => {
    await table('hot', { ProvisionedThroughput: units(10_000, 5_000) });
    const { served, error } = await until(() => put('hot', { ...pk('one'), text: kb(100) }));
    expect(served).toBe(10);
    expect(error).toMatchObject({ ThrottlingReasons: [{ reason: 'TableWriteKeyRangeThroughputExceeded' }] });
    const get = () => send(new GetItemCommand({ TableName: 'hot', Key: pk('one'), ConsistentRead: true }));
    expect((await until(get)).served).toBe(3_000 / 25);
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, i) => refusal(put('hot', { ...pk(text(i)), text: kb(100) }))),
    );
    expect(others).toContain('ok');
  });

  it('takes its new capacity from UpdateTable on, lowered four times a day and then once an hour', async () => {
    await table('changed', { ProvisionedThroughput: units(1, 100) });
    const change = async (WriteCapacityUnits: number) => {
      const name = await refusal(
        send(new UpdateTableCommand({ TableName: 'changed', ProvisionedThroughput: units(1, WriteCapacityUnits) })),
      );
      await active(clients.dynamodb, 'changed');
      return name;
    };
    for (const lower of [50, 20, 10, 1]) expect(await change(lower)).toBe('ok');
    expect((await until((i) => put('changed', { ...pk(text(i)), text: kb(10) }))).served).toBe(30);
    expect(await change(10)).toBe('ok');
    expect(await change(5)).toBe('LimitExceededException');
    raceClock.advance(3_600_000);
    expect(await change(5)).toBe('ok');
    expect(await change(4)).toBe('LimitExceededException');
    raceClock.advance(24 * 3_600_000);
    expect(await change(4)).toBe('ok');
  });
});

describe('a table on demand', () => {
  it('takes 1,000 writes a second on one key, 4,000 on many', async () => {
    await table('demand');
    const onOneKey = await until(() => put('demand', { ...pk('one'), text: kb(100) }));
    expect(onOneKey.served).toBe(10);
    expect(onOneKey.error).toBeInstanceOf(ThrottlingException);
    expect((onOneKey.error as ThrottlingException).throttlingReasons).toMatchObject([
      { reason: 'TableWriteKeyRangeThroughputExceeded' },
    ]);
    const inOneSecond = async () => {
      let served = 0;
      for (let i = 0; i < 200; i++) {
        if ((await refusal(put('demand', { ...pk(text(i)), text: kb(100) }))) === 'ok') served++;
      }
      return served * 100;
    };
    raceClock.advance(1_000);
    expect(await inOneSecond()).toBe(4_000);
  });
});

describe('a global index', () => {
  it('refuses the writes of its table when it has not enough, but none that it has no part in', async () => {
    const IndexName = 'byG';
    const ProvisionedThroughput = units(1, 1);
    await table('backPressure', {
      ProvisionedThroughput: units(1, 1_000),
      GlobalSecondaryIndexes: [{ IndexName, KeySchema: GSI, Projection: ALL, ProvisionedThroughput }],
    });
    const { served, error } = await until((i) => put('backPressure', { ...pk(text(i)), g: { S: 'a' }, text: kb(30) }));
    expect(served).toBe(10);
    expect(error).toMatchObject({
      ThrottlingReasons: [
        {
          reason: 'IndexWriteProvisionedThroughputExceeded',
          resource: expect.stringMatching(/backPressure\/index\/byG$/),
        },
      ],
    });
    expect(await refusal(put('backPressure', { ...pk('other'), text: kb(30) }))).toBe('ok');
  });
});

describe('a batch', () => {
  it('leaves unprocessed what is too much, and fails when that is everything', async () => {
    await table('batches', { ProvisionedThroughput: units(1, 1) });
    const request = (from: number) =>
      Array.from({ length: 20 }, (_, i) => ({ PutRequest: { Item: { ...pk(text(from + i)), text: kb(20) } } }));
    const write = (from: number) => send(new BatchWriteItemCommand({ RequestItems: { batches: request(from) } }));
    const { UnprocessedItems } = await write(0);
    expect(UnprocessedItems!.batches).toEqual(request(0).slice(15));
    expect(await refusal(write(0))).toBe('ProvisionedThroughputExceededException');
    const there = await send(new ScanCommand({ TableName: 'batches', Select: 'COUNT' }));
    expect(there.Count).toBe(15);

    raceClock.advance(300_000);
    const Keys = Array.from({ length: 100 }, (_, i) => pk(text(i)));
    const RequestItems = { batches: { Keys, ConsistentRead: true, ProjectionExpression: 'pk' } };
    const read = () => send(new BatchGetItemCommand({ RequestItems }));
    // 15 × 5 units and 85 × 1 are there once; of the 300, 140 are left for the next.
    const first = await read();
    expect(first.Responses!.batches).toHaveLength(15);
    expect(first.UnprocessedKeys).toEqual({});
    await read();
    raceClock.advance(30_000);
    const { UnprocessedKeys } = await read();
    expect(UnprocessedKeys!.batches).toMatchObject({ ConsistentRead: true, ProjectionExpression: 'pk' });
    expect(UnprocessedKeys!.batches.Keys!.length).toBeGreaterThan(0);
    expect(await refusal(read())).toBe('ProvisionedThroughputExceededException');
  });
});

describe('a transaction', () => {
  it('takes twice what its actions would, and says that it was throttled', async () => {
    await table('both', { ProvisionedThroughput: units(1, 1) });
    const write = (i: number) =>
      send(
        new TransactWriteItemsCommand({
          TransactItems: [{ Put: { TableName: 'both', Item: { ...pk(text(i)), text: kb(10) } } }],
        }),
      );
    const { served, error } = await until(write);
    expect(served).toBe(15);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect((error as TransactionCanceledException).CancellationReasons).toMatchObject([
      { Code: 'ProvisionedThroughputExceeded' },
    ]);
    const TransactItems = [{ Get: { TableName: 'both', Key: pk('k0') } }];
    // 10 KB are three units of 4 KB, twice.
    expect((await until(() => send(new TransactGetItemsCommand({ TransactItems })))).served).toBe(50);
  });
});

describe('ReturnConsumedCapacity', () => {
  const IndexName = 'byG';
  const TableName = 'told';
  const ReturnConsumedCapacity = 'INDEXES';
  const told = (table: number, index?: number) => ({
    TableName,
    CapacityUnits: table + (index ?? 0),
    Table: { CapacityUnits: table },
    ...(index === undefined ? {} : { GlobalSecondaryIndexes: { [IndexName]: { CapacityUnits: index } } }),
  });
  const Item = { ...pk('a'), g: { S: 'g' }, text: { S: 'x'.repeat(2_900) } };

  beforeAll(() =>
    table(TableName, {
      GlobalSecondaryIndexes: [{ IndexName, KeySchema: GSI, Projection: { ProjectionType: 'KEYS_ONLY' } }],
    }),
  );

  it('counts a write in each index that it changes', async () => {
    const write = async (item: Record<string, { S: string }>) =>
      (await send(new PutItemCommand({ TableName, Item: item, ReturnConsumedCapacity }))).ConsumedCapacity;
    expect(await write(Item)).toEqual(told(3, 1));
    // Not projected: the index is as it was.
    expect(await write({ ...Item, text: kb(1) })).toEqual(told(3));
    // Another key in the index: one deletion, one entry.
    expect(await write({ ...Item, g: { S: 'h' } })).toEqual(told(3, 2));
    const Key = pk('a');
    const update = new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: 'SET n = :n',
      ExpressionAttributeValues: { ':n': { N: '1' } },
      ReturnConsumedCapacity,
    });
    expect((await send(update)).ConsumedCapacity).toEqual(told(3));
    expect((await send(new DeleteItemCommand({ TableName, Key, ReturnConsumedCapacity }))).ConsumedCapacity).toEqual(
      told(3, 1),
    );
    expect((await send(new DeleteItemCommand({ TableName, Key, ReturnConsumedCapacity }))).ConsumedCapacity).toEqual(
      told(1),
    );
  });

  it('counts a read by the size of what was looked at', async () => {
    for (let i = 0; i < 5; i++) await put(TableName, { ...Item, ...pk(text(i)) });
    const get = new GetItemCommand({ TableName, Key: pk('k0'), ReturnConsumedCapacity: 'TOTAL' });
    expect((await send(get)).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 0.5 });
    const scan = { TableName, ReturnConsumedCapacity, FilterExpression: 'attribute_exists(nothing)' } as const;
    // Five of 2.9 KB are 14.5 KB.
    expect((await send(new ScanCommand(scan))).ConsumedCapacity).toEqual(told(2));
    expect((await send(new ScanCommand({ ...scan, ConsistentRead: true, Limit: 2 }))).ConsumedCapacity).toEqual(
      told(2),
    );
    const query = new QueryCommand({
      TableName,
      IndexName,
      KeyConditionExpression: 'g = :g',
      ExpressionAttributeValues: { ':g': { S: 'g' } },
      ReturnConsumedCapacity,
    });
    expect((await send(query)).ConsumedCapacity).toEqual(told(0, 0.5));
    const both = new TransactGetItemsCommand({
      TransactItems: [{ Get: { TableName, Key: pk('k0') } }, { Get: { TableName, Key: pk('none') } }],
      ReturnConsumedCapacity: 'TOTAL',
    });
    expect((await send(both)).ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 4, ReadCapacityUnits: 4 }]);
  });
});
