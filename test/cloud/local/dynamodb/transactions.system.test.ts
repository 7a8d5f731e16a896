/** Transactions through the stock client. */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { ManualClock } from '#wire/clock.js';
import { refusal, startIn, stockClients, testFolder, UNTHROTTLED } from '../local-aws.js';
import { createTable, readAll } from './table-streams.js';

const folder = testFolder();
const raceClock = new ManualClock(Date.UTC(2026, 10, 21));
const TableName = 'accounts';
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let dynamodb: DynamoDBClient;
let streamArn: string;

async function open(): Promise<void> {
  aws = await startIn(folder.path, { raceClock, tableLimits: UNTHROTTLED });
  clients = stockClients(aws.url);
  ({ dynamodb } = clients);
}

beforeAll(async () => {
  await open();
  streamArn = await createTable(dynamodb, TableName, 'NEW_IMAGE');
});
afterAll(async () => {
  clients.destroy();
  await aws.close();
  folder.remove();
});

type Items = TransactWriteItemsCommandInput['TransactItems'];
type Item = Record<string, AttributeValue>;

const key = (pk: string) => ({ pk: { S: pk } });
const put = (pk: string, more: Item = {}) => ({ Put: { TableName, Item: { ...key(pk), ...more } } });
const add = (pk: string, n: number) => ({
  Update: {
    TableName,
    Key: key(pk),
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: String(n) } },
  },
});
const write = (TransactItems: Items, ClientRequestToken?: string) =>
  dynamodb.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
const get = async (pk: string) =>
  (await dynamodb.send(new GetItemCommand({ TableName, Key: key(pk), ConsistentRead: true }))).Item;
async function cancellation(items: Items): Promise<TransactionCanceledException> {
  const error = await write(items).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TransactionCanceledException);
  return error as TransactionCanceledException;
}

describe('a transaction of writes', () => {
  it('does all of its four kinds, and writes a record for each change', async () => {
    await write([put('old'), put('counted', { n: { N: '1' } })]);
    const { ConsumedCapacity } = await dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          put('new'),
          add('counted', 41),
          { Delete: { TableName, Key: key('old') } },
          { ConditionCheck: { TableName, Key: key('absent'), ConditionExpression: 'attribute_not_exists(pk)' } },
        ],
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    expect([await get('new'), await get('counted'), await get('old'), await get('absent')]).toEqual([
      key('new'),
      { ...key('counted'), n: { N: '42' } },
      undefined,
      undefined,
    ]);
    // Twice what they would take alone.
    expect(ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 8, WriteCapacityUnits: 8 }]);
    const changes = (await readAll(clients.dynamodbStreams, streamArn)).map(
      ({ eventName, dynamodb: change }) => `${eventName} ${change!.Keys!.pk.S}`,
    );
    expect(changes.sort()).toEqual(['INSERT counted', 'INSERT new', 'INSERT old', 'MODIFY counted', 'REMOVE old']);
  });

  it('does nothing when one cannot be done, and says which and why', async () => {
    await write([put('held', { fence: { N: '7' } })]);
    const before = await readAll(clients.dynamodbStreams, streamArn);
    const condition = { ConditionExpression: 'fence < :f', ExpressionAttributeValues: { ':f': { N: '7' } } };
    const error = await cancellation([
      put('untouched'),
      {
        ConditionCheck: {
          TableName,
          Key: key('held'),
          ...condition,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
      { Put: { TableName, Item: { ...key('silent') }, ConditionExpression: 'attribute_exists(pk)' } },
      { ...add('held-text', 1) },
    ]);
    expect(error.message).toBe(
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ConditionalCheckFailed, None]',
    );
    expect(error.CancellationReasons).toEqual([
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { ...key('held'), fence: { N: '7' } },
      },
      { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      { Code: 'None' },
    ]);
    expect([await get('untouched'), await get('held-text')]).toEqual([undefined, undefined]);
    expect(await readAll(clients.dynamodbStreams, streamArn)).toEqual(before);
  });

  it('names what an item does not allow as the reason', async () => {
    await write([put('texts', { n: { S: 'not a number' } })]);
    const error = await cancellation([put('beside'), add('texts', 1)]);
    expect(error.CancellationReasons).toEqual([
      { Code: 'None' },
      { Code: 'ValidationError', Message: 'An operand in the update expression has an incorrect data type' },
    ]);
    const wrongKey = await cancellation([put('beside'), { Delete: { TableName, Key: { other: { S: 'a' } } } }]);
    expect(wrongKey.CancellationReasons![1]).toMatchObject({ Code: 'ValidationError' });
    expect(await get('beside')).toBeUndefined();
  });

  it('is refused as a whole when it breaks a bound', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => put(`many ${i}`));
    expect(await refusal(write(many(100)))).toBe('ok');
    expect(await refusal(write(many(101)))).toBe('ValidationException');
    expect(await refusal(write([]))).toBe('ValidationException');
    await expect(write([put('twice'), { Delete: { TableName, Key: key('twice') } }])).rejects.toThrow(
      'Transaction request cannot include multiple operations on one item',
    );
    expect(await refusal(write([{ ...put('a'), Delete: { TableName, Key: key('b') } }]))).toBe('ValidationException');
    expect(await refusal(write([{ Put: { TableName: 'nowhere', Item: key('a') } }]))).toBe('ResourceNotFoundException');
    const text = { S: 'x'.repeat(390_000) };
    const large = (count: number) => Array.from({ length: count }, (_, i) => put(`large ${i}`, { text }));
    expect(await refusal(write(large(10)))).toBe('ok');
    expect(await refusal(write(large(11)))).toBe('ValidationException');
  });

  it('is made once for a token, for ten minutes of the race, also across a restart', async () => {
    const items = [add('once', 1)];
    await write(items, 'token-1');
    await write(items, 'token-1');
    expect((await get('once'))!.n.N).toBe('1');
    expect(await refusal(write([add('once', 2)], 'token-1'))).toBe('IdempotentParameterMismatchException');
    clients.destroy();
    await aws.close();
    await open();
    await write(items, 'token-1');
    expect((await get('once'))!.n.N).toBe('1');
    // One that was cancelled may be tried again.
    const onlyAfter = [
      { ConditionCheck: { TableName, Key: key('flag'), ConditionExpression: 'attribute_exists(pk)' } },
      add('once', 10),
    ];
    expect(await refusal(write(onlyAfter, 'token-2'))).toBe('TransactionCanceledException');
    await write([put('flag')]);
    await write(onlyAfter, 'token-2');
    expect((await get('once'))!.n.N).toBe('11');
    raceClock.advance(10 * 60_000 + 1);
    await write(items, 'token-1');
    expect((await get('once'))!.n.N).toBe('12');
  });
});

describe('transactions and others at the same time', () => {
  it('lose no addition, to transactions in other orders nor to single writes', async () => {
    const names = ['x', 'y', 'z'];
    const transactions = Array.from({ length: 30 }, (_, i) => {
      const turned = [...names.slice(i % 3), ...names.slice(0, i % 3)];
      return write(turned.map((name) => add(name, 1)));
    });
    const singles = Array.from({ length: 30 }, (_, i) =>
      dynamodb.send(new UpdateItemCommand(add(names[i % 3], 1).Update)),
    );
    await Promise.all([...transactions, ...singles]);
    expect(await Promise.all(names.map(async (name) => (await get(name))!.n.N))).toEqual(['40', '40', '40']);
  });

  it('are never seen half', async () => {
    await write([put('left', { n: { N: '0' } }), put('right', { n: { N: '0' } })]);
    let isWriting = true;
    const writer = (async () => {
      for (let i = 0; i < 60; i++) await write([add('left', 1), add('right', -1)]);
      isWriting = false;
    })();
    const seen: number[] = [];
    const reads = [{ Get: { TableName, Key: key('left') } }, { Get: { TableName, Key: key('right') } }];
    while (isWriting) {
      const { Responses } = await dynamodb.send(new TransactGetItemsCommand({ TransactItems: reads }));
      const [left, right] = Responses!.map(({ Item: item }) => Number(item!.n.N));
      expect(left + right).toBe(0);
      seen.push(left);
    }
    await writer;
    expect(seen.at(-1)).toBeGreaterThan(seen[0]);
  });
});

describe('a transaction of reads', () => {
  it('answers in the order of the request, with a hole for what is absent', async () => {
    await dynamodb.send(new PutItemCommand({ TableName, Item: { ...key('read'), a: { S: '1' }, b: { S: '2' } } }));
    const { Responses } = await dynamodb.send(
      new TransactGetItemsCommand({
        TransactItems: [
          { Get: { TableName, Key: key('nobody') } },
          { Get: { TableName, Key: key('read'), ProjectionExpression: '#a', ExpressionAttributeNames: { '#a': 'a' } } },
        ],
      }),
    );
    expect(Responses).toEqual([{}, { Item: { a: { S: '1' } } }]);
    const same = [{ Get: { TableName, Key: key('read') } }, { Get: { TableName, Key: key('read') } }];
    expect(await refusal(dynamodb.send(new TransactGetItemsCommand({ TransactItems: same })))).toBe(
      'ValidationException',
    );
  });
});
