import { describe, expect, test } from 'vitest';
import { type TurboOptions, turbo } from '#cloud/archive/turbo.js';
import type { ConsumerOptions } from '#cloud/streams/consumer.js';
import { fanOutConsumer } from '#cloud/streams/fan-out-consumer.js';
import { kinesisFanOut } from '#cloud/streams/kinesis-fan-out.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import { atTimestamp, LATEST } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { ManualClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { readFrom, until } from '../streams/reading.js';
import { FakeArchive } from './fake-archive.js';

const NOW_MS = 60_000;

/** A stream with an archive beside it. */
class Both {
  readonly kinesis: FakeKinesis;
  readonly archive = new FakeArchive();

  constructor(shards: readonly string[] = ['s0']) {
    this.kinesis = new FakeKinesis(shards);
  }

  put(shardId: string, count: number): void {
    for (let i = 0; i < count; i++) this.kinesis.put(shardId, 'car-1', {});
  }

  /** Records of the fake stream as a consumer has them. */
  recordsOf(shardId: string, upTo = Number.POSITIVE_INFINITY): StreamRecord[] {
    return this.kinesis.shards
      .get(shardId)!
      .records.filter(({ sequence }) => sequence <= upTo)
      .map(({ sequence, key, data, arrivalMs }) => ({
        sequenceNumber: String(sequence),
        partitionKey: key,
        data,
        arrivalMs,
      }));
  }

  source(options: Partial<TurboOptions> = {}) {
    const live = kinesisPolling({ client: this.kinesis.client, streamName: 'stream' });
    return turbo({
      archive: this.archive,
      live,
      raceClock: new ManualClock(NOW_MS),
      random: seededRandom(1),
      ...options,
    });
  }

  read(options: Partial<ConsumerOptions> = {}, source = this.source()) {
    return { source, ...readFrom(source, { initial: ARCHIVE_THEN_LIVE, ...options }) };
  }
}

const places = (shardId: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${shardId} ${from + i}`);

describe('the hand-over', () => {
  test('from the archive to live, each record once', async () => {
    const both = new Both();
    both.put('s0', 9);
    both.archive.add('s0', both.recordsOf('s0', 5));
    const { read, source, consumer, batches } = both.read();
    await until(() => read.length === 9);
    expect(read).toEqual(places('s0', 1, 9));
    both.put('s0', 1);
    await until(() => read.length === 10);
    expect(source.counters).toEqual({ fromArchive: 5, fromLive: 5, handovers: 1, refills: 0, gaps: 0 });
    expect(consumer.stats().gaps).toBe(0);
    expect(batches[0].millisBehindLatest, 'behind live while in the archive').toBe(NOW_MS - both.kinesis.arrivalMs);
  });

  test('also where the mark was trimmed: the archive is read again up to its new mark', async () => {
    const both = new Both();
    both.put('s0', 12);
    const all = both.recordsOf('s0');
    both.archive.add('s0', all.slice(0, 4));
    both.kinesis.trim('s0', 8);
    both.archive.onLook = (looks) => looks > 2 && both.archive.add('s0', all.slice(0, 10));
    const { read, source, gaps } = both.read();
    await until(() => read.length === 12);
    expect(read).toEqual(places('s0', 1, 12));
    expect(gaps).toEqual([]);
    expect(source.counters).toMatchObject({ fromArchive: 10, fromLive: 2, refills: 1 });
  });

  test('also where live has trimmed what was archived after the first look, before it was opened', async () => {
    const both = new Both();
    both.put('s0', 6);
    both.archive.add('s0', []);
    both.kinesis.fault = (name) => {
      if (name !== 'GetShardIterator') return;
      both.archive.add('s0', both.recordsOf('s0', 4));
      both.kinesis.trim('s0', 3);
    };
    const { read, gaps, source } = both.read();
    await until(() => read.at(-1) === 's0 6');
    expect([read, gaps]).toEqual([places('s0', 1, 6), []]);
    expect(source.counters).toMatchObject({ fromArchive: 4, fromLive: 2, refills: 1 });
  });

  test('also where the archive cannot be looked at while live has records in hand: they come again', async () => {
    const both = new Both();
    both.put('s0', 6);
    both.archive.add('s0', []);
    both.archive.onLook = (looks) => {
      if (looks === 2) throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    };
    const { read, gaps, consumer } = both.read();
    await until(() => read.at(-1) === 's0 6');
    expect([read, gaps]).toEqual([places('s0', 1, 6), []]);
    expect(consumer.stats().throttled, 'the look failed').toBe(1);
  });

  test('to a stream that is pushed, parents before children', async () => {
    const both = new Both(['p']);
    both.put('p', 6);
    both.archive.add('p', both.recordsOf('p', 4));
    both.kinesis.close('p');
    both.kinesis.addShard('c', ['p']);
    both.put('c', 3);
    const { client } = both.kinesis;
    const raceClock = new ManualClock(NOW_MS);
    const consumer = fanOutConsumer({ client, streamName: 'stream', consumerName: 'late', random: seededRandom(1) });
    const live = kinesisFanOut({ client, streamName: 'stream', consumer, raceClock });
    const { read, gaps, source } = both.read({}, both.source({ live }));
    await until(() => read.length === 9);
    expect([read, gaps]).toEqual([[...places('p', 1, 6), ...places('c', 7, 9)], []]);
    expect(source.counters).toMatchObject({ fromArchive: 4, fromLive: 5, handovers: 1 });
  });

  test('in the middle of an aggregate', async () => {
    const both = new Both();
    const users = ['a', 'b', 'c'].map((text) => ({ partitionKey: 'car-1', data: Buffer.from(text) }));
    const { data } = aggregate(users);
    both.kinesis.put('s0', 'car-1', data);
    const opened = users.map((user, subSequenceNumber) => ({
      ...user,
      sequenceNumber: '1',
      subSequenceNumber,
      arrivalMs: 1,
    }));
    both.archive.add('s0', opened.slice(0, 2));
    const polled = kinesisPolling({ client: both.kinesis.client, streamName: 'stream' });
    const live = userRecords(polled, { deadLetters: { put: async () => {} } as never });
    const { read, gaps } = both.read({}, both.source({ live }));
    await until(() => read.length === 3);
    expect(read).toEqual(['s0 1:0', 's0 1:1', 's0 1:2']);
    expect(gaps).toEqual([]);
  });
});

describe('shards', () => {
  test('whose records only the archive has are listed, and come before their children', async () => {
    const both = new Both(['p']);
    both.put('p', 3);
    both.archive.add('p', both.recordsOf('p'), { ended: true });
    both.kinesis.shards.delete('p');
    both.kinesis.addShard('c1', ['p']);
    both.kinesis.addShard('c2', ['p']);
    both.put('c1', 2);
    both.put('c2', 1);
    both.archive.add('c1', both.recordsOf('c1', 4), { parents: ['p'] });
    const { read, gaps } = both.read();
    await until(() => read.length === 6);
    expect(read.slice(0, 3)).toEqual(places('p', 1, 3));
    expect(read.slice(3).sort()).toEqual(['c1 4', 'c1 5', 'c2 6']);
    expect(gaps).toEqual([]);
  });

  test('that are split while the archive is read are followed', async () => {
    const both = new Both(['p']);
    both.put('p', 6);
    both.archive.add('p', both.recordsOf('p', 4));
    const { read } = both.read({
      onRecords: async ({ records }) => {
        if (records[0]?.sequenceNumber !== '1') return;
        both.kinesis.close('p');
        both.kinesis.addShard('c', ['p'], true);
        both.put('c', 2);
      },
      onFailure: (error) => expect.unreachable(error.message),
    });
    const seen = both.read();
    await until(() => seen.read.length === 8);
    expect(seen.read).toEqual([...places('p', 1, 6), ...places('c', 7, 8)]);
    expect(read).toEqual([]);
  });

  test('without live, it ends where the archive does', async () => {
    const both = new Both(['p']);
    both.put('p', 3);
    both.archive.add('p', both.recordsOf('p'), { ended: true });
    both.archive.add('c', [{ ...both.recordsOf('p')[0], sequenceNumber: '7' }], { parents: ['p'] });
    const { read, consumer, gaps } = both.read({}, both.source({ live: undefined }));
    await until(() => consumer.stats().shardsEnded === 2);
    expect(read).toEqual([...places('p', 1, 3), 'c 7']);
    expect(gaps).toEqual([]);
  });
});

describe('a reader goes on', () => {
  test.each([
    ['inside the archive', '2', places('s0', 3, 9)],
    ['behind the mark', '7', places('s0', 8, 9)],
  ])('%s', async (_, position, expected) => {
    const both = new Both();
    both.put('s0', 9);
    both.archive.add('s0', both.recordsOf('s0', 5));
    const { read, gaps } = both.read({ positions: { s0: position } });
    await until(() => read.length === expected.length);
    expect([read, gaps]).toEqual([expected, []]);
  });

  test('behind the mark, where live was trimmed since: out of the archive', async () => {
    const both = new Both();
    both.put('s0', 12);
    both.archive.add('s0', both.recordsOf('s0', 10));
    both.kinesis.trim('s0', 9);
    const { read, gaps } = both.read({ positions: { s0: '4' } });
    await until(() => read.length === 8);
    expect([read, gaps]).toEqual([places('s0', 5, 12), []]);
  });

  test('at a time, inside the archive and behind it; at LATEST past it', async () => {
    const both = new Both();
    for (let i = 1; i <= 6; i++) {
      both.kinesis.arrivalMs = 1_000 * i;
      both.put('s0', 1);
    }
    both.archive.add('s0', both.recordsOf('s0', 4));
    const inside = both.read({ initial: atTimestamp(3_000) });
    const behind = both.read({ initial: atTimestamp(4_500) });
    const latest = both.read({ initial: LATEST });
    await until(() => inside.read.length === 4 && behind.read.length === 2 && latest.consumer.stats().polls > 0);
    both.put('s0', 1);
    await until(() => latest.read.length === 1);
    expect([inside.read[0], behind.read[0], latest.read[0]]).toEqual(['s0 3', 's0 5', 's0 7']);
  });
});

describe('what neither side has', () => {
  test('is a gap with its bounds, and the reader goes on', async () => {
    const both = new Both();
    both.put('s0', 12);
    both.archive.add('s0', both.recordsOf('s0', 4));
    both.kinesis.trim('s0', 8);
    const { read, gaps } = both.read({}, both.source({ fillTries: 2 }));
    await until(() => read.length === 8);
    expect(read).toEqual([...places('s0', 1, 4), ...places('s0', 9, 12)]);
    expect(gaps).toEqual([{ shardId: 's0', behind: '4', upTo: '9' }]);
  });

  test('ends a reader whose policy is to fail', async () => {
    const both = new Both();
    both.put('s0', 12);
    both.archive.add('s0', both.recordsOf('s0', 4));
    both.kinesis.trim('s0', 8);
    const { failures } = both.read({}, both.source({ trimPolicy: 'fail', fillTries: 1 }));
    await until(() => failures.length === 1);
    expect(failures[0].code).toBe('PW-STREAM-TRIMMED');
  });

  test('a shard that is gone from live and not ended in the archive', async () => {
    const both = new Both(['s0', 'other']);
    both.put('s0', 4);
    both.archive.add('s0', both.recordsOf('s0'));
    both.kinesis.shards.delete('s0');
    const { read, gaps, consumer } = both.read();
    await until(() => consumer.stats().shardsEnded === 1);
    expect(read).toEqual(places('s0', 1, 4));
    expect(gaps).toEqual([{ shardId: 's0', behind: '4', upTo: undefined }]);
  });
});

describe('a hole of the archive', () => {
  const holed = (count: number) => {
    const both = new Both();
    both.put('s0', count);
    const all = both.recordsOf('s0');
    both.archive.add('s0', [...all.slice(0, 3), ...all.slice(5, 8)], { holes: new Set(['6']) });
    return both;
  };

  test('is filled from live where live has it', async () => {
    const { read, gaps, source } = holed(10).read();
    await until(() => read.length === 10);
    expect([read, gaps]).toEqual([places('s0', 1, 10), []]);
    expect(source.counters).toMatchObject({ fromArchive: 3, fromLive: 7, handovers: 1 });
  });

  test('is told where it has not, and the archive goes on behind it', async () => {
    const both = holed(10);
    both.kinesis.trim('s0', 6);
    const { read, gaps } = both.read();
    await until(() => read.length === 8);
    expect(read).toEqual([...places('s0', 1, 3), ...places('s0', 6, 10)]);
    expect(gaps).toEqual([{ shardId: 's0', behind: '3', upTo: '6' }]);
  });

  test('is told as short as both sides together make it', async () => {
    const both = holed(10);
    both.kinesis.trim('s0', 4);
    const { read, gaps } = both.read();
    await until(() => read.length === 9);
    expect(read).toEqual([...places('s0', 1, 3), ...places('s0', 5, 10)]);
    expect(gaps).toEqual([{ shardId: 's0', behind: '3', upTo: '5' }]);
  });

  test('is told when live is empty, and when there is no live', async () => {
    const both = holed(8);
    both.kinesis.trim('s0', 8);
    const live = both.read();
    const alone = both.read({}, both.source({ live: undefined }));
    await until(() => live.read.length === 6 && alone.read.length === 6);
    const gap = { shardId: 's0', behind: '3', upTo: '6' };
    expect([live.gaps, alone.gaps]).toEqual([[gap], [gap]]);
  });
});
