import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteStreamCommand,
  DeregisterStreamConsumerCommand,
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListStreamConsumersCommand,
  PutRecordCommand,
  RegisterStreamConsumerCommand,
  SplitShardCommand,
  type StartingPosition,
  SubscribeToShardCommand,
  type SubscribeToShardCommandOutput,
  type SubscribeToShardEvent,
  type SubscribeToShardEventStream,
} from '@aws-sdk/client-kinesis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { credentials, refusal, region } from '../local-aws.js';
import { arnOf, KinesisHarness, SHARD_0, textsOf } from './harness.js';

const harness = new KinesisHarness();
const { raceClock } = harness;
const opened: Subscription[] = [];

beforeAll(() => harness.open());
afterEach(() => {
  for (const subscription of opened.splice(0)) subscription.leave();
});
afterAll(() => harness.remove());

/** Reads one subscription, as far as a test wants to. */
class Subscription {
  readonly #events: AsyncIterator<SubscribeToShardEventStream>;
  readonly #client: KinesisClient;

  constructor(answer: SubscribeToShardCommandOutput, client: KinesisClient) {
    this.#events = answer.EventStream![Symbol.asyncIterator]();
    this.#client = client;
  }

  /** The next event; undefined at the end. Errors inside the stream are thrown. */
  async next(): Promise<SubscribeToShardEvent | undefined> {
    const { value, done } = await this.#events.next();
    return done ? undefined : (value.SubscribeToShardEvent as SubscribeToShardEvent);
  }

  /** Texts of the records to come, empty events passed over, until there are that many. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) texts.push(...textsOf((await this.next())!.Records!));
    return texts;
  }

  /** Reads until the stream ends: the last event. */
  async last(): Promise<SubscribeToShardEvent> {
    for (let last: SubscribeToShardEvent | undefined; ; ) {
      const event = await this.next();
      if (event === undefined) return last!;
      last = event;
    }
  }

  leave(): void {
    this.#client.destroy();
  }
}

function stockClient(http1 = false): KinesisClient {
  // The default of the clients that speak HTTP/1.1.
  const handler = http1 ? { requestHandler: new DynamoDBClient({ region, credentials }).config.requestHandler } : {};
  return new KinesisClient({ region, credentials, endpoint: harness.aws.url, maxAttempts: 1, ...handler });
}

async function register(stream: string, ConsumerName = 'screen'): Promise<string> {
  harness.rest();
  const { Consumer } = await harness.kinesis.send(
    new RegisterStreamConsumerCommand({ StreamARN: arnOf(stream), ConsumerName }),
  );
  return Consumer!.ConsumerARN!;
}

async function subscribe(
  ConsumerARN: string,
  StartingPosition: StartingPosition = { Type: 'TRIM_HORIZON' },
  { ShardId = SHARD_0, http1 = false, DryRun = undefined as boolean | undefined } = {},
): Promise<Subscription> {
  const client = stockClient(http1);
  const answer = await client.send(new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition, DryRun }));
  const subscription = new Subscription(answer, client);
  opened.push(subscription);
  return subscription;
}

describe('consumers', () => {
  it('are registered, described, listed by pages and deregistered, by name or ARN', async () => {
    const StreamARN = arnOf(await harness.createStream('registry'));
    const arns: string[] = [];
    for (const name of ['b', 'a', 'c']) arns.push(await register('registry', name));
    expect(arns[0]).toMatch(/:stream\/registry\/consumer\/b:\d{10}$/);
    const byName = await harness.kinesis.send(new DescribeStreamConsumerCommand({ StreamARN, ConsumerName: 'a' }));
    const byArn = await harness.kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN: arns[1] }));
    expect(byName.ConsumerDescription).toEqual(byArn.ConsumerDescription);
    expect(byName.ConsumerDescription).toMatchObject({ ConsumerName: 'a', ConsumerStatus: 'ACTIVE', StreamARN });
    const first = await harness.kinesis.send(new ListStreamConsumersCommand({ StreamARN, MaxResults: 2 }));
    const second = await harness.kinesis.send(
      new ListStreamConsumersCommand({ StreamARN, MaxResults: 2, NextToken: first.NextToken }),
    );
    expect([...first.Consumers!, ...second.Consumers!].map(({ ConsumerName }) => ConsumerName)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(second.NextToken).toBeUndefined();
    await harness.kinesis.send(new DeregisterStreamConsumerCommand({ StreamARN, ConsumerName: 'c' }));
    const summary = await harness.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'registry' }));
    expect(summary.StreamDescriptionSummary!.ConsumerCount).toBe(2);
    expect(await refusal(harness.kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN: arns[2] })))).toBe(
      'ResourceNotFoundException',
    );
  });

  it('are twenty of a stream, one of a name, five registered a second', async () => {
    const StreamARN = arnOf(await harness.createStream('quota'));
    const put = (ConsumerName: string) =>
      refusal(harness.kinesis.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName })));
    for (let i = 0; i < 5; i++) expect(await put(`c${i}`)).toBe('ok');
    expect(await put('c5')).toBe('LimitExceededException');
    harness.rest();
    expect(await put('c0')).toBe('ResourceInUseException');
    for (let i = 5; i < 20; i++) {
      harness.rest();
      expect(await put(`c${i}`)).toBe('ok');
    }
    harness.rest();
    expect(await put('c20')).toBe('LimitExceededException');
    expect(await refusal(harness.kinesis.send(new DeleteStreamCommand({ StreamName: 'quota' })))).toBe(
      'ResourceInUseException',
    );
    await harness.kinesis.send(new DeleteStreamCommand({ StreamName: 'quota', EnforceConsumerDeletion: true }));
  });

  it('are there after a restart', async () => {
    await harness.createStream('again');
    const arn = await register('again');
    await harness.putTexts('again', ['before']);
    await harness.close();
    await harness.open();
    expect(await (await subscribe(arn)).texts(1)).toEqual(['before']);
  });
});

describe('a subscription', () => {
  it.each([
    ['HTTP/2', false],
    ['HTTP/1.1', true],
  ])('over %s gets what was there and what comes, in order, and says how far it is', async (_, http1) => {
    const StreamName = await harness.createStream(`push-${http1}`);
    const arn = await register(StreamName);
    await harness.putTexts(StreamName, ['a', 'b']);
    const subscription = await subscribe(arn, { Type: 'TRIM_HORIZON' }, { http1 });
    expect(await subscription.texts(2)).toEqual(['a', 'b']);
    await harness.putTexts(StreamName, ['c']);
    const event = await subscription.next();
    expect(textsOf(event!.Records!)).toEqual(['c']);
    expect(event).toMatchObject({ MillisBehindLatest: 0 });
    expect(BigInt(event!.ContinuationSequenceNumber!)).toBeGreaterThan(BigInt(event!.Records![0].SequenceNumber!));
  });

  it('starts at all five positions, and goes on from its continuation whichever way', async () => {
    const StreamName = await harness.createStream('positions');
    const arns = [];
    for (let i = 0; i < 8; i++) arns.push(await register(StreamName, `c${i}`));
    const { Records } = await harness.putTexts(StreamName, ['a', 'b']);
    const Timestamp = new Date(raceClock.nowMs());
    harness.rest();
    const SequenceNumber = Records![0].SequenceNumber;
    const latest = await subscribe(arns[0], { Type: 'LATEST' });
    await harness.putTexts(StreamName, ['c']);
    expect(await latest.texts(1)).toEqual(['c']);
    expect(await (await subscribe(arns[1])).texts(3)).toEqual(['a', 'b', 'c']);
    expect(await (await subscribe(arns[2], { Type: 'AT_SEQUENCE_NUMBER', SequenceNumber })).texts(3)).toEqual([
      'a',
      'b',
      'c',
    ]);
    const after = await subscribe(arns[3], { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber });
    expect(await after.texts(2)).toEqual(['b', 'c']);
    const later = { Type: 'AT_TIMESTAMP' as const, Timestamp: new Date(Timestamp.getTime() + 1) };
    expect(await (await subscribe(arns[4], later)).texts(1)).toEqual(['c']);

    const first = await subscribe(arns[5]);
    const { ContinuationSequenceNumber } = (await first.next())!;
    await harness.putTexts(StreamName, ['d']);
    for (const [i, Type] of (['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const).entries()) {
      const next = await subscribe(arns[6 + i], { Type, SequenceNumber: ContinuationSequenceNumber });
      expect(await next.texts(1), Type).toEqual(['d']);
    }
  });

  it('to a closed shard gives all of it, also when that is more than a connection takes at once', async () => {
    const StreamName = await harness.createStream('closed');
    await harness.putTexts(StreamName, ['a', 'b'.repeat(200_000)]);
    await harness.kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
    );
    const subscription = await subscribe(await register(StreamName));
    expect((await subscription.texts(2)).map(({ length }) => length)).toEqual([1, 200_000]);
  });

  it('ends with the children of its shard, and without a continuation', async () => {
    const StreamName = await harness.createStream('end');
    const subscription = await subscribe(await register(StreamName));
    await harness.putTexts(StreamName, ['a']);
    await harness.kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: SHARD_0, NewStartingHashKey: (1n << 127n).toString() }),
    );
    const last = await subscription.last();
    expect(last.ContinuationSequenceNumber).toBeUndefined();
    expect(last.ChildShards!.map(({ ShardId, ParentShards }) => [ShardId, ParentShards])).toEqual([
      ['shardId-000000000001', [SHARD_0]],
      ['shardId-000000000002', [SHARD_0]],
    ]);
  });

  it('ends after five minutes of race time', async () => {
    const arn = await register(await harness.createStream('life'));
    const subscription = await subscribe(arn);
    const last = subscription.last();
    raceClock.advance(5 * 60_000 - 1);
    await harness.putTexts('life', ['still there']);
    raceClock.advance(1);
    expect(textsOf((await last).Records!)).toEqual(['still there']);
    await expect.poll(() => harness.aws.stats().kinesis.subscriptions).toBe(0);
    await subscribe(arn);
  });

  it('is one for each consumer and shard: refused within five seconds, taken over later', async () => {
    const StreamName = await harness.createStream('takeover');
    const arn = await register(StreamName);
    const other = await register(StreamName, 'other');
    const first = await subscribe(arn);
    await first.next();
    await subscribe(other);
    raceClock.advance(4_999);
    expect(await refusal(subscribe(arn))).toBe('ResourceInUseException');
    raceClock.advance(1);
    const second = await subscribe(arn);
    expect(await refusal(first.next())).toBe('ResourceInUseException');
    await harness.putTexts(StreamName, ['a']);
    expect(await second.texts(1)).toEqual(['a']);
  });

  it('ends with an error inside the stream when its consumer or stream goes', async () => {
    const StreamName = await harness.createStream('gone');
    const arns = [await register(StreamName), await register(StreamName, 'other')];
    const subscriptions = [await subscribe(arns[0]), await subscribe(arns[1])];
    for (const subscription of subscriptions) await subscription.next();
    await harness.kinesis.send(new DeregisterStreamConsumerCommand({ ConsumerARN: arns[0] }));
    expect(await refusal(subscriptions[0].next())).toBe('ResourceNotFoundException');
    await harness.kinesis.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true }));
    expect(await refusal(subscriptions[1].next())).toBe('ResourceNotFoundException');
  });

  it('is refused for what is not there, and tried without effect by DryRun', async () => {
    const StreamName = await harness.createStream('refused');
    const arn = await register(StreamName);
    expect(await refusal(subscribe(arn, undefined, { ShardId: 'shardId-000000000007' }))).toBe(
      'ResourceNotFoundException',
    );
    expect(await refusal(subscribe(arn.replace('screen', 'nobody')))).toBe('ResourceNotFoundException');
    expect(await refusal(subscribe('no arn'))).toBe('ValidationException');
    const foreign = { Type: 'AT_SEQUENCE_NUMBER' as const, SequenceNumber: '49'.padEnd(56, '7') };
    expect(await refusal(subscribe(arn, foreign))).toBe('InvalidArgumentException');
    expect(await refusal(subscribe(arn, undefined, { DryRun: true }))).toBe('DryRunOperationException');
    await subscribe(arn);
  });

  it('gets two megabytes a second of race time', async () => {
    const StreamName = await harness.createStream('rate');
    const arn = await register(StreamName);
    for (let i = 0; i < 6; i++) {
      raceClock.advance(1_001);
      await harness.kinesis.send(
        new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(1_048_000, i) }),
      );
    }
    const subscription = await subscribe(arn);
    // A burst of one second's worth, and one more that is owed.
    for (let i = 0; i < 3; i++) expect((await subscription.next())!.Records).toHaveLength(1);
    const fourth = subscription.next();
    const none = Symbol('nothing');
    const soon = new Promise((resolve) => setTimeout(() => resolve(none), 200));
    expect(await Promise.race([fourth, soon])).toBe(none);
    raceClock.advance(1_000);
    expect((await fourth)!.Records).toHaveLength(1);
  });

  it('is forgotten when its client goes', async () => {
    const arn = await register(await harness.createStream('leaver'));
    const proxy = await stallingProxy(Number(new URL(harness.aws.url).port));
    const client = new KinesisClient({ region, credentials, endpoint: proxy.url, maxAttempts: 1 });
    const before = harness.aws.stats().kinesis.subscriptions;
    await client.send(
      new SubscribeToShardCommand({ ConsumerARN: arn, ShardId: SHARD_0, StartingPosition: { Type: 'LATEST' } }),
    );
    expect(harness.aws.stats().kinesis.subscriptions).toBe(before + 1);
    client.destroy();
    await proxy.close();
    await expect.poll(() => harness.aws.stats().kinesis.subscriptions).toBe(before);
  });

  it('of a client that does not read waits with one event, and is cut when its time is up', async () => {
    const StreamName = await harness.createStream('slow-reader');
    const arn = await register(StreamName);
    const proxy = await stallingProxy(Number(new URL(harness.aws.url).port));
    const client = new KinesisClient({ region, credentials, endpoint: proxy.url, maxAttempts: 1 });
    await client.send(
      new SubscribeToShardCommand({ ConsumerARN: arn, ShardId: SHARD_0, StartingPosition: { Type: 'LATEST' } }),
    );
    proxy.stall();
    const before = harness.aws.stats().kinesis.recordsOut;
    for (let i = 0; i < 20; i++) {
      raceClock.advance(1_001);
      await harness.kinesis.send(
        new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: Buffer.alloc(1_000_000) }),
      );
    }
    // What socket buffers on the way hold, and the one event; never all twenty.
    expect(harness.aws.stats().kinesis.recordsOut - before).toBeLessThan(15);
    raceClock.advance(5 * 60_000);
    await expect.poll(() => harness.aws.stats().kinesis.subscriptions).toBe(0);
    client.destroy();
    await proxy.close();
  });
});

/** Hands bytes on to a port until told to read no more of the answers. */
async function stallingProxy(port: number): Promise<{ url: string; stall(): void; close(): Promise<void> }> {
  const sockets: Socket[] = [];
  const servers: Socket[] = [];
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    sockets.push(client, server);
    servers.push(server);
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stall: () => {
      for (const server of servers) server.unpipe().pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
