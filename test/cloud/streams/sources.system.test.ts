/** The Kinesis sources against the real stand-in. */
import {
  DeregisterStreamConsumerCommand,
  ListStreamConsumersCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerFanOutConsumer } from '#cloud/streams/fan-out-consumer.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { arnOf, KinesisHarness, SHARD_0 } from '../local/kinesis/harness.js';
import { STORM_LIMITS } from '../local/kinesis/storm.js';
import { readFrom, until } from './reading.js';
import { deadLetters, expectCalmReaders, productClient, pushed } from './sources-storm.js';

const still = new KinesisHarness();
const stormy = new KinesisHarness({ raceClock: wallClock, limits: STORM_LIMITS });

beforeAll(async () => {
  await Promise.all([still.open(), stormy.open()]);
});
afterAll(async () => {
  await Promise.all([still.remove(), stormy.remove()]);
});

const seed = Math.floor(Math.random() * 2 ** 32);
test(`30 splits and merges under load: polls and pushes lose, repeat and reorder nothing (seed ${seed})`, () =>
  expectCalmReaders(stormy, 30, seededRandom(seed)));

describe('enhanced fan-out', () => {
  test('aggregates come through it as through polls', async () => {
    const name = await still.createStream('aggregates');
    const client = productClient(still);
    const users = ['a', 'b', 'c'].map((text) => ({ partitionKey: 'car-1', data: Buffer.from(text) }));
    const { data: Data } = aggregate(users);
    await client.send(new PutRecordsCommand({ StreamName: name, Records: [{ Data, PartitionKey: 'a' }] }));
    const { batches, consumer } = readFrom(userRecords(pushed(still, client, name), { deadLetters }));
    await until(() => consumer.stats().records === 3);
    expect(batches.flatMap(({ records }) => records.map((record) => record.subSequenceNumber))).toEqual([0, 1, 2]);
    await consumer.stop();
    client.destroy();
  });

  test('a subscription that lived its five minutes is renewed where it ended', async () => {
    const name = await still.createStream('renewed');
    const client = productClient(still);
    await still.putTexts(name, ['a', 'b']);
    const { read, batches, consumer } = readFrom(pushed(still, client, name));
    await until(() => read.length === 2);
    still.raceClock.advance(5 * 60_000 + 1);
    await still.putTexts(name, ['c']);
    await until(() => read.length === 3);
    const texts = batches.flatMap(({ records }) => records.map(({ data }) => Buffer.from(data).toString()));
    expect(texts).toEqual(['a', 'b', 'c']);
    expect(consumer.stats()).toMatchObject({ retried: 0, shardsFailed: 0 });
    await consumer.stop();
    client.destroy();
  });

  test('whoever calls too early is refused and comes again; a later call takes over, and both go on where they were', async () => {
    const name = await still.createStream('taken');
    const client = productClient(still);
    const source = pushed(still, client, name);
    const first = readFrom(source);
    await still.putTexts(name, ['a']);
    await until(() => first.read.length === 1);
    // Another process of the same application: its own source, the same consumer.
    const second = readFrom(pushed(still, client, name), { positions: { [SHARD_0]: 'TRIM_HORIZON' } });
    await until(() => second.consumer.stats().retried > 0);
    expect(second.read).toEqual([]);
    still.raceClock.advance(6_000);
    await until(() => second.read.length === 1);
    await until(() => first.consumer.stats().retried > 0);
    await Promise.all([first.consumer.stop(), second.consumer.stop()]);
    expect(first.failures).toEqual([]);
    client.destroy();
  });

  test('a consumer that somebody has deregistered is registered again, and reading goes on where it was', async () => {
    const name = await still.createStream('deregistered');
    const client = productClient(still);
    const { read, failures, consumer } = readFrom(pushed(still, client, name));
    await still.putTexts(name, ['a']);
    await until(() => read.length === 1);
    const StreamARN = arnOf(name);
    await client.send(new DeregisterStreamConsumerCommand({ StreamARN, ConsumerName: 'screen' }));
    await still.putTexts(name, ['b']);
    still.raceClock.advance(6_000);
    await until(() => read.length === 2);
    const { Consumers } = await client.send(new ListStreamConsumersCommand({ StreamARN }));
    expect(Consumers!.map(({ ConsumerName }) => ConsumerName)).toEqual(['screen']);
    expect(failures).toEqual([]);
    await consumer.stop();
    client.destroy();
  });

  test('a consumer is registered once, by whoever comes first', async () => {
    const name = await still.createStream('registered');
    const client = productClient(still);
    const register = () =>
      registerFanOutConsumer({ client, streamName: name, consumerName: 'screen', random: seededRandom(1) });
    const [one, two] = await Promise.all([register(), register()]);
    expect(one).toBe(two);
    const nowhere = { client, streamName: 'nowhere', consumerName: 'screen', random: seededRandom(1) };
    await expect(registerFanOutConsumer(nowhere)).rejects.toMatchObject({ code: 'PW-STREAM-READ' });
    client.destroy();
  });
});
