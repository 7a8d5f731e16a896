import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { afterEach, describe, expect, it } from 'vitest';
import { parseFaults } from '#cloud/local/faults.js';
import { ManualClock } from '#wire/clock.js';
import { active } from './dynamodb/table-streams.js';
import { credentials, refusal, region, startIn, stockClients, testFolder } from './local-aws.js';

const StreamName = 's';
const SHARD_0 = 'shardId-000000000000';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(plan: string, faultSeed = 1) {
  const folder = testFolder();
  const raceClock = new ManualClock(Date.UTC(2026, 10, 21));
  const aws = await startIn(folder.path, { faults: parseFaults(plan), faultSeed, raceClock });
  const clients = stockClients(aws.url);
  closing.push(async () => {
    clients.destroy();
    await aws.close();
    folder.remove();
  });
  await clients.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  return { aws, raceClock, ...clients };
}

const put = (kinesis: KinesisClient, text: string) =>
  kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.from(text) }));

async function stored(kinesis: KinesisClient): Promise<string[]> {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName, ShardId: SHARD_0, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const { Records } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  return Records!.map(({ Data }) => Buffer.from(Data!).toString());
}

describe('faults', () => {
  it('are none unless asked for', async () => {
    const { aws, kinesis } = await start('');
    await put(kinesis, 'a');
    expect(aws.stats().faults).toEqual({});
  });

  it('throttle in the words of each service, and fail with 500, before anything is done', async () => {
    const { aws, kinesis, dynamodb } = await start(
      'kinesis.PutRecord:throttle=1,kinesis.ListStreams:throttle=1,dynamodb.*:throttle=1,kinesis.PutRecords:error=1',
    );
    expect(await refusal(put(kinesis, 'a'))).toBe('ProvisionedThroughputExceededException');
    expect(await refusal(kinesis.send(new ListStreamsCommand({})))).toBe('LimitExceededException');
    expect(await refusal(dynamodb.send(new DescribeTableCommand({ TableName: 'items' })))).toBe('ThrottlingException');
    const Records = [{ PartitionKey: 'k', Data: Buffer.from('a') }];
    const failed = kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    await expect(failed).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    expect(await stored(kinesis)).toEqual([]);
    expect(aws.stats().faults).toMatchObject({ 'kinesis.PutRecord throttle': 1, 'kinesis.PutRecords error': 1 });
  });

  it('refuse single records of a batch, the same ones for the same seed', async () => {
    const refused = async (seed: number) => {
      const { kinesis } = await start('kinesis.PutRecords:partial=0.5', seed);
      const Records = Array.from({ length: 40 }, (_, i) => ({ PartitionKey: 'k', Data: Buffer.from(String(i)) }));
      const answer = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
      const accepted = answer.Records!.flatMap(({ ErrorCode }, i) => (ErrorCode === undefined ? [String(i)] : []));
      expect(answer.FailedRecordCount).toBe(40 - accepted.length);
      expect(await stored(kinesis)).toEqual(accepted);
      return accepted;
    };
    const first = await refused(7);
    expect(first.length).toBeGreaterThan(5);
    expect(first.length).toBeLessThan(35);
    expect(await refused(7)).toEqual(first);
    expect(await refused(8)).not.toEqual(first);
  });

  it('carry a call out twice', async () => {
    const { kinesis } = await start('kinesis.PutRecord:duplicate=1');
    await put(kinesis, 'a');
    await put(kinesis, 'b');
    expect(await stored(kinesis)).toEqual(['a', 'a', 'b', 'b']);
  });

  it('cut the connection after the commit, over HTTP/2 and HTTP/1.1, so that a client repeats itself', async () => {
    const { aws, kinesis, dynamodb } = await start(
      'kinesis.PutRecord:dropAfterCommit=1,dynamodb.PutItem:dropAfterCommit=1',
    );
    expect(await refusal(put(kinesis, 'a'))).not.toBe('ok');
    expect(await stored(kinesis)).toEqual(['a']);
    await dynamodb.send(
      new CreateTableCommand({
        TableName: 'items',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    await active(dynamodb, 'items');
    const stubborn = new DynamoDBClient({ region, credentials, endpoint: aws.url, maxAttempts: 3 });
    const answer = stubborn.send(new PutItemCommand({ TableName: 'items', Item: { pk: { S: 'x' } } }));
    expect(await refusal(answer)).not.toBe('ok');
    expect(aws.stats().faults['dynamodb.PutItem dropAfterCommit']).toBe(3);
    stubborn.destroy();
  });

  it('make calls slow', async () => {
    const { aws, kinesis } = await start('kinesis.PutRecord:slow=1/30');
    await put(kinesis, 'a');
    expect(aws.stats().faults).toEqual({ 'kinesis.PutRecord slow': 1 });
  });

  it('list the children of a shard late; its reader is told of them in time', async () => {
    const { kinesis, raceClock } = await start('kinesis.SplitShard:lateChildren=1/2000');
    await kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
    );
    const listed = async () => (await kinesis.send(new ListShardsCommand({ StreamName }))).Shards!.length;
    expect(await listed()).toBe(1);
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId: SHARD_0, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    expect((await kinesis.send(new GetRecordsCommand({ ShardIterator }))).ChildShards).toHaveLength(2);
    raceClock.advance(2_000);
    expect(await listed()).toBe(3);
  });

  it('are survived by a stock client that repeats', async () => {
    const { aws } = await start('kinesis.PutRecord:error=0.3,kinesis.PutRecord:dropAfterCommit=0.3');
    const retryStrategy = new ConfiguredRetryStrategy(20, 5);
    const stubborn = new KinesisClient({ region, credentials, endpoint: aws.url, retryStrategy });
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) await put(stubborn, text);
    const all = await stored(stubborn);
    expect(all.length).toBeGreaterThan(6);
    expect([...new Set(all)]).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    stubborn.destroy();
  });
});
