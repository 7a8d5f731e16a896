import {
  CreateStreamCommand,
  DescribeStreamConsumerCommand,
  KinesisClient,
  RegisterStreamConsumerCommand,
} from '@aws-sdk/client-kinesis';
import { expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { credentials, region, startIn, startToBeKilled, testFolder } from '../local-aws.js';
import { arnOf } from './harness.js';
import { coversAll, follow, type Numbers, polling, reshard, STORM_LIMITS, write } from './storm.js';

const StreamName = 'storm';

const clientOf = (endpoint: string) =>
  new KinesisClient({
    region,
    credentials,
    endpoint,
    maxAttempts: 1,
    requestHandler: { disableConcurrentStreams: false },
  });

const seed = Math.floor(Math.random() * 2 ** 32);
it(`killed in a storm, it has all acknowledged records in order, every hash key once, and its consumers (seed ${seed})`, async () => {
  const folder = testFolder();
  const server = await startToBeKilled(folder.path, { limits: STORM_LIMITS });
  const before = clientOf(server.url);
  await before.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }));
  const { Consumer } = await before.send(
    new RegisterStreamConsumerCommand({ StreamARN: arnOf(StreamName), ConsumerName: 'c' }),
  );
  const acknowledged: Numbers = new Map();
  const storm = Promise.allSettled([
    write(before, StreamName, () => false, acknowledged),
    reshard(before, StreamName, Number.POSITIVE_INFINITY, seededRandom(seed)),
  ]);
  await expect.poll(() => acknowledged.get('key-0-0')?.length ?? 0, { timeout: 20_000 }).toBeGreaterThan(50);
  await server.kill();
  await storm;
  before.destroy();

  const aws = await startIn(folder.path, { limits: STORM_LIMITS });
  const after = clientOf(aws.url);
  const read = await follow(
    after,
    StreamName,
    polling(after, StreamName, () => true),
  );
  for (const [key, numbers] of acknowledged) {
    const kept = read.get(key)!;
    // One call of each writer was under way: its records may be there, behind all others.
    expect(kept.slice(0, numbers.length), key).toEqual(numbers);
    expect(kept.length - numbers.length, key).toBeLessThanOrEqual(1);
  }
  expect(await coversAll(after, StreamName)).toBe(true);
  const { ConsumerARN } = Consumer!;
  const described = await after.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
  expect(described.ConsumerDescription!.ConsumerStatus).toBe('ACTIVE');
  after.destroy();
  await aws.close();
  folder.remove();
});
