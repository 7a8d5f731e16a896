import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { afterEach, expect, it } from 'vitest';
import { active } from './dynamodb/table-streams.js';
import { startIn, startToBeKilled, stockClients, testFolder } from './local-aws.js';

let server: Awaited<ReturnType<typeof startToBeKilled>> | undefined;

afterEach(() => server?.kill());

it('keeps everything acknowledged when the process is killed in the middle of writing', async () => {
  const folder = testFolder();
  server = await startToBeKilled(folder.path);
  const clients = stockClients(server.url);
  await clients.kinesis.send(new CreateStreamCommand({ StreamName: 's', ShardCount: 1 }));
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await active(clients.dynamodb, 'items');
  const acknowledged = { records: [] as string[], items: [] as string[] };
  const putRecords = async (): Promise<void> => {
    for (let i = 0; ; i += 10) {
      const texts = Array.from({ length: 10 }, (_, j) => String(i + j));
      const Records = texts.map((text) => ({ PartitionKey: 'k', Data: Buffer.from(text) }));
      const { Records: results } = await clients.kinesis.send(new PutRecordsCommand({ StreamName: 's', Records }));
      acknowledged.records.push(...texts.filter((_, j) => results![j].ErrorCode === undefined));
    }
  };
  const putItems = async (): Promise<void> => {
    for (let i = 0; ; i++) {
      await clients.dynamodb.send(new PutItemCommand({ TableName: 'items', Item: { pk: { S: String(i) } } }));
      acknowledged.items.push(String(i));
    }
  };
  const writers = Promise.allSettled([putRecords(), putItems()]);
  await expect
    .poll(() => Math.min(acknowledged.records.length / 10, acknowledged.items.length), { timeout: 20_000 })
    .toBeGreaterThan(30);
  await server.kill();
  await writers;
  clients.destroy();

  const aws = await startIn(folder.path);
  const after = stockClients(aws.url);
  const { ShardIterator } = await after.kinesis.send(
    new GetShardIteratorCommand({
      StreamName: 's',
      ShardId: 'shardId-000000000000',
      ShardIteratorType: 'TRIM_HORIZON',
    }),
  );
  const { Records } = await after.kinesis.send(new GetRecordsCommand({ ShardIterator }));
  const kept = Records!.map(({ Data }) => Buffer.from(Data!).toString());
  expect(kept.slice(0, acknowledged.records.length)).toEqual(acknowledged.records);
  for (const pk of acknowledged.items) {
    const { Item } = await after.dynamodb.send(new GetItemCommand({ TableName: 'items', Key: { pk: { S: pk } } }));
    expect(Item).toEqual({ pk: { S: pk } });
  }
  after.destroy();
  await aws.close();
  folder.remove();
});
