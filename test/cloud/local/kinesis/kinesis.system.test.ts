import {
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  type GetShardIteratorCommandInput,
  IncreaseStreamRetentionPeriodCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
  StartStreamEncryptionCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../local-aws.js';
import { KinesisHarness, SHARD_0 } from './harness.js';

const harness = new KinesisHarness();
const { raceClock } = harness;
let kinesis: KinesisClient;

beforeAll(async () => {
  await harness.open();
  kinesis = harness.kinesis;
});
afterAll(() => harness.remove());

const createStream = (name: string, shards?: number) => harness.createStream(name, shards);
const putTexts = (name: string, texts: readonly string[], key?: string) => harness.putTexts(name, texts, key);
const iterator = (name: string, start?: Partial<GetShardIteratorCommandInput>) => harness.iterator(name, start);
const texts = (from: string) => harness.texts(from);

describe('records', () => {
  it('come back in order, with their keys, bytes and race time', async () => {
    const StreamName = await createStream('order');
    const putAt = new Date(raceClock.nowMs());
    await putTexts(StreamName, ['a', 'b', 'c'], 'Zoë "24"');
    const single = await kinesis.send(
      new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.from([0, 255, 128]) }),
    );
    const { Records, MillisBehindLatest } = await kinesis.send(
      new GetRecordsCommand({ ShardIterator: await iterator(StreamName) }),
    );
    expect(Records!.map((record) => record.PartitionKey)).toEqual(['Zoë "24"', 'Zoë "24"', 'Zoë "24"', 'k']);
    expect(Buffer.from(Records![3].Data!)).toEqual(Buffer.from([0, 255, 128]));
    expect(Records![3].SequenceNumber).toBe(single.SequenceNumber);
    expect(Records![0].ApproximateArrivalTimestamp).toEqual(putAt);
    const numbers = Records!.map((record) => BigInt(record.SequenceNumber!));
    expect(numbers.every((number, i) => i === 0 || number > numbers[i - 1])).toBe(true);
    expect(MillisBehindLatest).toBe(0);
  });

  it('are found by all five iterator types', async () => {
    const StreamName = await createStream('iterators');
    const { Records } = await putTexts(StreamName, ['a', 'b']);
    const putAt = new Date(raceClock.nowMs());
    raceClock.advance(5_000);
    const latest = await iterator(StreamName, { ShardIteratorType: 'LATEST' });
    await putTexts(StreamName, ['c']);
    const StartingSequenceNumber = Records![0].SequenceNumber;
    expect(await texts(await iterator(StreamName))).toEqual(['a', 'b', 'c']);
    expect(await texts(latest)).toEqual(['c']);
    expect(
      await texts(await iterator(StreamName, { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber })),
    ).toEqual(['a', 'b', 'c']);
    expect(
      await texts(await iterator(StreamName, { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber })),
    ).toEqual(['b', 'c']);
    expect(await texts(await iterator(StreamName, { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: putAt }))).toEqual([
      'a',
      'b',
      'c',
    ]);
    harness.rest();
    const later = new Date(putAt.getTime() + 1);
    expect(await texts(await iterator(StreamName, { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: later }))).toEqual([
      'c',
    ]);
  });

  it('of one thing stay in one shard, and the shards share the things', async () => {
    const StreamName = await createStream('spread', 4);
    const Records = Array.from({ length: 80 }, (_, i) => ({ PartitionKey: `car-${i % 40}`, Data: Buffer.from('x') }));
    const put = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    const shards = put.Records!.map((record) => record.ShardId);
    expect(shards.slice(0, 40)).toEqual(shards.slice(40));
    expect(new Set(shards).size).toBe(4);
  });

  it('of a closed shard end with its children', async () => {
    const StreamName = await createStream('split');
    await putTexts(StreamName, ['a']);
    const start = await iterator(StreamName);
    await kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
    );
    await putTexts(StreamName, ['b']);
    const end = await kinesis.send(new GetRecordsCommand({ ShardIterator: start }));
    expect(end.Records).toHaveLength(1);
    expect(end.NextShardIterator).toBeUndefined();
    expect(end.ChildShards!.map((child) => [child.ShardId, child.ParentShards])).toEqual([
      ['shardId-000000000001', [SHARD_0]],
      ['shardId-000000000002', [SHARD_0]],
    ]);
    const open = await kinesis.send(new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }));
    expect(open.Shards!.map((shard) => shard.ParentShardId)).toEqual([SHARD_0, SHARD_0]);
  });
});

describe('what AWS refuses', () => {
  it('more than 500 records, more than 1 MiB a record, more than 10 MiB a call', async () => {
    const StreamName = await createStream('sizes');
    expect(await refusal(putTexts(StreamName, new Array(501).fill('x')))).toBe('ValidationException');
    const put = (Data: Uint8Array) => kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data }));
    expect(await refusal(put(Buffer.alloc(1_048_577)))).toBe('ValidationException');
    expect(await refusal(put(Buffer.alloc(1_048_576)))).toBe('ok');
    const Records = new Array(11).fill({ PartitionKey: 'k', Data: Buffer.alloc(1_048_576) });
    expect(await refusal(kinesis.send(new PutRecordsCommand({ StreamName, Records })))).toBe(
      'InvalidArgumentException',
    );
  });

  it('the 1,001st record of a second, by record, and takes it when race time has passed', async () => {
    const StreamName = await createStream('records-rate');
    await putTexts(StreamName, new Array(500).fill('x'));
    const second = await putTexts(StreamName, new Array(500).fill('x'));
    expect(second.FailedRecordCount).toBe(0);
    const third = await putTexts(StreamName, ['y']);
    expect(third).toMatchObject({
      FailedRecordCount: 1,
      Records: [{ ErrorCode: 'ProvisionedThroughputExceededException' }],
    });
    raceClock.advance(2);
    const fourth = await putTexts(StreamName, ['y', 'y', 'y']);
    expect(fourth.Records!.map((record) => record.ErrorCode === undefined)).toEqual([true, true, false]);
    expect(harness.aws.stats().kinesis.recordsThrottled).toBeGreaterThanOrEqual(2);
  });

  it('the second megabyte of a second', async () => {
    const StreamName = await createStream('bytes-rate');
    const put = () =>
      kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(600_000) }));
    expect(await refusal(put())).toBe('ok');
    expect(await refusal(put())).toBe('ProvisionedThroughputExceededException');
    raceClock.advance(1_000);
    expect(await refusal(put())).toBe('ok');
  });

  it('the sixth read of a second, and reads until 10 MB at once are paid back', async () => {
    const StreamName = await createStream('reads-rate');
    const ShardIterator = await iterator(StreamName);
    const read = (from = ShardIterator) => kinesis.send(new GetRecordsCommand({ ShardIterator: from }));
    for (let i = 0; i < 5; i++) expect(await refusal(read())).toBe('ok');
    expect(await refusal(read())).toBe('ProvisionedThroughputExceededException');
    for (let i = 0; i < 12; i++) {
      raceClock.advance(1_001);
      await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(1_000_000) }));
    }
    const big = await read();
    expect(big.Records).toHaveLength(10);
    expect(big.MillisBehindLatest).toBeGreaterThan(0);
    raceClock.advance(3_000);
    expect(await refusal(read(big.NextShardIterator))).toBe('ProvisionedThroughputExceededException');
    raceClock.advance(1_000);
    expect((await read(big.NextShardIterator)).Records).toHaveLength(2);
  });

  it('more than 10,000 records a read', async () => {
    const StreamName = await createStream('reads-count');
    for (let i = 0; i < 21; i++) {
      raceClock.advance(500);
      await putTexts(StreamName, new Array(500).fill('x'));
    }
    const ShardIterator = await iterator(StreamName);
    const read = (Limit?: number, from: string | undefined = ShardIterator) =>
      kinesis.send(new GetRecordsCommand({ ShardIterator: from, Limit }));
    expect(await refusal(read(10_001))).toBe('ValidationException');
    const first = await read();
    expect(first.Records).toHaveLength(10_000);
    expect((await read(10_000, first.NextShardIterator)).Records).toHaveLength(500);
    expect((await read(7)).Records).toHaveLength(7);
  });

  it('an iterator older than five minutes of race time, and one that it never gave', async () => {
    const StreamName = await createStream('age');
    const ShardIterator = await iterator(StreamName);
    raceClock.advance(300_000);
    expect(await refusal(texts(ShardIterator))).toBe('ok');
    raceClock.advance(1);
    expect(await refusal(texts(ShardIterator))).toBe('ExpiredIteratorException');
    expect(await refusal(texts('bm90IGFuIGl0ZXJhdG9y'))).toBe('InvalidArgumentException');
  });

  it('streams and shards that are not, names twice, numbers of another shard', async () => {
    const StreamName = await createStream('names');
    expect(await refusal(createStream(StreamName))).toBe('ResourceInUseException');
    expect(await refusal(putTexts('nowhere', ['x']))).toBe('ResourceNotFoundException');
    expect(await refusal(iterator(StreamName, { ShardId: 'shardId-000000000009' }))).toBe('ResourceNotFoundException');
    const foreign = { ShardIteratorType: 'AT_SEQUENCE_NUMBER' as const, StartingSequenceNumber: '49'.padEnd(56, '7') };
    expect(await refusal(iterator(StreamName, foreign))).toBe('InvalidArgumentException');
  });

  it('operations that are not served, loudly', async () => {
    const call = kinesis.send(
      new StartStreamEncryptionCommand({ StreamName: 'x', EncryptionType: 'KMS', KeyId: 'alias/key' }),
    );
    expect(await refusal(call)).toBe('UnknownOperationException');
  });
});

describe('streams', () => {
  it('are listed by pages of shards', async () => {
    const StreamName = await createStream('pages', 5);
    const first = await kinesis.send(new ListShardsCommand({ StreamName, MaxResults: 3 }));
    const second = await kinesis.send(new ListShardsCommand({ NextToken: first.NextToken }));
    const ids = [...first.Shards!, ...second.Shards!].map((shard) => shard.ShardId);
    expect(ids).toEqual([0, 1, 2, 3, 4].map((i) => `shardId-00000000000${i}`));
    expect(second.NextToken).toBeUndefined();
  });

  it('keep their records for the retention on the race clock', async () => {
    const [day, week] = [await createStream('day'), await createStream('week')];
    await kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: week, RetentionPeriodHours: 168 }));
    for (const name of [day, week]) await putTexts(name, ['old']);
    raceClock.advance(24 * 3_600_000 + 1);
    expect(await texts(await iterator(day))).toEqual([]);
    expect(await texts(await iterator(week))).toEqual(['old']);
  });

  it('are there after a restart, with their records and numbers; deleted ones are not', async () => {
    const kept = await createStream('kept', 2);
    const gone = await createStream('gone');
    const before = await putTexts(kept, ['a', 'b']);
    await kinesis.send(new DeleteStreamCommand({ StreamName: gone }));
    await harness.close();
    await harness.open();
    kinesis = harness.kinesis;
    expect(await refusal(putTexts(gone, ['x']))).toBe('ResourceNotFoundException');
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: kept }));
    expect(StreamDescriptionSummary).toMatchObject({
      StreamStatus: 'ACTIVE',
      OpenShardCount: 2,
      RetentionPeriodHours: 24,
    });
    const after = await putTexts(kept, ['c']);
    const { ShardId } = before.Records![0];
    expect(await texts(await iterator(kept, { ShardId }))).toEqual(['a', 'b', 'c']);
    expect(after.Records![0].SequenceNumber! > before.Records![1].SequenceNumber!).toBe(true);
  });
});
