import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { DeadLetter, DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { hashKeyOf, toDecimal } from '#cloud/streams/hash-range.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { atSequenceNumber } from '#cloud/streams/shard-graph.js';
import { type UserRecordOptions, userRecords } from '#cloud/streams/user-records.js';
import { checkpointAt, checkpointBehind, positionOf } from '#cloud/streams/worker/checkpoints.js';
import { PitwallError } from '#wire/errors.js';
import { seededRandom } from '#wire/random.js';
import { FakeKinesis } from './fake-kinesis.js';
import { readFrom, until } from './reading.js';
import { Group } from './worker/group.js';

const users = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ partitionKey: 'car-1', data: Buffer.from(`r${from + i}`) }));

class Letters implements DeadLetterStore {
  readonly letters: DeadLetter[] = [];
  failures = 0;

  async put(letter: DeadLetter): Promise<void> {
    if (this.failures-- > 0) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    this.letters.push(letter);
  }

  stats() {
    return { stored: this.letters.length, bytes: 0, refused: 0 };
  }
}

function open(fake: FakeKinesis, options: Partial<UserRecordOptions> = {}) {
  const letters = new Letters();
  const source = userRecords(kinesisPolling({ client: fake.client, streamName: 'stream' }), {
    deadLetters: letters,
    ...options,
  });
  return { letters, source };
}

test('aggregates are opened, other records pass, in the order of the stream', async () => {
  const fake = new FakeKinesis();
  fake.put('s0', 'a', aggregate(users(3)).data);
  fake.put('s0', 'car-2', Buffer.from('plain'));
  fake.put('s0', 'a', aggregate(users(2, 3)).data);
  const { source } = open(fake);
  const { read, batches } = readFrom(source);
  await until(() => read.length === 6);
  expect(read).toEqual(['s0 1:0', 's0 1:1', 's0 1:2', 's0 2', 's0 3:0', 's0 3:1']);
  const records = batches.flatMap((batch) => batch.records);
  expect(records.map(({ data }) => Buffer.from(data).toString())).toEqual(['r0', 'r1', 'r2', 'plain', 'r3', 'r4']);
  expect(records.map(({ partitionKey }) => partitionKey)).toEqual([
    ...Array(3).fill('car-1'),
    'car-2',
    'car-1',
    'car-1',
  ]);
  expect(source.counters).toMatchObject({ aggregates: 2, userRecords: 5, corrupt: 0 });
});

describe('goes on', () => {
  test.each([
    ['behind a user record inside an aggregate', '1:1', ['1:2', '2', '3:0', '3:1']],
    ['behind the last one of an aggregate', '1:2', ['2', '3:0', '3:1']],
    ['behind a whole record', '1', ['2', '3:0', '3:1']],
    ['behind a record that is no aggregate, as leases keep it', '2:0', ['3:0', '3:1']],
    ['at a record', atSequenceNumber('2'), ['2', '3:0', '3:1']],
    ['at an aggregate', atSequenceNumber('3'), ['3:0', '3:1']],
  ])('%s', async (_, position, rest) => {
    const fake = new FakeKinesis();
    fake.put('s0', 'a', aggregate(users(3)).data);
    fake.put('s0', 'car-2', Buffer.from('plain'));
    fake.put('s0', 'a', aggregate(users(2, 3)).data);
    const { read } = readFrom(open(fake).source, { positions: { s0: position } });
    await until(() => read.length >= rest.length);
    expect(read).toEqual(rest.map((place) => `s0 ${place}`));
  });

  const seed = Math.floor(Math.random() * 2 ** 32);
  test(`from the checkpoint of any record, with every later one and no earlier one (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const fake = new FakeKinesis();
    for (let put = 0, number = 0; put < 12; put++) {
      const count = 1 + Math.floor(random() * 5);
      // One user record travels raw, as KPL sends it; a record of the same stream may have nothing to do with KPL.
      if (random() < 0.3) fake.put('s0', 'car-2', Buffer.from('plain'));
      fake.put('s0', 'a', aggregate(users(count, number)).data);
      number += count;
    }
    const whole = readFrom(open(fake).source);
    await until(() => whole.consumer.stats().lagMs === 0 && whole.consumer.stats().polls > 2);
    const records = whole.batches.flatMap((batch) => batch.records);
    for (let at = 0; at < records.length - 1; at++) {
      const position = positionOf(checkpointBehind(records[at]));
      const { read, consumer } = readFrom(open(fake).source, { positions: { s0: position } });
      await until(() => read.length >= records.length - at - 1);
      expect(read, position).toEqual(whole.read.slice(at + 1));
      await consumer.stop();
    }
  });

  test('an expiry inside an aggregate costs and repeats nothing', async () => {
    const fake = new FakeKinesis();
    fake.put('s0', 'a', aggregate(users(3)).data);
    const { read, consumer } = readFrom(open(fake).source);
    await until(() => read.length === 3);
    let expired = false;
    fake.fault = (name) => {
      if (name !== 'GetRecords' || expired) return;
      expired = true;
      throw Object.assign(new Error('old'), { name: 'ExpiredIteratorException', $metadata: { httpStatusCode: 400 } });
    };
    await until(() => expired);
    fake.put('s0', 'a', aggregate(users(2, 3)).data);
    await until(() => read.length === 5);
    expect(read).toEqual(['s0 1:0', 's0 1:1', 's0 1:2', 's0 2:0', 's0 2:1']);
    expect(consumer.stats().expiredIterators).toBe(1);
  });
});

test('a worker that committed inside an aggregate is followed by one that goes on right there', async () => {
  const group = new Group();
  group.kinesis.put('s0', 'a', aggregate(users(5)).data);
  group.diary.commits = false;
  const { source } = open(group.kinesis);
  group.diary.during = async (worker, _batch, shard) => {
    if (worker === 'w1') await shard.commit({ position: '1', subSequenceNumber: 2 });
    if (worker === 'w1') throw new PitwallError('PW-STREAM-PUT', { what: 'its sink is away', retriable: true });
  };
  group.start('w1', { source });
  await until(() => group.kinesis.calls.includes('GetRecords'));
  await vi.waitFor(async () => expect((await group.store.list())[0].checkpoint.subSequenceNumber).toBe(2));
  await group.workers.get('w1')!.stop();
  const seen: unknown[] = [];
  group.diary.during = async (_worker, { records }) => {
    seen.push(...records.map(({ subSequenceNumber }) => subSequenceNumber));
  };
  group.start('w2', { source });
  await until(() => seen.length === 2);
  expect(seen).toEqual([3, 4]);
  await group.stop();
});

test('positions as leases keep them come back as they were', () => {
  expect(positionOf(checkpointAt('7:3'))).toBe('7:3');
  expect(positionOf(checkpointAt(atSequenceNumber('7')))).toBe('7:-1');
  expect(positionOf(checkpointAt('TRIM_HORIZON'))).toBe('TRIM_HORIZON');
  expect(checkpointAt('7')).toEqual({ position: '7', subSequenceNumber: Number.MAX_SAFE_INTEGER });
});

test('a corrupt aggregate goes whole to the dead letters, is counted once, and blocks nothing', async () => {
  const fake = new FakeKinesis();
  const vectors = JSON.parse(readFileSync(new URL('../../fixtures/kpl.json', import.meta.url), 'utf8'));
  fake.put('s0', 'a', Buffer.from(vectors.corrupt[0].base64, 'base64'));
  fake.put('s0', 'car-2', Buffer.from('plain'));
  const { source, letters } = open(fake);
  letters.failures = 1;
  const { read } = readFrom(source);
  await until(() => read.length === 1);
  expect(letters.letters).toMatchObject([
    { stream: 'stream', shardId: 's0', record: { sequenceNumber: '1' }, tries: 1 },
  ]);
  expect(letters.letters[0].reason).toMatch(/Index|HashKey/);
  expect(source.counters.corrupt).toBe(1);
});

describe('an aggregate that is partly outside of its shard', () => {
  const inside = { partitionKey: 'a', data: Buffer.from('in') };
  const outside = { partitionKey: 'b', data: Buffer.from('out') };
  class Narrow extends FakeKinesis {
    override async send(command: object): Promise<unknown> {
      const answer = (await super.send(command)) as { Shards?: { HashKeyRange: object }[] };
      const only = toDecimal(hashKeyOf('a'));
      for (const shard of answer.Shards ?? []) shard.HashKeyRange = { StartingHashKey: only, EndingHashKey: only };
      return answer;
    }
  }

  test('is delivered by default, and what is outside is counted', async () => {
    const fake = new Narrow();
    fake.put('s0', 'a', aggregate([inside, outside, outside]).data);
    const { source } = open(fake);
    const { read } = readFrom(source);
    await until(() => read.length === 3);
    expect(source.counters).toMatchObject({ outOfRange: 2, dropped: 0, userRecords: 3 });
  });

  test('is dropped whole when asked for, as the KCL does, and counted', async () => {
    const fake = new Narrow();
    fake.put('s0', 'a', aggregate([inside, outside]).data);
    fake.put('s0', 'a', aggregate([inside, inside]).data);
    const { source } = open(fake, { outOfRange: 'drop' });
    const { read } = readFrom(source);
    await until(() => read.length === 2);
    expect(read).toEqual(['s0 2:0', 's0 2:1']);
    expect(source.counters).toMatchObject({ outOfRange: 1, dropped: 2, userRecords: 2 });
  });
});
