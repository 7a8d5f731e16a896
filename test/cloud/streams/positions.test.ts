import { describe, expect, test } from 'vitest';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { ARCHIVE_THEN_LIVE, checkInitial, checkPosition } from '#cloud/streams/positions.js';
import { atSequenceNumber, atTimestamp, LATEST, SHARD_END, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { FakeKinesis } from './fake-kinesis.js';
import { readFrom, until } from './reading.js';
import { Group } from './worker/group.js';

const code = (check: () => unknown): string => {
  try {
    check();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test.each([
  [TRIM_HORIZON, 'taken', 'taken'],
  [LATEST, 'taken', 'taken'],
  [atTimestamp(5), 'taken', 'taken'],
  [atSequenceNumber('5'), 'PW-STREAM-POSITION', 'taken'],
  ['5', 'PW-STREAM-POSITION', 'taken'],
  ['5:3', 'PW-STREAM-POSITION', 'taken'],
  [ARCHIVE_THEN_LIVE, 'PW-STREAM-UNSERVED', 'PW-STREAM-UNSERVED'],
  [SHARD_END, 'PW-STREAM-POSITION', 'PW-STREAM-POSITION'],
  ['AT_TIMESTAMP:soon', 'PW-STREAM-POSITION', 'PW-STREAM-POSITION'],
  ['5:-2', 'PW-STREAM-POSITION', 'PW-STREAM-POSITION'],
  ['', 'PW-STREAM-POSITION', 'PW-STREAM-POSITION'],
])('%s: for a stream %s, for a shard %s', (position, ofStream, ofShard) => {
  expect(code(() => checkInitial(position))).toBe(ofStream);
  expect(code(() => checkPosition(position))).toBe(ofShard);
});

test('consumers and workers refuse at once what they cannot begin at', () => {
  const source = kinesisPolling({ client: new FakeKinesis().client, streamName: 'stream' });
  expect(code(() => readFrom(source, { initial: ARCHIVE_THEN_LIVE }))).toBe('PW-STREAM-UNSERVED');
  expect(
    code(() => checkInitial(ARCHIVE_THEN_LIVE, true)),
    'of a source with an archive',
  ).toBe('taken');
  expect(code(() => new Group().start('w', { initial: ARCHIVE_THEN_LIVE }))).toBe('PW-STREAM-UNSERVED');
  expect(code(() => new Group().start('w', { initial: LATEST, positions: { s0: 'x' } }))).toBe('PW-STREAM-POSITION');
});

describe('a consumer begins', () => {
  const asked = (fake: FakeKinesis) => {
    const inputs: Record<string, unknown>[] = [];
    fake.fault = (name, input) => {
      if (name === 'GetShardIterator') inputs.push(input);
    };
    return inputs;
  };
  const source = (fake: FakeKinesis) => kinesisPolling({ client: fake.client, streamName: 'stream' });

  test('at a time, in every shard, children after their parents all the same', async () => {
    const fake = new FakeKinesis(['parent']);
    fake.addShard('child', ['parent']);
    fake.put('child', 'car-1', {});
    const inputs = asked(fake);
    const { read } = readFrom(source(fake), { initial: atTimestamp(5_000) });
    await until(() => inputs.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(read, 'its parent is open').toEqual([]);
    fake.close('parent');
    await until(() => read.length === 1);
    const Timestamp = new Date(5_000);
    expect(inputs).toMatchObject([
      { ShardId: 'parent', ShardIteratorType: 'AT_TIMESTAMP', Timestamp },
      { ShardId: 'child', ShardIteratorType: 'AT_TIMESTAMP', Timestamp },
    ]);
  });

  test('at a record, or behind it', async () => {
    const fake = new FakeKinesis(['a', 'b']);
    for (const shardId of ['a', 'b', 'a', 'b']) fake.put(shardId, 'car-1', {});
    const inputs = asked(fake);
    const { read } = readFrom(source(fake), { positions: { a: atSequenceNumber('3'), b: '2' } });
    await until(() => read.length === 2);
    expect(read.sort()).toEqual(['a 3', 'b 4']);
    expect(inputs.map((input) => [input.ShardIteratorType, input.StartingSequenceNumber]).sort()).toEqual([
      ['AFTER_SEQUENCE_NUMBER', '2'],
      ['AT_SEQUENCE_NUMBER', '3'],
    ]);
  });

  test('at LATEST in the leaves alone', async () => {
    const fake = new FakeKinesis(['parent']);
    fake.addShard('child', ['parent']);
    const inputs = asked(fake);
    readFrom(source(fake), { initial: LATEST, raceClock: new ManualClock(1) });
    await until(() => inputs.length === 1);
    expect(inputs).toMatchObject([{ ShardId: 'child', ShardIteratorType: 'LATEST' }]);
  });

  test('a worker, too, at a record of a shard', async () => {
    const group = new Group(['s0']);
    for (let i = 0; i < 3; i++) group.kinesis.put('s0', 'car-1', {});
    group.start('w1', { positions: { s0: atSequenceNumber('2') }, wallClock });
    await until(() => group.diary.delivered.length === 2);
    expect(group.diary.delivered.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['2', '3']);
    await group.stop();
  });
});
