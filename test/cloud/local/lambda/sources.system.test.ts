import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SplitShardCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { createTable } from '../dynamodb/table-streams.js';
import { credentials, region, testFolder } from '../local-aws.js';
import { ACCOUNT, type KinesisEvent, type Served, serve, type TableEvent, textsOf } from './source-harness.js';

const STREAM_ARN = `arn:aws:kinesis:${ACCOUNT}:stream/laps`;
const WAIT = { timeout: 20_000, interval: 20 };

let folder: ReturnType<typeof testFolder>;
let served: Served;

beforeEach(() => {
  folder = testFolder();
});

afterEach(async () => {
  await served.close();
  folder.remove();
});

it('seed 11: a function that fails at random sees a stream that is split while it reads, each key in order', async () => {
  const random = seededRandom(11);
  const seen = new Map<string, number[]>();
  const handler = (event: unknown) => {
    const draw = random();
    if (draw < 0.1) throw new Error('a bug');
    const { Records } = event as KinesisEvent;
    const texts = textsOf(event as KinesisEvent);
    const failed = draw < 0.3 ? Math.floor(random() * Records.length) : Records.length;
    for (const [i, { kinesis }] of Records.slice(0, failed).entries()) {
      const numbers = seen.get(kinesis.partitionKey) ?? [];
      seen.set(kinesis.partitionKey, [...numbers, Number(texts[i])]);
    }
    return {
      batchItemFailures: Records.slice(failed, failed + 1).map((r) => ({ itemIdentifier: r.kinesis.sequenceNumber })),
    };
  };
  served = await serve(folder.path, { fold: handler });
  await served.createStream('laps');
  await served.aws.eventSources.create({
    FunctionName: 'fold',
    EventSourceArn: STREAM_ARN,
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 25,
    ParallelizationFactor: 4,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  const put = (from: number) =>
    served.put(
      'laps',
      Array.from({ length: 200 }, (_, i) => ({ key: `car-${(from + i) % 10}`, text: String(from + i) })),
    );
  await put(0);
  await served.clients.kinesis.send(
    new SplitShardCommand({
      StreamName: 'laps',
      ShardToSplit: 'shardId-000000000000',
      NewStartingHashKey: String(2n ** 127n),
    }),
  );
  await put(200);
  await expect.poll(() => [...seen.values()].flat().length, WAIT).toBe(400);
  for (const [key, numbers] of seen) {
    const car = Number(key.slice(4));
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => car + 10 * i));
  }
  const [counters] = Object.values(served.aws.eventSources.counters());
  expect(counters.partialFailures).toBeGreaterThan(0);
  expect(counters.dropped).toEqual({});
});

it('hands over records in the shape that Lambda documents, and only those that a filter matches', async () => {
  const events: KinesisEvent[] = [];
  served = await serve(folder.path, { see: (event) => void events.push(event as KinesisEvent) });
  await served.createStream('laps');
  await served.put('laps', [
    { key: 'a', text: '{"lap":1}' },
    { key: 'b', text: '{"lap":2}' },
    { key: 'c', text: 'no JSON' },
  ]);
  await served.aws.eventSources.create({
    FunctionName: 'see',
    EventSourceArn: STREAM_ARN,
    StartingPosition: 'TRIM_HORIZON',
    FilterCriteria: { Filters: [{ Pattern: '{"data":{"lap":[{"numeric":[">",1]}]}}' }] },
  });
  await expect.poll(() => events.length, WAIT).toBe(1);
  const sequenceNumber = events[0].Records[0].kinesis.sequenceNumber;
  expect(events).toEqual([
    {
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'b',
            sequenceNumber: expect.stringMatching(/^\d{56}$/),
            data: Buffer.from('{"lap":2}').toString('base64'),
            approximateArrivalTimestamp: expect.closeTo(Date.now() / 1_000, -2),
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: `shardId-000000000000:${sequenceNumber}`,
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: expect.stringMatching(/^arn:aws:iam::000000000000:role\//),
          awsRegion: 'us-east-1',
          eventSourceARN: STREAM_ARN,
        },
      ],
    },
  ]);
  expect(Object.values(served.aws.eventSources.counters())[0]).toMatchObject({ filtered: 2, records: 1 });
});

it('LATEST passes over what was there, a change goes on where it was, and a deleted mapping reads no more', async () => {
  const seen: string[] = [];
  const see = (event: unknown) => void seen.push(...textsOf(event as KinesisEvent));
  served = await serve(folder.path, { see });
  await served.createStream('laps');
  await served.put('laps', [{ key: 'a', text: 'before' }]);
  // Arrivals are whole milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { UUID } = await served.aws.eventSources.create({
    FunctionName: 'see',
    EventSourceArn: STREAM_ARN,
    StartingPosition: 'LATEST',
  });
  await served.put('laps', [{ key: 'a', text: '1' }]);
  await expect.poll(() => seen, WAIT).toEqual(['1']);
  await served.aws.eventSources.update(String(UUID), { Enabled: false });
  await served.put('laps', [{ key: 'a', text: '2' }]);
  await served.aws.eventSources.update(String(UUID), { Enabled: true, BatchSize: 1 });
  await expect.poll(() => seen, WAIT).toEqual(['1', '2']);
  await served.aws.eventSources.delete(String(UUID));
  expect(served.aws.eventSources.list()).toEqual([]);
});

it('isolates a bad record, and tells a bucket about it with all that the function was given', async () => {
  const good: string[] = [];
  const handler = (event: unknown) => {
    const texts = textsOf(event as KinesisEvent);
    if (texts.includes('bad')) throw new Error('a bug');
    good.push(...texts);
  };
  served = await serve(folder.path, { f: handler });
  const s3 = new S3Client({ region, credentials, endpoint: served.aws.url, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'failures' }));
  await served.createStream('laps');
  await served.put(
    'laps',
    ['1', '2', '3', 'bad', '4', '5'].map((text) => ({ key: 'a', text })),
  );
  const { UUID } = await served.aws.eventSources.create({
    FunctionName: 'f',
    EventSourceArn: STREAM_ARN,
    StartingPosition: 'TRIM_HORIZON',
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::failures' } },
  });
  await expect.poll(() => good, WAIT).toEqual(['1', '2', '3', '4', '5']);
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'failures' }));
  expect(Contents).toHaveLength(1);
  expect(Contents![0].Key).toMatch(
    new RegExp(
      `^aws/lambda/${UUID}/shardId-000000000000/\\d{4}/\\d\\d/\\d\\d/\\d{4}-\\d\\d-\\d\\dT\\d\\d\\.\\d\\d\\.\\d\\d-[0-9a-f-]{36}$`,
    ),
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'failures', Key: Contents![0].Key }));
  const { payload, ...record } = JSON.parse(await Body!.transformToString()) as Record<string, unknown>;
  expect(textsOf(JSON.parse(String(payload)) as KinesisEvent)).toEqual(['bad']);
  expect(record).toEqual({
    requestContext: {
      requestId: expect.any(String),
      functionArn: `arn:aws:lambda:${ACCOUNT}:function:f`,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: expect.any(Number),
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    KinesisBatchInfo: {
      shardId: 'shardId-000000000000',
      startSequenceNumber: expect.stringMatching(/^\d{56}$/),
      endSequenceNumber: expect.stringMatching(/^\d{56}$/),
      approximateArrivalOfFirstRecord: expect.stringMatching(/\.\d{3}Z$/),
      approximateArrivalOfLastRecord: expect.stringMatching(/\.\d{3}Z$/),
      batchSize: 1,
      streamArn: STREAM_ARN,
    },
  });
  s3.destroy();
});

it('drives a function from the changes of a table, also by its name, and across shards that roll', async () => {
  const seen: TableEvent['Records'] = [];
  const see = (event: unknown) => void seen.push(...(event as TableEvent).Records);
  served = await serve(folder.path, { see }, { tableStreamLimits: { rollMs: 1_000 } });
  const { dynamodb } = served.clients;
  const arn = await createTable(dynamodb, 'items', 'NEW_AND_OLD_IMAGES');
  await served.aws.eventSources.declare([
    {
      FunctionName: 'see',
      EventSourceArn: 'table/items',
      StartingPosition: 'TRIM_HORIZON',
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":[{"anything-but":["REMOVE"]}]}' }] },
    },
  ]);
  const laps = (pk: string) =>
    seen.filter(({ dynamodb: { Keys } }) => Keys.pk.S === pk).map(({ dynamodb: { NewImage } }) => NewImage!.lap.N);
  const cars = ['car-1', 'car-2', 'car-3'];
  for (let lap = 1; lap <= 12; lap++) {
    for (const pk of cars) {
      await dynamodb.send(new PutItemCommand({ TableName: 'items', Item: { pk: { S: pk }, lap: { N: String(lap) } } }));
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  await dynamodb.send(new DeleteItemCommand({ TableName: 'items', Key: { pk: { S: 'car-1' } } }));
  const all = Array.from({ length: 12 }, (_, i) => String(i + 1));
  await expect.poll(() => cars.map(laps), WAIT).toEqual(cars.map(() => all));
  expect(seen[0]).toMatchObject({ eventName: 'INSERT', eventSourceARN: arn, eventSource: 'aws:dynamodb' });
  await expect.poll(() => Object.values(served.aws.eventSources.counters())[0].filtered, WAIT).toBe(1);
});
