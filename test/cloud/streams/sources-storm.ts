/** Both Kinesis sources beside each other on a stream that is split and merged. */
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { expect } from 'vitest';
import { fanOutConsumer } from '#cloud/streams/fan-out-consumer.js';
import { kinesisFanOut } from '#cloud/streams/kinesis-fan-out.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import type { ShardSource } from '#cloud/streams/source.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { type Random, seededRandom } from '#wire/random.js';
import type { KinesisHarness } from '../local/kinesis/harness.js';
import { type Numbers, reshard, write } from '../local/kinesis/storm.js';
import { credentials, region } from '../local/local-aws.js';
import { type Reading, readFrom, until } from './reading.js';

/** As the product makes it: calls share sessions. */
export function productClient(harness: KinesisHarness): KinesisClient {
  const requestHandler = { disableConcurrentStreams: false };
  return new KinesisClient({ region, credentials, endpoint: harness.aws.url, maxAttempts: 1, requestHandler });
}

export function pushed({ raceClock }: KinesisHarness, client: KinesisClient, streamName: string): ShardSource {
  const consumer = fanOutConsumer({ client, streamName, consumerName: 'screen', random: seededRandom(1) });
  return kinesisFanOut({ client, streamName, consumer, raceClock });
}

export const deadLetters = {
  put: () => Promise.reject(new Error('none')),
  stats: () => ({ stored: 0, bytes: 0, refused: 0 }),
};

function numbersOf({ batches }: Reading): Numbers {
  const numbers: Numbers = new Map();
  for (const { partitionKey, data } of batches.flatMap(({ records }) => records)) {
    const ofKey = numbers.get(partitionKey) ?? [];
    ofKey.push(Number(Buffer.from(data).toString()));
    numbers.set(partitionKey, ofKey);
  }
  return numbers;
}

const countOf = (numbers: Numbers): number => [...numbers.values()].reduce((sum, { length }) => sum + length, 0);

/** So many splits and merges under load: whoever polls and whoever is pushed to gets every record once and in order. */
export async function expectCalmReaders(harness: KinesisHarness, operations: number, random: Random): Promise<void> {
  const name = await harness.createStream('sources', 2);
  const client = productClient(harness);
  const polled = readFrom(userRecords(kinesisPolling({ client, streamName: name }), { deadLetters }), { pollMs: 20 });
  const subscribed = readFrom(pushed(harness, client, name));
  let isOver = false;
  const writing = write(client, name, () => isOver);
  await reshard(client, name, operations, random);
  isOver = true;
  const written = await writing;
  for (const reading of [polled, subscribed]) {
    await until(() => reading.consumer.stats().records >= countOf(written));
    const numbers = numbersOf(reading);
    for (const [key, ofKey] of written) expect(numbers.get(key), key).toEqual(ofKey);
    expect(reading.failures).toEqual([]);
    expect(reading.gaps).toEqual([]);
    await reading.consumer.stop();
  }
  await until(() => harness.aws.stats().kinesis.subscriptions === 0);
  client.destroy();
}
