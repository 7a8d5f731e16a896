import {
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeLimitsCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListStreamsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
  type StreamMode,
  UpdateShardCountCommand,
  UpdateStreamModeCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../local-aws.js';
import { arnOf, KinesisHarness, SHARD_0 } from './harness.js';

const HOUR_MS = 3_600_000;
/** Everything takes as long as on AWS, in race time. */
const STATUS_DELAY_MS = 30_000;
const harness = new KinesisHarness({ statusDelayMs: STATUS_DELAY_MS });
const { raceClock } = harness;

beforeAll(() => harness.open());
afterAll(() => harness.remove());

const settle = () => raceClock.advance(STATUS_DELAY_MS);

async function activeStream(name: string, shards = 1): Promise<string> {
  await harness.createStream(name, shards);
  settle();
  return name;
}

async function summaryOf(StreamName: string) {
  raceClock.advance(100);
  return (await harness.kinesis.send(new DescribeStreamSummaryCommand({ StreamName }))).StreamDescriptionSummary!;
}

async function openRanges(StreamName: string): Promise<bigint[][]> {
  const { Shards } = await harness.kinesis.send(
    new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }),
  );
  return Shards!
    .map(({ HashKeyRange: range }) => [BigInt(range!.StartingHashKey!), BigInt(range!.EndingHashKey!)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const scale = (StreamName: string, TargetShardCount: number) =>
  harness.kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: 'UNIFORM_SCALING' }));

const setMode = (name: string, StreamMode: StreamMode) =>
  harness.kinesis.send(new UpdateStreamModeCommand({ StreamARN: arnOf(name), StreamModeDetails: { StreamMode } }));

describe('a stream that is being changed', () => {
  it('is CREATING without data, then ACTIVE, UPDATING with data, and DELETING until it is gone', async () => {
    const StreamName = await harness.createStream('states');
    expect((await summaryOf(StreamName)).StreamStatus).toBe('CREATING');
    expect(await refusal(harness.putTexts(StreamName, ['x']))).toBe('ResourceNotFoundException');
    settle();
    const split = () =>
      harness.kinesis.send(
        new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
      );
    expect(await refusal(split())).toBe('ok');
    expect((await summaryOf(StreamName)).StreamStatus).toBe('UPDATING');
    const merge = new MergeShardsCommand({
      StreamName,
      ShardToMerge: 'shardId-000000000001',
      AdjacentShardToMerge: 'shardId-000000000002',
    });
    expect(await refusal(harness.kinesis.send(merge))).toBe('ResourceInUseException');
    expect(await refusal(scale(StreamName, 3))).toBe('ResourceInUseException');
    expect(await refusal(harness.putTexts(StreamName, ['while updating']))).toBe('ok');
    settle();
    expect(await refusal(harness.kinesis.send(merge))).toBe('ok');
    settle();

    await harness.kinesis.send(new DeleteStreamCommand({ StreamName }));
    expect((await summaryOf(StreamName)).StreamStatus).toBe('DELETING');
    expect(await refusal(harness.createStream(StreamName))).toBe('ResourceInUseException');
    settle();
    expect(await refusal(summaryOf(StreamName))).toBe('ResourceNotFoundException');
    expect(await refusal(harness.createStream(StreamName, 2))).toBe('ok');
    await harness.close();
    await harness.open();
    settle();
    expect(await summaryOf(StreamName)).toMatchObject({ OpenShardCount: 2, StreamStatus: 'ACTIVE' });
  });

  it('is one of five that may be CREATING, as is a consumer', async () => {
    settle();
    for (let i = 0; i < 5; i++) {
      raceClock.advance(200);
      await harness.kinesis.send(new CreateStreamCommand({ StreamName: `creating-${i}`, ShardCount: 1 }));
    }
    raceClock.advance(200);
    const sixth = () => harness.kinesis.send(new CreateStreamCommand({ StreamName: 'creating-5', ShardCount: 1 }));
    expect(await refusal(sixth())).toBe('LimitExceededException');
    settle();
    const register = (ConsumerName: string) => {
      raceClock.advance(200);
      return refusal(
        harness.kinesis.send(new RegisterStreamConsumerCommand({ StreamARN: arnOf('creating-0'), ConsumerName })),
      );
    };
    for (let i = 0; i < 5; i++) expect(await register(`c${i}`)).toBe('ok');
    expect(await register('c5')).toBe('LimitExceededException');
    settle();
    expect(await register('c5')).toBe('ok');
  });
});

describe('UpdateShardCount', () => {
  it.each([
    [2, 4],
    [4, 2],
    [3, 4],
    [4, 3],
    [5, 7],
    [7, 5],
  ])('from %i shards makes %i of equal size, each with its parents', async (from, to) => {
    const StreamName = await activeStream(`uniform-${from}-${to}`, from);
    expect(await scale(StreamName, to)).toMatchObject({
      StreamName,
      StreamARN: arnOf(StreamName),
      CurrentShardCount: from,
      TargetShardCount: to,
    });
    const starts = Array.from({ length: to + 1 }, (_, i) => (BigInt(i) << 128n) / BigInt(to));
    expect(await openRanges(StreamName)).toEqual(starts.slice(0, to).map((start, i) => [start, starts[i + 1] - 1n]));
    const { Shards } = await harness.kinesis.send(new ListShardsCommand({ StreamName }));
    const isOpen = Shards!.filter((shard) => shard.SequenceNumberRange!.EndingSequenceNumber === undefined);
    expect(isOpen).toHaveLength(to);
    for (const shard of isOpen) if (Number(shard.ShardId!.slice(-4)) >= from) expect(shard.ParentShardId).toBeDefined();
  });

  it('at most doubles and halves, stays under the quota, and ten times in 24 hours', async () => {
    const StreamName = await activeStream('daily', 4);
    expect(await refusal(scale(StreamName, 9))).toBe('LimitExceededException');
    expect(await refusal(scale(StreamName, 1))).toBe('LimitExceededException');
    for (let i = 0; i < 10; i++) {
      raceClock.advance(HOUR_MS);
      expect(await refusal(scale(StreamName, i % 2 === 0 ? 3 : 4))).toBe('ok');
    }
    raceClock.advance(HOUR_MS);
    expect(await refusal(scale(StreamName, 3))).toBe('LimitExceededException');
    raceClock.advance(14 * HOUR_MS);
    expect(await refusal(scale(StreamName, 3))).toBe('ok');
  });
});

describe('on-demand streams', () => {
  it('begin with four shards and double with the load', async () => {
    // A hundredth of AWS's rate for each shard, so that a race minute at full load is quickly written.
    const bytesPerSecond = 10_000;
    const small = new KinesisHarness({ limits: { writeBytesPerSecond: bytesPerSecond } });
    await small.open();
    const StreamName = 'on-demand';
    const StreamModeDetails = { StreamMode: 'ON_DEMAND' as const };
    await small.kinesis.send(new CreateStreamCommand({ StreamName, StreamModeDetails }));
    const openShards = async () => {
      small.raceClock.advance(50);
      const { StreamDescriptionSummary } = await small.kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      return StreamDescriptionSummary!.OpenShardCount!;
    };
    /** As much as that many shards take, for a race minute; how many there are then. */
    const load = async (shards: number): Promise<number> => {
      const Records = Array.from({ length: shards }, (_, i) => ({
        PartitionKey: 'k',
        ExplicitHashKey: ((BigInt(i) << 128n) / BigInt(shards)).toString(),
        Data: Buffer.alloc(bytesPerSecond - 1),
      }));
      for (let second = 0; second < 60; second++) {
        small.raceClock.advance(1_000);
        await small.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
      }
      return openShards();
    };
    expect(await openShards()).toBe(4);
    await expect.poll(() => load(4), { timeout: 10_000 }).toBe(8);
    await small.remove();
  });

  it('are nobody’s to scale', async () => {
    const StreamName = await activeStream('not-mine', 2);
    await setMode(StreamName, 'ON_DEMAND');
    settle();
    expect(await refusal(scale(StreamName, 4))).toBe('ValidationException');
  });

  it('change to provisioned and back, twice in 24 hours, with their shards', async () => {
    const StreamName = await activeStream('modes', 2);
    const modes: StreamMode[] = ['ON_DEMAND', 'PROVISIONED'];
    for (const mode of modes) {
      expect(await refusal(setMode(StreamName, mode))).toBe('ok');
      settle();
      expect(await summaryOf(StreamName)).toMatchObject({
        OpenShardCount: 2,
        StreamModeDetails: { StreamMode: mode },
      });
    }
    expect(await refusal(setMode(StreamName, 'ON_DEMAND'))).toBe('LimitExceededException');
    raceClock.advance(24 * HOUR_MS);
    expect(await refusal(setMode(StreamName, 'ON_DEMAND'))).toBe('ok');
  });
});

describe('the control plane', () => {
  it('tells the account’s limits, once a second', async () => {
    harness.rest();
    const before = await harness.kinesis.send(new DescribeLimitsCommand({}));
    expect(before).toMatchObject({ ShardLimit: 500, OnDemandStreamCountLimit: 50 });
    expect(await refusal(harness.kinesis.send(new DescribeLimitsCommand({})))).toBe('LimitExceededException');
    await activeStream('three', 3);
    const after = await harness.kinesis.send(new DescribeLimitsCommand({}));
    expect(after.OpenShardCount).toBe(before.OpenShardCount! + 3);
  });

  it('takes as many calls a second as AWS does, and more when race time has passed', async () => {
    const StreamName = await activeStream('calls');
    const StreamARN = arnOf(StreamName);
    const split = () =>
      harness.kinesis.send(
        new SplitShardCommand({ StreamName: 'nowhere', ShardToSplit: SHARD_0, NewStartingHashKey: '1' }),
      );
    const calls: [number, () => Promise<unknown>][] = [
      [10, () => harness.kinesis.send(new DescribeStreamCommand({ StreamName }))],
      [20, () => harness.kinesis.send(new DescribeStreamSummaryCommand({ StreamARN }))],
      [5, () => harness.kinesis.send(new ListStreamsCommand({}))],
      [5, split],
    ];
    for (const [perSecond, call] of calls) {
      harness.rest();
      for (let i = 0; i < perSecond; i++) expect(await refusal(call())).not.toBe('LimitExceededException');
      expect(await refusal(call())).toBe('LimitExceededException');
      raceClock.advance(1_000);
      expect(await refusal(call())).not.toBe('LimitExceededException');
    }
  });

  it('gives five iterators a second of each shard', async () => {
    const StreamName = await activeStream('iterators', 2);
    const take = (ShardId: string) =>
      refusal(harness.kinesis.send(new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'LATEST' })));
    for (let i = 0; i < 5; i++) expect(await take(SHARD_0)).toBe('ok');
    expect(await take(SHARD_0)).toBe('ProvisionedThroughputExceededException');
    expect(await take('shardId-000000000001')).toBe('ok');
  });

  it('knows a stream by its ARN alone', async () => {
    const StreamARN = arnOf(await activeStream('by-arn'));
    const send = harness.kinesis.send.bind(harness.kinesis);
    await send(new PutRecordsCommand({ StreamARN, Records: [{ PartitionKey: 'k', Data: Buffer.from('a') }] }));
    await send(new IncreaseStreamRetentionPeriodCommand({ StreamARN, RetentionPeriodHours: 48 }));
    settle();
    const { ShardIterator } = await send(
      new GetShardIteratorCommand({ StreamARN, ShardId: SHARD_0, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    expect((await send(new GetRecordsCommand({ StreamARN, ShardIterator }))).Records).toHaveLength(1);
    expect((await send(new ListShardsCommand({ StreamARN }))).Shards).toHaveLength(1);
    await send(new DeleteStreamCommand({ StreamARN }));
  });
});

describe('retention', () => {
  it('goes up and down within its bounds; down trims at once, and trimmed shards are no longer known', async () => {
    const StreamName = await activeStream('retention');
    const raise = (RetentionPeriodHours: number) =>
      refusal(harness.kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours })));
    const lower = (RetentionPeriodHours: number) =>
      refusal(harness.kinesis.send(new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours })));
    expect(await raise(8_761)).toBe('InvalidArgumentException');
    expect(await lower(23)).toBe('InvalidArgumentException');
    expect(await raise(48)).toBe('ok');
    settle();
    expect(await raise(47)).toBe('InvalidArgumentException');
    await harness.putTexts(StreamName, ['old']);
    await harness.kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
    );
    raceClock.advance(30 * HOUR_MS);
    expect(await harness.texts(await harness.iterator(StreamName))).toEqual(['old']);
    const trimHorizon = async () => {
      const { Shards } = await harness.kinesis.send(
        new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_TRIM_HORIZON' } }),
      );
      return Shards!.map(({ ShardId }) => ShardId);
    };
    expect(await trimHorizon()).toEqual([SHARD_0]);
    expect(await lower(24)).toBe('ok');
    expect(await refusal(harness.iterator(StreamName))).toBe('ResourceNotFoundException');
    expect(await trimHorizon()).toEqual(['shardId-000000000001', 'shardId-000000000002']);
    const { Shards } = await harness.kinesis.send(new ListShardsCommand({ StreamName }));
    expect(Shards!.map(({ ShardId }) => ShardId)).toEqual(['shardId-000000000001', 'shardId-000000000002']);
  });
});
