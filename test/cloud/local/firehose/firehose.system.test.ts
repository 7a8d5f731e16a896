/** Stock clients in front: direct put and a stream into S3's stand-in, and a process that is killed. */
import { gunzipSync } from 'node:zlib';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
  TagDeliveryStreamCommand,
} from '@aws-sdk/client-firehose';
import { CreateStreamCommand, PutRecordCommand as PutKinesisRecord, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { credentials, refusal, region, startIn, startToBeKilled, stockClients, testFolder } from '../local-aws.js';
import { BUCKET, ROLE } from './harness.js';

const NOW = { SizeInMBs: 1, IntervalInSeconds: 0 };
const STREAM_ARN = `arn:aws:kinesis:${region}:000000000000:stream/frames`;

function clientsOf(url: string) {
  const common = { region, credentials, endpoint: url, maxAttempts: 1 };
  const firehose = new FirehoseClient(common);
  const s3 = new S3Client(common);
  const { kinesis, destroy } = stockClients(url);
  return {
    firehose,
    s3,
    kinesis,
    destroy: () => {
      firehose.destroy();
      s3.destroy();
      destroy();
    },
  };
}
type Clients = ReturnType<typeof clientsOf>;

const destination = (more: object = {}) => ({ RoleARN: ROLE, BucketARN: BUCKET, BufferingHints: NOW, ...more });
const lines = { Enabled: true, Processors: [{ Type: 'AppendDelimiterToRecord' as const }] };

/** Text of all objects under a prefix. */
async function textOf({ s3 }: Clients, Prefix = ''): Promise<string> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'archive', Prefix }));
  let text = '';
  for (const { Key = '' } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'archive', Key }));
    const bytes = Buffer.from(await Body!.transformToByteArray());
    text += (Key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  }
  return text;
}

const linesOf = async (clients: Clients, prefix?: string) =>
  (await textOf(clients, prefix)).split('\n').filter((line) => line !== '');

let folder: ReturnType<typeof testFolder>;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

describe('with stock clients', () => {
  let aws: LocalAws;
  let clients: Clients;
  beforeEach(async () => {
    aws = await startIn(folder.path);
    clients = clientsOf(aws.url);
    await clients.s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  });
  afterEach(async () => {
    clients.destroy();
    await aws.close();
  });

  it('direct put ends in objects', async () => {
    const { DeliveryStreamARN } = await clients.firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: 'laps',
        ExtendedS3DestinationConfiguration: destination({ CompressionFormat: 'GZIP', ProcessingConfiguration: lines }),
      }),
    );
    expect(DeliveryStreamARN).toBe(`arn:aws:firehose:${region}:000000000000:deliverystream/laps`);
    const stream = { DeliveryStreamName: 'laps' };
    await clients.firehose.send(new PutRecordCommand({ ...stream, Record: { Data: Buffer.from('one') } }));
    const Records = Array.from({ length: 500 }, (_, i) => ({ Data: Buffer.from(`${i}`) }));
    const { FailedPutCount, RequestResponses } = await clients.firehose.send(
      new PutRecordBatchCommand({ ...stream, Records }),
    );
    expect([FailedPutCount, new Set(RequestResponses!.map(({ RecordId }) => RecordId)).size]).toEqual([0, 500]);
    await expect.poll(() => linesOf(clients), { timeout: 10_000 }).toHaveLength(501);
    const { DeliveryStreamDescription } = await clients.firehose.send(new DescribeDeliveryStreamCommand(stream));
    expect(DeliveryStreamDescription!.Destinations![0].ExtendedS3DestinationDescription).toMatchObject({
      CompressionFormat: 'GZIP',
      ProcessingConfiguration: lines,
    });
    expect(aws.stats().firehose).toMatchObject({ recordsIn: 501, recordsDelivered: 501 });
  });

  it('answers as AWS for what is not there or not served', async () => {
    const Record = { Data: Buffer.from('x') };
    const put = clients.firehose.send(new PutRecordCommand({ DeliveryStreamName: 'nobody', Record }));
    expect(await refusal(put)).toBe('ResourceNotFoundException');
    const tag = new TagDeliveryStreamCommand({ DeliveryStreamName: 'nobody', Tags: [{ Key: 'a' }] });
    expect(await refusal(clients.firehose.send(tag))).toBe('UnknownOperationException');
    const create = new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'x',
      S3DestinationConfiguration: destination({ CompressionFormat: 'ZIP' }),
    });
    expect(await refusal(clients.firehose.send(create))).toBe('InvalidArgumentException');
  });

  it('a stream is read from the creation on, through a split, its aggregates opened, broken ones kept apart', async () => {
    const { kinesis } = clients;
    const put = (partitionKey: string, data: Uint8Array) =>
      kinesis.send(new PutKinesisRecord({ StreamName: 'frames', PartitionKey: partitionKey, Data: data }));
    await kinesis.send(new CreateStreamCommand({ StreamName: 'frames', ShardCount: 1 }));
    await put('k', Buffer.from('before'));
    // The source begins at a millisecond; what came before must lie in an earlier one.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const create = new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'frames',
      DeliveryStreamType: 'KinesisStreamAsSource',
      KinesisStreamSourceConfiguration: { KinesisStreamARN: STREAM_ARN, RoleARN: ROLE },
      ExtendedS3DestinationConfiguration: destination({ ProcessingConfiguration: lines, Prefix: 'in/' }),
    });
    await clients.firehose.send(create);
    const direct = new PutRecordCommand({ DeliveryStreamName: 'frames', Record: { Data: Buffer.from('x') } });
    expect(await refusal(clients.firehose.send(direct))).toBe('InvalidArgumentException');

    const users = ['u1', 'u2', 'u3'].map((text) => ({ partitionKey: text, data: Buffer.from(text) }));
    await put('k', Buffer.from('raw'));
    await put('a', aggregate(users).data);
    await kinesis.send(
      new SplitShardCommand({
        StreamName: 'frames',
        ShardToSplit: 'shardId-000000000000',
        NewStartingHashKey: String(2n ** 127n),
      }),
    );
    for (const key of ['left', 'right', 'middle']) await put(key, Buffer.from(key));
    // The vector of a true digest around an index that leads nowhere.
    await put('k', Buffer.from('84mawgoBaxoICAAaBGdvb2QaBwgFGgNiYWQaCQgAGgVhZnRlclFyxDJiS5IXqKhUCkYpNrI=', 'base64'));

    await expect
      .poll(async () => (await linesOf(clients, 'in/2')).sort(), { timeout: 20_000 })
      .toEqual(['left', 'middle', 'raw', 'right', 'u1', 'u2', 'u3']);
    await expect.poll(() => linesOf(clients, 'in/processing-failed/'), { timeout: 20_000 }).toHaveLength(1);
    const [failed] = await linesOf(clients, 'in/processing-failed/');
    expect(JSON.parse(failed)).toMatchObject({ errorCode: 'Kpl.CorruptAggregate' });
    expect(aws.stats().firehose).toMatchObject({ aggregatesCorrupt: 1 });

    // Positions are kept: what was delivered is not read again.
    await aws.close();
    clients.destroy();
    aws = await startIn(folder.path);
    clients = clientsOf(aws.url);
    const again = new PutKinesisRecord({ StreamName: 'frames', PartitionKey: 'k', Data: Buffer.from('after') });
    await clients.kinesis.send(again);
    await expect.poll(() => linesOf(clients, 'in/2'), { timeout: 20_000 }).toHaveLength(8);
    expect(aws.stats().firehose).toMatchObject({ recordsIn: 1 });
  });
});

it('faults of a plan: a batch is refused in part, and put twice when the network repeats it', async () => {
  const fault = (kind: 'partial' | 'duplicate', rate: number) => ({
    operation: 'firehose.PutRecordBatch',
    kind,
    rate,
    ms: 0,
  });
  const aws = await startIn(folder.path, { faults: [fault('partial', 0.3), fault('duplicate', 1)], faultSeed: 5 });
  const clients = clientsOf(aws.url);
  await clients.s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  const ExtendedS3DestinationConfiguration = destination({ ProcessingConfiguration: lines });
  const stream = { DeliveryStreamName: 'laps' };
  await clients.firehose.send(new CreateDeliveryStreamCommand({ ...stream, ExtendedS3DestinationConfiguration }));
  const Records = Array.from({ length: 100 }, (_, i) => ({ Data: Buffer.from(`${i}`) }));
  const { FailedPutCount } = await clients.firehose.send(new PutRecordBatchCommand({ ...stream, Records }));
  expect(FailedPutCount).toBeGreaterThan(10);
  expect(FailedPutCount).toBeLessThan(60);
  const { recordsIn } = aws.stats().firehose;
  expect(recordsIn).toBeGreaterThan(100 - FailedPutCount!);
  await expect.poll(() => linesOf(clients), { timeout: 10_000 }).toHaveLength(recordsIn);
  clients.destroy();
  await aws.close();
});

it('what was accepted is delivered after a kill −9 in the middle of putting', async () => {
  const first = await startToBeKilled(folder.path);
  const before = clientsOf(first.url);
  await before.s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  await before.firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'laps',
      // Some of it leaves before the kill, some waits.
      ExtendedS3DestinationConfiguration: destination({
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 },
        ProcessingConfiguration: lines,
      }),
    }),
  );
  const accepted: string[] = [];
  const putting = (async () => {
    for (let i = 0; ; i += 10) {
      const texts = Array.from({ length: 10 }, (_, j) => `record ${i + j} ${'x'.repeat(1_000)}`);
      const Records = texts.map((text) => ({ Data: Buffer.from(text) }));
      const { RequestResponses } = await before.firehose.send(
        new PutRecordBatchCommand({ DeliveryStreamName: 'laps', Records }),
      );
      accepted.push(...texts.filter((_, j) => RequestResponses![j].RecordId !== undefined));
    }
  })();
  const ended = putting.catch(() => 'killed');
  await expect.poll(() => accepted.length, { timeout: 20_000 }).toBeGreaterThan(1_500);
  await first.kill();
  expect(await ended).toBe('killed');
  before.destroy();

  const aws = await startIn(folder.path);
  const after = clientsOf(aws.url);
  await expect
    .poll(
      async () => {
        const there = new Set(await linesOf(after));
        return accepted.filter((text) => !there.has(text)).length;
      },
      { timeout: 20_000 },
    )
    .toBe(0);
  after.destroy();
  await aws.close();
});
