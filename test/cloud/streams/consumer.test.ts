import { afterEach, expect, test, vi } from 'vitest';
import { type Consumer, type ConsumerOptions, startConsumer } from '#cloud/streams/consumer.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import { WATCHDOG_MS } from '#cloud/streams/shard-reads.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import type { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from './fake-dynamodb.js';
import { FakeKinesis } from './fake-kinesis.js';

let consumer: Consumer | undefined;

afterEach(async () => {
  await consumer?.stop();
  consumer = undefined;
});

function consume(kinesis: FakeKinesis, options: Partial<ConsumerOptions> = {}) {
  const read: string[] = [];
  const batches: ShardBatch[] = [];
  const failures: PitwallError[] = [];
  consumer = startConsumer({
    source: kinesisPolling({ client: kinesis.client, streamName: 'stream' }),
    positions: {},
    pollMs: 1,
    onRecords: async (batch) => {
      batches.push(batch);
      for (const record of batch.records) read.push(`${batch.shardId} ${record.sequenceNumber}`);
    },
    onFailure: (error) => failures.push(error),
    log: silentLog,
    wallClock,
    raceClock: wallClock,
    random: seededRandom(1),
    ...options,
  });
  return { read, batches, failures };
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000, interval: 2 });

test('every page of the listing is read, every shard from its horizon', async () => {
  const kinesis = new FakeKinesis(['a', 'b', 'c', 'd', 'e']);
  for (const shardId of kinesis.shards.keys()) kinesis.put(shardId, 'car-1', {});
  const { read } = consume(kinesis);
  await until(() => read.length === 5);
  expect([...read].sort()).toEqual(['a 1', 'b 2', 'c 3', 'd 4', 'e 5']);
});

test('children wait until both parents of a merge have been read to their end', async () => {
  const kinesis = new FakeKinesis(['left', 'right']);
  kinesis.addShard('child', ['left', 'right']);
  kinesis.put('child', 'car-1', {});
  kinesis.put('left', 'car-1', {});
  kinesis.put('right', 'car-1', {});
  kinesis.close('left');
  const { read } = consume(kinesis);
  await until(() => read.length === 2 && consumer!.stats().shardsEnded === 1);
  expect(read).not.toContain('child 1');
  kinesis.close('right');
  await until(() => read.length === 3);
  expect(read[2]).toBe('child 1');
});

test('a child that no listing shows yet is begun from what the end of its parent says', async () => {
  const kinesis = new FakeKinesis(['parent']);
  kinesis.addShard('child', ['parent'], true);
  kinesis.put('parent', 'car-1', {});
  kinesis.put('child', 'car-1', {});
  kinesis.close('parent');
  const { read, batches } = consume(kinesis);
  await until(() => read.length === 2);
  expect(read).toEqual(['parent 1', 'child 2']);
  expect(batches.filter(({ ended }) => ended).map(({ shardId }) => shardId)).toEqual(['parent']);
});

test('a shard that ends while its last batch is waited for begins nothing after a stop', async () => {
  const kinesis = new FakeKinesis(['parent']);
  kinesis.addShard('child', ['parent']);
  kinesis.put('parent', 'car-1', {});
  kinesis.put('child', 'car-1', {});
  kinesis.close('parent');
  let release = () => {};
  const batches: ShardBatch[] = [];
  const { failures } = consume(kinesis, {
    onRecords: (batch) => {
      batches.push(batch);
      return new Promise((resolve) => (release = resolve));
    },
  });
  await until(() => batches.length === 1);
  const stopped = consumer!.stop();
  release();
  await stopped;
  expect(consumer!.stats().shardsReading).toBe(0);
  expect([batches.length, failures.length]).toEqual([1, 0]);
});

test('positions resume behind the record, and an ended shard is not read again', async () => {
  const kinesis = new FakeKinesis(['old', 'new']);
  kinesis.put('old', 'car-1', {});
  kinesis.put('new', 'car-1', {});
  kinesis.put('new', 'car-1', {});
  const { read } = consume(kinesis, { positions: { old: 'SHARD_END', new: '2' } });
  await until(() => read.length === 1);
  expect(read).toEqual(['new 3']);
});

test('an expired iterator goes on behind the last record delivered', async () => {
  const kinesis = new FakeKinesis();
  kinesis.put('s0', 'car-1', {});
  const { read } = consume(kinesis);
  await until(() => read.length === 1);
  let expired = false;
  kinesis.fault = (name) => {
    if (name !== 'GetRecords' || expired) return;
    expired = true;
    kinesis.put('s0', 'car-1', {});
    throw awsError('ExpiredIteratorException', 400);
  };
  await until(() => read.length === 2);
  expect(read).toEqual(['s0 1', 's0 2']);
  expect(consumer!.stats().expiredIterators).toBe(1);
});

test('a LATEST iterator that expires before its first record goes back to its start, not to a later LATEST', async () => {
  const kinesis = new FakeKinesis();
  kinesis.put('s0', 'car-1', {});
  const types: unknown[] = [];
  let expired = false;
  kinesis.fault = (name, input) => {
    if (name === 'GetShardIterator') types.push([input.ShardIteratorType, input.Timestamp]);
    if (name !== 'GetRecords' || expired) return;
    expired = true;
    throw awsError('ExpiredIteratorException', 400);
  };
  const raceClock = new ManualClock(5_000);
  consume(kinesis, { initial: 'LATEST', raceClock });
  await until(() => types.length === 2);
  expect(types).toEqual([
    ['LATEST', undefined],
    ['AT_TIMESTAMP', new Date(5_000)],
  ]);
});

test('throttled and failing polls are repeated, nothing is skipped', async () => {
  const kinesis = new FakeKinesis();
  for (let i = 0; i < 3; i++) kinesis.put('s0', 'car-1', {});
  const faults = ['ProvisionedThroughputExceededException', 'InternalFailureException'];
  kinesis.fault = (name) => {
    const fault = name === 'GetRecords' ? faults.shift() : undefined;
    if (fault) throw awsError(fault, fault.startsWith('Internal') ? 500 : 400);
  };
  const { read } = consume(kinesis, {
    source: kinesisPolling({ client: kinesis.client, streamName: 'stream', maxRecords: 2 }),
  });
  await until(() => read.length === 3);
  expect(read).toEqual(['s0 1', 's0 2', 's0 3']);
  expect(consumer!.stats()).toMatchObject({ throttled: 1, retried: 1 });
});

test('what cannot be retried is surfaced with its code', async () => {
  const kinesis = new FakeKinesis();
  kinesis.fault = (name) => {
    if (name === 'GetRecords') throw awsError('AccessDeniedException', 400);
  };
  const { failures } = consume(kinesis);
  await until(() => failures.length === 1);
  expect(failures[0].code).toBe('PW-STREAM-READ');
  expect(consumer!.stats()).toMatchObject({ shardsReading: 0, shardsFailed: 1 });
});

test('a shard trimmed while it was read ends, and its children are begun', async () => {
  const kinesis = new FakeKinesis(['parent']);
  kinesis.put('parent', 'car-1', {});
  const { read } = consume(kinesis);
  await until(() => read.length === 1);
  kinesis.addShard('child', ['parent']);
  kinesis.put('child', 'car-1', {});
  kinesis.shards.delete('parent');
  await until(() => read.length === 2);
  expect(read[1]).toBe('child 2');
  expect(consumer!.stats()).toMatchObject({ shardsEnded: 1, shardsFailed: 0 });
});

test('without room for it, the next poll waits until the batch is processed', async () => {
  const kinesis = new FakeKinesis();
  kinesis.put('s0', 'car-1', {});
  let release = () => {};
  const { read } = consume(kinesis, {
    aheadBytes: 0,
    onRecords: (batch) => {
      read.push(...batch.records.map(({ sequenceNumber }) => sequenceNumber));
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  await until(() => read.length === 1);
  const polls = kinesis.calls.length;
  kinesis.put('s0', 'car-1', {});
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(kinesis.calls.length).toBe(polls);
  release();
  await until(() => read.length === 2);
  release();
});

test('while a processor stands still one batch a shard is read ahead and no more, within the bytes', async () => {
  const kinesis = new FakeKinesis(['a', 'b', 'c']);
  for (const shardId of kinesis.shards.keys()) for (let i = 0; i < 20; i++) kinesis.put(shardId, 'car-1', {});
  let release = () => {};
  const stalled = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { read } = consume(kinesis, {
    source: kinesisPolling({ client: kinesis.client, streamName: 'stream', maxRecords: 2 }),
    // Room for the greatest answer twice: of three shards two may read ahead at one moment.
    aheadBytes: 20 * 1_048_576,
    onRecords: async (batch) => {
      await stalled;
      for (const { sequenceNumber } of batch.records) read.push(`${batch.shardId} ${sequenceNumber}`);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  const polls = kinesis.calls.filter((name) => name === 'GetRecords').length;
  expect(polls).toBeGreaterThan(3);
  expect(polls).toBeLessThanOrEqual(6);
  release();
  await until(() => read.length === 60);
  for (const shardId of ['a', 'b', 'c']) {
    const numbers = read.filter((entry) => entry.startsWith(shardId)).map((entry) => Number(entry.slice(2)));
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
  }
});

test('a poll that never answers is given up by the watchdog, and the shard goes on where it was', async () => {
  vi.useFakeTimers();
  try {
    const kinesis = new FakeKinesis();
    kinesis.put('s0', 'car-1', {});
    const { read } = consume(kinesis);
    await vi.advanceTimersByTimeAsync(10);
    expect(read).toEqual(['s0 1']);
    let hung = false;
    kinesis.fault = (name) => {
      if (name !== 'GetRecords' || hung) return;
      hung = true;
      return new Promise(() => {});
    };
    kinesis.put('s0', 'car-1', {});
    await vi.advanceTimersByTimeAsync(10);
    expect(read).toEqual(['s0 1']);
    await vi.advanceTimersByTimeAsync(WATCHDOG_MS + 10);
    expect(read).toEqual(['s0 1', 's0 2']);
    expect(consumer!.stats().watchdogRestarts).toBe(1);
    consumer = undefined;
  } finally {
    vi.useRealTimers();
  }
});
