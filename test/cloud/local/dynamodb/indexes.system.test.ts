/** Indexes that are added to a table that is there, and removed from it. */
import {
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { refusal, startIn, stockClients, testFolder, UNTHROTTLED } from '../local-aws.js';
import { active, createTable } from './table-streams.js';

const folder = testFolder();
const TableName = 'laps';
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let dynamodb: DynamoDBClient;

async function open(): Promise<void> {
  aws = await startIn(folder.path, { tableLimits: UNTHROTTLED });
  clients = stockClients(aws.url);
  ({ dynamodb } = clients);
}

async function close(): Promise<void> {
  clients.destroy();
  await aws.close();
}

beforeAll(async () => {
  await open();
  await createTable(dynamodb, TableName);
});
afterAll(async () => {
  await close();
  folder.remove();
});

const put = (pk: string, lap: { N: string } | { S: string }) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, lap } }));
const update = (change: Partial<UpdateTableCommandInput>) =>
  dynamodb.send(new UpdateTableCommand({ TableName, ...change }));
const lapDefinition = [{ AttributeName: 'lap', AttributeType: 'N' as const }];
const byLap = {
  Create: {
    IndexName: 'byLap',
    KeySchema: [{ AttributeName: 'lap', KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'ALL' as const },
  },
};
const addByLap = () => update({ AttributeDefinitions: lapDefinition, GlobalSecondaryIndexUpdates: [byLap] });
const onLap = async (lap: number) => {
  const { Items } = await dynamodb.send(
    new QueryCommand({
      TableName,
      IndexName: 'byLap',
      KeyConditionExpression: 'lap = :lap',
      ExpressionAttributeValues: { ':lap': { N: String(lap) } },
    }),
  );
  return Items!.map((item) => item.pk.S!).sort();
};
const cars = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `car-${String(from + i).padStart(3, '0')}`);

it('an index that is added holds what was there, what came meanwhile, and what comes', async () => {
  await Promise.all(cars(0, 250).map((car) => put(car, { N: '1' })));
  await put('text', { S: 'one' });
  const { TableDescription } = await addByLap();
  expect(TableDescription).toMatchObject({
    TableStatus: 'UPDATING',
    GlobalSecondaryIndexes: [{ IndexName: 'byLap', IndexStatus: 'CREATING', Backfilling: true }],
  });
  // While it is being filled: some move, some go, some come; nobody reads it, nobody changes the table.
  await Promise.all([
    ...cars(0, 50).map((car) => put(car, { N: '2' })),
    ...cars(50, 60).map((car) => dynamodb.send(new DeleteItemCommand({ TableName, Key: { pk: { S: car } } }))),
    ...cars(250, 260).map((car) => put(car, { N: '1' })),
  ]);
  await active(dynamodb, TableName);
  expect(await onLap(1)).toEqual([...cars(60, 250), ...cars(250, 260)]);
  expect(await onLap(2)).toEqual(cars(0, 50));
  await put('car-000', { N: '3' });
  expect([await onLap(3), await onLap(2)]).toEqual([['car-000'], cars(1, 50)]);
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  expect(Table!.GlobalSecondaryIndexes![0]).toMatchObject({ IndexStatus: 'ACTIVE' });
  expect(Table!.GlobalSecondaryIndexes![0].Backfilling).toBeUndefined();
});

it('that is removed is gone, and comes back whole', async () => {
  await update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'byLap' } }] });
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  expect([Table!.GlobalSecondaryIndexes, Table!.AttributeDefinitions!.length]).toEqual([undefined, 1]);
  expect(await refusal(onLap(1))).toBe('ValidationException');
  await put('car-001', { N: '9' });
  await addByLap();
  // Stopped in the middle, it goes on at the next start.
  await close();
  await open();
  await active(dynamodb, TableName);
  expect([await onLap(9), await onLap(2)]).toEqual([['car-001'], cars(2, 50)]);
});

it('what makes no sense is refused', async () => {
  const updates = (GlobalSecondaryIndexUpdates: UpdateTableCommandInput['GlobalSecondaryIndexUpdates'], more = {}) =>
    refusal(update({ GlobalSecondaryIndexUpdates, ...more }));
  expect(await refusal(addByLap())).toBe('ValidationException');
  expect(await updates([{ Delete: { IndexName: 'absent' } }])).toBe('ResourceNotFoundException');
  const other = { Create: { ...byLap.Create, IndexName: 'other' } };
  const undefinedKey = { ...other.Create, KeySchema: [{ AttributeName: 'nobody', KeyType: 'HASH' as const }] };
  expect(await updates([{ Create: undefinedKey }])).toBe('ValidationException');
  expect(await updates([other, { Delete: { IndexName: 'byLap' } }])).toBe('LimitExceededException');
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' as const };
  expect(await updates([other], { StreamSpecification })).toBe('ValidationException');
  expect(await onLap(3)).toEqual(['car-000']);
});
