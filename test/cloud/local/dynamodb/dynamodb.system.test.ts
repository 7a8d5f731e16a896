import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { provision } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { ManualClock } from '#wire/clock.js';
import { refusal, startIn, stockClients, testFolder, UNTHROTTLED } from '../local-aws.js';

const folder = testFolder();
const raceClock = new ManualClock(Date.UTC(2026, 10, 21));
const TableName = tables.laps.name;
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let dynamodb: DynamoDBClient;

async function open(): Promise<void> {
  aws = await startIn(folder.path, { raceClock, tableLimits: UNTHROTTLED });
  clients = stockClients(aws.url);
  dynamodb = clients.dynamodb;
  await provision(clients, { streams: {}, tables });
}

async function close(): Promise<void> {
  clients.destroy();
  await aws.close();
}

beforeAll(open);
afterAll(async () => {
  await close();
  folder.remove();
});

const key = (pk: string, sk = '1') => ({ pk: { S: pk }, sk: { S: sk } });
const put = (Item: Record<string, { S: string } | { N: string }>, more = {}) =>
  dynamodb.send(new PutItemCommand({ TableName, Item, ...more }));
const byLap = async (lap: string) => {
  const input = {
    TableName,
    IndexName: 'byLap',
    KeyConditionExpression: 'byLap = :l',
    ExpressionAttributeValues: { ':l': { S: lap } },
  };
  return (await dynamodb.send(new QueryCommand(input))).Items!.map((item) => item.pk.S);
};

describe('items', () => {
  it('keep 38 digits', async () => {
    const n = { N: '12345678901234567890123456789012345678' };
    await put({ ...key('digits'), n });
    expect((await dynamodb.send(new GetItemCommand({ TableName, Key: key('digits') }))).Item!.n).toEqual(n);
  });

  it('are written on a condition by one of many at once', async () => {
    const attempts = Array.from({ length: 20 }, (_, i) =>
      refusal(put({ ...key('fence'), owner: { N: String(i) } }, { ConditionExpression: 'attribute_not_exists(pk)' })),
    );
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'ConditionalCheckFailedException')).toHaveLength(19);
  });

  it('that fail a condition come back with the refusal when asked for', async () => {
    await put({ ...key('held'), fence: { N: '7' } });
    const condition = { ConditionExpression: 'fence < :mine', ExpressionAttributeValues: { ':mine': { N: '7' } } };
    const silent = await put(key('held'), condition).catch((error: unknown) => error);
    expect(silent).toBeInstanceOf(ConditionalCheckFailedException);
    expect(silent).toMatchObject({ message: 'The conditional request failed', Item: undefined });
    const telling = await put(key('held'), { ...condition, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }).catch(
      (error: unknown) => error,
    );
    expect(telling).toMatchObject({ Item: { ...key('held'), fence: { N: '7' } } });
  });

  it('take copies of their own parts', async () => {
    await put({ ...key('copies'), m: { M: { x: { N: '1' } } } as never });
    const { Attributes } = await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: key('copies'),
        UpdateExpression: 'SET m.y = m, n = if_not_exists(m, :n), m.x = :n',
        ExpressionAttributeValues: { ':n': { N: '2' } },
        ReturnValues: 'ALL_NEW',
      }),
    );
    const before = { M: { x: { N: '1' } } };
    expect(Attributes).toEqual({ ...key('copies'), m: { M: { x: { N: '2' }, y: before } }, n: before });
  });

  it('lose no addition of many at once', async () => {
    const add = () =>
      dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: key('sum'),
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        }),
      );
    await Promise.all(Array.from({ length: 50 }, add));
    expect((await dynamodb.send(new GetItemCommand({ TableName, Key: key('sum') }))).Item!.n.N).toBe('50');
  });

  it('move in their index with each write, and leave it', async () => {
    await put({ ...key('moving'), byLap: { S: 'L1' } });
    await put({ ...key('staying'), byLap: { S: 'L1' } });
    await put({ ...key('moving'), byLap: { S: 'L2' } });
    expect([await byLap('L1'), await byLap('L2')]).toEqual([['staying'], ['moving']]);
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: key('moving') }));
    expect(await byLap('L2')).toEqual([]);
  });

  it('of a batch are found in order, page by page, and each by its index', async () => {
    const requests = Array.from({ length: 25 }, (_, i) => ({
      PutRequest: {
        Item: { ...key('batch', String(i).padStart(2, '0')), text: { S: 'x'.repeat(60_000) }, byLap: { S: `B${i}` } },
      },
    }));
    const { UnprocessedItems } = await dynamodb.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }),
    );
    expect(UnprocessedItems).toEqual({});
    const found: string[] = [];
    let pages = 0;
    let ExclusiveStartKey: Record<string, { S: string }> | undefined;
    do {
      const page = await dynamodb.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :p',
          ExpressionAttributeValues: { ':p': { S: 'batch' } },
          ExclusiveStartKey,
        }),
      );
      found.push(...page.Items!.map((item) => item.sk.S!));
      ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
      pages++;
    } while (ExclusiveStartKey !== undefined);
    expect(found).toEqual(requests.map((_, i) => String(i).padStart(2, '0')));
    expect(pages).toBe(2);
    // One commit for all of them, and none has another's index entry or lacks its own.
    expect(await Promise.all(requests.map((_, i) => byLap(`B${i}`)))).toEqual(requests.map(() => ['batch']));
  });
});

describe('tables', () => {
  it('are those of the resources, made once', async () => {
    await provision(clients, { streams: {}, tables });
    const { TableNames } = await dynamodb.send(new ListTablesCommand({}));
    expect(TableNames).toEqual(
      Object.values(tables)
        .map((table) => table.name)
        .sort(),
    );
  });

  it('that have other keys are a conflict', async () => {
    const other = { name: TableName, partitionKey: 'elsewhere' };
    await expect(provision(clients, { streams: {}, tables: { other } })).rejects.toMatchObject({
      code: 'PW-PROVISION-CONFLICT',
    });
  });

  it('take their items with them, and come back empty', async () => {
    const input = {
      TableName: 'short-lived',
      BillingMode: 'PAY_PER_REQUEST' as const,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
    };
    const status = () => refusal(dynamodb.send(new DescribeTableCommand({ TableName: 'short-lived' })));
    const active = async () =>
      (await dynamodb.send(new DescribeTableCommand({ TableName: 'short-lived' }))).Table!.TableStatus;
    await dynamodb.send(new CreateTableCommand(input));
    await expect.poll(active).toBe('ACTIVE');
    await dynamodb.send(new PutItemCommand({ TableName: 'short-lived', Item: { pk: { S: 'a' } } }));
    await dynamodb.send(new DeleteTableCommand({ TableName: 'short-lived' }));
    await expect.poll(status).toBe('ResourceNotFoundException');
    await dynamodb.send(new CreateTableCommand(input));
    await expect.poll(active).toBe('ACTIVE');
    expect((await dynamodb.send(new ScanCommand({ TableName: 'short-lived' }))).Count).toBe(0);
    await dynamodb.send(new DeleteTableCommand({ TableName: 'short-lived' }));
  });

  it('expire their items on the race clock', async () => {
    const { name, ttl } = tables.events;
    const { TimeToLiveDescription } = await dynamodb.send(new DescribeTimeToLiveCommand({ TableName: name }));
    expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: ttl });
    const expiry = (seconds: number) => ({ [ttl!]: { N: String(raceClock.nowMs() / 1000 + seconds) } });
    await dynamodb.send(new PutItemCommand({ TableName: name, Item: { ...key('soon'), ...expiry(60) } }));
    await dynamodb.send(new PutItemCommand({ TableName: name, Item: { ...key('later'), ...expiry(6_000) } }));
    raceClock.advance(61_000);
    const left = async () =>
      (await dynamodb.send(new ScanCommand({ TableName: name }))).Items!.map((item) => item.pk.S);
    await expect.poll(left, { timeout: 10_000 }).toEqual(['later']);
  });

  it('refuse what is not served, by name', async () => {
    const table = { TableName, DeletionProtectionEnabled: true };
    expect(await refusal(dynamodb.send(new UpdateTableCommand(table)))).toBe('ValidationException');
    const statement = new ExecuteStatementCommand({ Statement: `SELECT * FROM "${TableName}"` });
    expect(await refusal(dynamodb.send(statement))).toBe('UnknownOperationException');
    const twice = { TableName: tables.events.name, TimeToLiveSpecification: { Enabled: true, AttributeName: 'other' } };
    expect(await refusal(dynamodb.send(new UpdateTimeToLiveCommand(twice)))).toBe('ValidationException');
  });

  it('are there after a restart, with items and indexes', async () => {
    await put({ ...key('kept'), byLap: { S: 'L9' } });
    await close();
    await open();
    expect(await byLap('L9')).toEqual(['kept']);
  });
});
