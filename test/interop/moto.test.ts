/** moto (Python): the same story to its streams, delivery streams and objects and to ours; who answers otherwise fails. */
import {
  CreateDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose';
import * as kinesis from '@aws-sdk/client-kinesis';
import * as s3 from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { STORM_LIMITS } from '../cloud/local/kinesis/storm.js';
import { credentials, region, startIn, testFolder } from '../cloud/local/local-aws.js';
import { INSTALL } from '../helpers/foreign-clients.js';
import { pythonWithMoto, startMoto, type TablePeer } from '../helpers/table-peers.js';

const python = pythonWithMoto();

describe.skipIf(python === undefined)(`moto${python === undefined ? `: not on this machine; ${INSTALL}` : ''}`, () => {
  const folder = testFolder();
  let ours: LocalAws;
  let moto: TablePeer;
  beforeAll(async () => {
    // moto knows no rates.
    [ours, moto] = await Promise.all([startIn(folder.path, { limits: STORM_LIMITS }), startMoto(python!)]);
  });
  afterAll(async () => {
    await Promise.all([ours.close(), moto.kill()]);
    folder.remove();
  });

  it('puts, reads, splits and merges as ours, and refuses as ours', async () => {
    expect(await streamStory(ours.url)).toEqual(await streamStory(moto.url));
  });

  it('keeps, lists and removes objects as ours, in parts too, and refuses as ours', async () => {
    expect(await objectStory(ours.url)).toEqual(await objectStory(moto.url));
  });

  it('delivers what a delivery stream was given as ours', async () => {
    expect(await deliveryStory(ours.url)).toEqual(await deliveryStory(moto.url));
  });
});

/** What a call answers, by `of`; the name of its error when it is refused. */
async function told<Output>(call: Promise<Output>, of: (output: Output) => unknown): Promise<unknown> {
  try {
    return await of(await call);
  } catch (error) {
    return (error as Error).name;
  }
}

const done = () => 'done';
const common = (endpoint: string) => ({ region, credentials, endpoint, maxAttempts: 1 });
const SHARD_IDS = [0, 1, 2, 3, 4].map((index) => `shardId-${String(index).padStart(12, '0')}`);

async function streamStory(url: string): Promise<unknown[]> {
  const client = new kinesis.KinesisClient({ ...common(url), requestHandler: new NodeHttpHandler() });
  const StreamName = 'story';
  const records = Array.from({ length: 20 }, (_, i) => ({
    PartitionKey: `car-${i}`,
    Data: Buffer.from(`record ${i}`),
  }));
  const shards = () =>
    told(client.send(new kinesis.ListShardsCommand({ StreamName })), ({ Shards }) =>
      Shards!.map(({ ShardId, ParentShardId, AdjacentParentShardId, HashKeyRange, SequenceNumberRange }) => ({
        ids: [ShardId, ParentShardId, AdjacentParentShardId],
        HashKeyRange,
        isClosed: SequenceNumberRange!.EndingSequenceNumber !== undefined,
      })),
    );
  const read = (ShardId: string, start: Partial<kinesis.GetShardIteratorCommandInput> = {}) => {
    const command = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const, ...start };
    const texts = async () => {
      const { ShardIterator } = await client.send(new kinesis.GetShardIteratorCommand(command));
      const { Records } = await client.send(new kinesis.GetRecordsCommand({ ShardIterator }));
      return Records!.map(({ Data, PartitionKey }) => [PartitionKey, Buffer.from(Data!).toString()]);
    };
    return told(texts(), (each) => each);
  };
  const reshard = [
    new kinesis.SplitShardCommand({ StreamName, ShardToSplit: SHARD_IDS[0], NewStartingHashKey: '7' }),
    new kinesis.MergeShardsCommand({ StreamName, ShardToMerge: SHARD_IDS[3], AdjacentShardToMerge: SHARD_IDS[1] }),
  ] as const;
  const steps: unknown[] = [];
  steps.push(await told(client.send(new kinesis.CreateStreamCommand({ StreamName, ShardCount: 2 })), done));
  steps.push(await told(client.send(new kinesis.CreateStreamCommand({ StreamName, ShardCount: 2 })), done));
  steps.push(await shards());
  steps.push(
    await told(client.send(new kinesis.PutRecordsCommand({ StreamName, Records: records })), ({ Records }) =>
      Records!.map(({ ShardId }) => ShardId),
    ),
  );
  const explicit = { StreamName, PartitionKey: 'k', ExplicitHashKey: '5', Data: Buffer.from('explicit') };
  steps.push(await told(client.send(new kinesis.PutRecordCommand(explicit)), ({ ShardId }) => ShardId));
  steps.push(await read(SHARD_IDS[0]), await read(SHARD_IDS[1]), await read('shardId-000000000009'));
  steps.push(await read(SHARD_IDS[0], { ShardIteratorType: 'LATEST' }));
  steps.push(await told(client.send(reshard[0]), done), await shards());
  steps.push(await told(client.send(reshard[0]), done));
  steps.push(await told(client.send(reshard[1]), done), await shards());
  steps.push(await told(client.send(new kinesis.DescribeStreamCommand({ StreamName: 'missing' })), done));
  steps.push(await told(client.send(new kinesis.DeleteStreamCommand({ StreamName })), done));
  client.destroy();
  return steps;
}

async function objectStory(url: string): Promise<unknown[]> {
  const client = new s3.S3Client({ ...common(url), forcePathStyle: true });
  const Bucket = 'story';
  const text = (output: s3.GetObjectCommandOutput) => output.Body!.transformToString();
  const steps: unknown[] = [];
  steps.push(await told(client.send(new s3.HeadBucketCommand({ Bucket })), done));
  steps.push(await told(client.send(new s3.CreateBucketCommand({ Bucket })), done));
  for (const Key of ['a/1', 'a/2', 'b/1', 'ü ñ+']) {
    steps.push(
      await told(client.send(new s3.PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` })), ({ ETag }) => ETag),
    );
  }
  steps.push(await told(client.send(new s3.GetObjectCommand({ Bucket, Key: 'ü ñ+' })), text));
  steps.push(await told(client.send(new s3.GetObjectCommand({ Bucket, Key: 'a/1', Range: 'bytes=5-6' })), text));
  steps.push(await told(client.send(new s3.GetObjectCommand({ Bucket, Key: 'a/1', Range: 'bytes=99-' })), done));
  steps.push(await told(client.send(new s3.GetObjectCommand({ Bucket, Key: 'missing' })), done));
  steps.push(
    await told(client.send(new s3.HeadObjectCommand({ Bucket, Key: 'a/2' })), ({ ContentLength }) => ContentLength),
  );
  const list = { Bucket, Prefix: '', Delimiter: '/', MaxKeys: 2 };
  steps.push(
    await told(
      client.send(new s3.ListObjectsV2Command(list)),
      ({ Contents = [], CommonPrefixes = [], IsTruncated }) => ({
        keys: Contents.map(({ Key }) => Key),
        prefixes: CommonPrefixes.map(({ Prefix }) => Prefix),
        IsTruncated,
      }),
    ),
  );
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const parts = [Buffer.alloc(5 * 1_024 * 1_024, 'a'), Buffer.from('end')];
  const Parts: s3.CompletedPart[] = [];
  for (const [i, Body] of parts.entries()) {
    const part = { Bucket, Key: 'parts', UploadId, PartNumber: i + 1, Body };
    const { ETag } = await client.send(new s3.UploadPartCommand(part));
    Parts.push({ ETag, PartNumber: i + 1 });
  }
  const whole = { Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } };
  steps.push(await told(client.send(new s3.CompleteMultipartUploadCommand(whole)), ({ ETag }) => ETag));
  steps.push(await told(client.send(new s3.GetObjectCommand({ Bucket, Key: 'parts', Range: 'bytes=-4' })), text));
  steps.push(await told(client.send(new s3.DeleteBucketCommand({ Bucket })), done));
  for (const Key of ['a/1', 'missing']) {
    steps.push(await told(client.send(new s3.DeleteObjectCommand({ Bucket, Key })), done));
  }
  client.destroy();
  return steps;
}

async function deliveryStory(url: string): Promise<unknown[]> {
  const firehose = new FirehoseClient(common(url));
  const objects = new s3.S3Client({ ...common(url), forcePathStyle: true });
  const Bucket = 'delivered';
  await objects.send(new s3.CreateBucketCommand({ Bucket }));
  const DeliveryStreamName = 'story';
  const create = new CreateDeliveryStreamCommand({
    DeliveryStreamName,
    ExtendedS3DestinationConfiguration: {
      RoleARN: 'arn:aws:iam::123456789012:role/firehose',
      BucketARN: `arn:aws:s3:::${Bucket}`,
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
    },
  });
  const Records = ['one\n', 'two\n', 'three\n'].map((line) => ({ Data: Buffer.from(line) }));
  const put = (name: string) => new PutRecordBatchCommand({ DeliveryStreamName: name, Records });
  const steps: unknown[] = [];
  steps.push(await told(firehose.send(create), done), await told(firehose.send(create), done));
  steps.push(
    await told(firehose.send(new ListDeliveryStreamsCommand({})), ({ DeliveryStreamNames }) => DeliveryStreamNames),
  );
  steps.push(await told(firehose.send(put('missing')), done));
  steps.push(await told(firehose.send(put(DeliveryStreamName)), ({ FailedPutCount }) => FailedPutCount));
  const keys = async () => (await objects.send(new s3.ListObjectsV2Command({ Bucket }))).Contents ?? [];
  await expect.poll(async () => (await keys()).length, { timeout: 20_000 }).toBeGreaterThan(0);
  let text = '';
  for (const { Key } of await keys()) {
    const { Body } = await objects.send(new s3.GetObjectCommand({ Bucket, Key }));
    text += await Body!.transformToString();
    steps.push(/^\d{4}\/\d\d\/\d\d\/\d\d\/story-1-/.test(Key!));
  }
  steps.push(text);
  firehose.destroy();
  objects.destroy();
  return steps;
}
