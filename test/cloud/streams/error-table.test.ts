/** The table of errors and actions of stream readers, row by row, for both services. */
import { describe, expect, test } from 'vitest';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import type { TrimPolicy } from '#cloud/streams/trim-policy.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from './fake-dynamodb.js';
import { FakeKinesis } from './fake-kinesis.js';
import { FakeTableStream } from './fake-table-stream.js';
import { readFrom, until } from './reading.js';

const tableOf = (fake: FakeTableStream, raceClock = wallClock, trimPolicy?: string) =>
  tableStream({
    client: fake.client,
    streamArn: 'stream',
    raceClock,
    random: seededRandom(1),
    trimPolicy: trimPolicy as TrimPolicy,
  });
const kinesisOf = (fake: FakeKinesis) => kinesisPolling({ client: fake.client, streamName: 'stream' });

/** Two streams with one face: what both services have in common is tested once. */
const BOTH = [
  {
    name: 'Kinesis',
    make: () => {
      const fake = new FakeKinesis();
      return { fake, source: kinesisOf(fake), put: () => fake.put('s0', 'car-1', {}) };
    },
  },
  {
    name: 'a table’s stream',
    make: () => {
      const fake = new FakeTableStream();
      return { fake, source: tableOf(fake), put: () => fake.put('s0') };
    },
  },
] as const;

/** Raises the error for the next calls of that name. */
function failing(fake: { fault: unknown }, call: string, ...errors: string[]): void {
  fake.fault = (name: string) => {
    const error = name === call ? errors.shift() : undefined;
    if (error) throw awsError(error, error.startsWith('Internal') ? 500 : 400);
  };
}

describe.each(BOTH)('$name', ({ make }) => {
  test('ExpiredIterator: a new one behind the last record delivered', async () => {
    const { fake, source, put } = make();
    put();
    const { read, consumer } = readFrom(source);
    await until(() => read.length === 1);
    put();
    failing(fake, 'GetRecords', 'ExpiredIteratorException');
    await until(() => read.length === 2);
    expect(read).toEqual(['s0 1', 's0 2']);
    expect(consumer.stats().expiredIterators).toBe(1);
  });

  test.each(['LimitExceededException', 'ThrottlingException', 'ProvisionedThroughputExceededException'])(
    '%s: slower, and nothing is skipped',
    async (error) => {
      const { fake, source, put } = make();
      put();
      failing(fake, 'GetRecords', error, error);
      const { read, consumer } = readFrom(source);
      await until(() => read.length === 1);
      expect(consumer.stats()).toMatchObject({ throttled: 2, retried: 0 });
    },
  );

  test.each(['InternalServerError', 'InternalFailureException', 'TimeoutError'])(
    '%s: the same again',
    async (error) => {
      const { fake, source, put } = make();
      put();
      failing(fake, 'GetRecords', error);
      const { read, consumer } = readFrom(source);
      await until(() => read.length === 1);
      expect(consumer.stats()).toMatchObject({ throttled: 0, retried: 1 });
    },
  );

  test('a listing that is throttled is asked again', async () => {
    const { fake, source, put } = make();
    put();
    failing(fake, fake instanceof FakeKinesis ? 'ListShards' : 'DescribeStream', 'LimitExceededException');
    const { read } = readFrom(source);
    await until(() => read.length === 1);
  });

  test('a shard that is gone ends with its children and a gap, never in silence', async () => {
    const { fake, source, put } = make();
    put();
    const { read, gaps, batches, consumer } = readFrom(source);
    await until(() => read.length === 1);
    if (fake instanceof FakeKinesis) fake.addShard('s1', ['s0']);
    else fake.addShard('s1', 's0');
    fake.shards.delete('s0');
    await until(() => consumer.stats().shardsEnded === 1);
    expect(gaps).toEqual([{ shardId: 's0', behind: '1', upTo: undefined }]);
    expect(batches.at(-1)).toMatchObject({ shardId: 's0', records: [], ended: true });
    await until(() => consumer.stats().shardsReading === 1);
    expect(consumer.stats()).toMatchObject({ gaps: 1, shardsFailed: 0 });
  });

  test('a shard that is listed and said to be gone is asked again, then given up with a code', async () => {
    const { fake, source, put } = make();
    put();
    failing(fake, 'GetRecords', ...Array(5).fill('ResourceNotFoundException'));
    const { failures, consumer } = readFrom(source);
    await until(() => failures.length === 1);
    expect(failures[0].code).toBe('PW-STREAM-READ');
    expect(consumer.stats()).toMatchObject({ retried: 4, shardsFailed: 1, gaps: 0 });
  });

  test('a refusal that stays is surfaced with its code', async () => {
    const { fake, source } = make();
    failing(fake, 'GetShardIterator', 'AccessDeniedException');
    const { failures } = readFrom(source);
    await until(() => failures.length === 1);
    expect(failures[0].message).toContain('AccessDeniedException');
  });
});

describe('Kinesis alone', () => {
  test('expired before the first record since LATEST: from the time of the start', async () => {
    const fake = new FakeKinesis();
    const types: unknown[] = [];
    failing(fake, 'GetRecords', 'ExpiredIteratorException');
    const { fault } = fake;
    fake.fault = (name, input) => {
      if (name === 'GetShardIterator') types.push([input.ShardIteratorType, input.Timestamp]);
      return fault(name, input);
    };
    readFrom(kinesisOf(fake), { initial: 'LATEST', raceClock: new ManualClock(5_000) });
    await until(() => types.length === 2);
    expect(types[1]).toEqual(['AT_TIMESTAMP', new Date(5_000)]);
  });
});

describe('a table’s stream alone', () => {
  test('expired before the first record since LATEST: from the horizon, without what is older than the start', async () => {
    const fake = new FakeTableStream();
    fake.atMs = 4_000;
    fake.put('s0');
    failing(fake, 'GetRecords', 'ExpiredIteratorException');
    const raceClock = new ManualClock(5_500);
    const { read } = readFrom(tableOf(fake, raceClock), { initial: 'LATEST', raceClock });
    await until(() => fake.iterators().length === 2);
    expect(fake.iterators()).toEqual([
      ['LATEST', undefined],
      ['TRIM_HORIZON', undefined],
    ]);
    fake.atMs = 5_600;
    fake.put('s0');
    await until(() => read.length === 1);
    expect(read).toEqual(['s0 2']);
  });

  test('trimmed, policy skip: on at the horizon, the gap told with its bounds', async () => {
    const fake = new FakeTableStream();
    for (let i = 0; i < 5; i++) fake.put('s0');
    fake.horizon = 4;
    const { read, gaps, consumer } = readFrom(tableOf(fake), { positions: { s0: '1' } });
    await until(() => read.length === 2);
    expect(read).toEqual(['s0 4', 's0 5']);
    expect(gaps).toEqual([{ shardId: 's0', behind: '1', upTo: '4' }]);
    expect(consumer.stats().gaps).toBe(1);
  });

  test('trimmed while it is read: the same', async () => {
    const fake = new FakeTableStream();
    fake.put('s0');
    const { read, gaps } = readFrom(tableOf(fake));
    await until(() => read.length === 1);
    fake.horizon = 4;
    for (let i = 0; i < 4; i++) fake.put('s0');
    await until(() => read.length === 3);
    expect(read).toEqual(['s0 1', 's0 4', 's0 5']);
    expect(gaps).toEqual([{ shardId: 's0', behind: '1', upTo: '4' }]);
  });

  test('trimmed, policy fail: the shard stops with a code', async () => {
    const fake = new FakeTableStream();
    for (let i = 0; i < 5; i++) fake.put('s0');
    fake.horizon = 4;
    const { read, failures } = readFrom(tableOf(fake, wallClock, 'fail'), { positions: { s0: '1' } });
    await until(() => failures.length === 1);
    expect(failures[0].code).toBe('PW-STREAM-TRIMMED');
    expect(read).toEqual([]);
  });

  test('a shard that is gone, policy fail: stops with a code, too', async () => {
    const fake = new FakeTableStream();
    fake.put('s0');
    const { read, failures } = readFrom(tableOf(fake, wallClock, 'fail'));
    await until(() => read.length === 1);
    fake.shards.delete('s0');
    await until(() => failures.length === 1);
    expect(failures[0].code).toBe('PW-STREAM-TRIMMED');
  });

  test('the policy archive is for sources that have one; what is no policy is refused', () => {
    const code = (policy: string) => {
      try {
        tableOf(new FakeTableStream(), wallClock, policy);
        return 'taken';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect([code('archive'), code('perhaps'), code('skip')]).toEqual([
      'PW-STREAM-UNSERVED',
      'PW-STREAM-POSITION',
      'taken',
    ]);
  });

  test('the end of a shard: its children are asked for until they are visible', async () => {
    const fake = new FakeTableStream();
    fake.addShard('s1', 's0', true);
    fake.put('s0');
    fake.put('s1');
    fake.close('s0');
    let asked = 0;
    fake.fault = (name, { ShardFilter }) => {
      if (name !== 'DescribeStream' || !ShardFilter) return;
      asked++;
      if (asked === 2) throw awsError('LimitExceededException', 400);
      if (asked === 3) fake.shards.get('s1')!.hidden = false;
    };
    const { read } = readFrom(tableOf(fake));
    await until(() => read.length === 2);
    expect(read).toEqual(['s0 1', 's1 2']);
    expect(asked).toBe(3);
  });

  test('children that stay invisible for longer are found by listings', async () => {
    const fake = new FakeTableStream();
    fake.addShard('s1', 's0', true);
    fake.put('s1');
    fake.close('s0');
    const { read, consumer } = readFrom(tableOf(fake));
    await until(() => consumer.stats().shardsEnded === 1);
    fake.shards.get('s1')!.hidden = false;
    await until(() => read.length === 1);
  });

  test('the leaves of a disabled stream are read to their ends, and nobody waits for children', async () => {
    const fake = new FakeTableStream(['a', 'b']);
    fake.status = 'DISABLED';
    for (const shardId of ['a', 'b']) {
      fake.put(shardId);
      fake.close(shardId);
    }
    const { read, consumer } = readFrom(tableOf(fake));
    await until(() => consumer.stats().shardsEnded === 2);
    expect(read.sort()).toEqual(['a 1', 'b 2']);
    expect(fake.calls.filter(({ input }) => input.ShardFilter)).toHaveLength(2);
  });

  test('a parent that is listed beside its child is not begun at LATEST: it counts as closed', async () => {
    const fake = new FakeTableStream(['a']);
    fake.addShard('b', 'a');
    fake.addShard('c');
    const { consumer } = readFrom(tableOf(fake), { initial: 'LATEST' });
    await until(() => fake.iterators().length === 2);
    expect(consumer.stats()).toMatchObject({ shardsReading: 2, shardsEnded: 1 });
    fake.addShard('d', 'c');
    fake.put('d');
    fake.close('c');
    await until(() => fake.iterators().length === 3);
    expect(fake.iterators()[2], 'found later: from its horizon').toEqual(['TRIM_HORIZON', undefined]);
  });
});
