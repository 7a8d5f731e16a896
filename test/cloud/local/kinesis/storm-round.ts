import { KinesisClient } from '@aws-sdk/client-kinesis';
import { expect } from 'vitest';
import type { Random } from '#wire/random.js';
import { credentials, region } from '../local-aws.js';
import { coversAll, follow, type Numbers, polling, pushing, reshard, write } from './storm.js';

const total = (numbers: Numbers): number => [...numbers.values()].reduce((sum, { length }) => sum + length, 0);

/** One storm on a stream of its own: every record is read once and in order, by polling and by subscription. */
export async function expectCalmAfterStorm(
  url: string,
  StreamName: string,
  operations: number,
  random: Random,
): Promise<void> {
  // The default makes a session for every call, which is most of a call's time.
  const requestHandler = { disableConcurrentStreams: false };
  const client = new KinesisClient({ region, credentials, endpoint: url, maxAttempts: 1, requestHandler });
  let isOver = false;
  const writing = write(client, StreamName, () => isOver);
  const polled = follow(
    client,
    StreamName,
    polling(client, StreamName, () => isOver && isWritten),
  );
  let isWritten = false;
  const { readShard, stop } = await pushing(client, url, StreamName);
  let pushedCount = 0;
  const pushed = follow(client, StreamName, (shardId, take) =>
    readShard(shardId, (records) => {
      pushedCount += records.length;
      take(records);
    }),
  );
  await reshard(client, StreamName, operations, random);
  isOver = true;
  const written = await writing;
  isWritten = true;
  await expect.poll(() => pushedCount, { timeout: 20_000 }).toBe(total(written));
  await stop();
  for (const [name, reading] of Object.entries({ polled, pushed })) {
    const read = await reading;
    expect(read.size, name).toBe(written.size);
    for (const [key, numbers] of written) expect(read.get(key), `${key}, ${name}`).toEqual(numbers);
  }
  expect(await coversAll(client, StreamName)).toBe(true);
  client.destroy();
}
