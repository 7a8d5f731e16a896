import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PutError, PutResult } from '#cloud/streams/producer/pending.js';
import { createProducer, type ProducerOptions, RECORD_OVERHEAD_BYTES } from '#cloud/streams/producer/producer.js';
import type { Clock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from '../fake-dynamodb.js';
import { expectAllAfterStorm } from './storm.js';
import { StreamTwin } from './stream-twin.js';

/** Virtual: timers and both clocks. */
const clock: Clock = { nowMs: () => Date.now() };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function produce(twin: StreamTwin, options: Partial<ProducerOptions> = {}) {
  return createProducer({
    client: twin.client,
    streamName: 'stream',
    log: silentLog,
    wallClock: clock,
    raceClock: clock,
    random: seededRandom(1),
    ...options,
  });
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));
const bytes = (text: string) => Buffer.from(text);

/** What a put came to, without an unhandled rejection. */
const outcome = (put: Promise<PutResult>): Promise<PutResult | PutError> => put.catch((error) => error);

test('records of different keys share a call, after they have waited for company', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin);
  const puts = Promise.all(Array.from({ length: 40 }, (_, car) => producer.put(`car-${car}`, bytes('x'))));
  await pass(19);
  expect(twin.calls).toBe(0);
  await pass(2);
  const [result] = await puts;
  expect(twin.calls).toBe(1);
  expect(result).toMatchObject({ shardId: 'shard-0', sequenceNumber: '1', tries: 1 });
  expect(result.attempts).toEqual([
    { startMs: expect.any(Number), endMs: expect.any(Number), shardId: 'shard-0', sequenceNumber: '1' },
  ]);
});

test('one aggregate has one key, under its own name; one record alone goes raw', async () => {
  const twin = new StreamTwin(4);
  const producer = produce(twin, { aggregate: true });
  const puts = ['a', 'b', 'a', 'c', 'a', 'b'].map((key, i) => producer.put(key, bytes(String(i))));
  await pass(150);
  const results = await Promise.all(puts);
  expect(twin.log.map(({ record }) => record.PartitionKey).sort()).toEqual(['a', 'b', 'c']);
  for (const { shardId, record } of twin.log) expect(shardId).toBe(twin.shardOf(record.PartitionKey));
  expect(Object.fromEntries(twin.texts())).toEqual({ a: ['0', '2', '4'], b: ['1', '5'], c: ['3'] });
  expect(results.map(({ subSequenceNumber }) => subSequenceNumber)).toEqual([0, 0, 1, undefined, 2, 1]);
  expect(producer.stats()).toMatchObject({ written: 6, kinesisRecords: 3, calls: 1 });
});

test('an aggregate goes when it is full, at most 51,200 bytes, without waiting', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { aggregate: true });
  const puts = numbers(120).map((text) => producer.put('a', Buffer.alloc(1_000, text)));
  await pass(5);
  expect(twin.log.length).toBeGreaterThanOrEqual(2);
  await pass(150);
  await Promise.all(puts);
  expect(twin.log).toHaveLength(3);
  for (const { record } of twin.log) expect(record.Data.length).toBeLessThanOrEqual(51_200);
});

test('records of one key with different hash keys are never in one aggregate', async () => {
  const twin = new StreamTwin(2);
  const producer = produce(twin, { aggregate: true });
  const top = (2n ** 128n - 1n).toString();
  const puts = [
    producer.put('a', bytes('0'), { explicitHashKey: '0' }),
    producer.put('a', bytes('1'), { explicitHashKey: '0' }),
    producer.put('a', bytes('2'), { explicitHashKey: top }),
  ];
  await pass(300);
  await Promise.all(puts);
  expect(twin.log.map(({ shardId }) => shardId)).toEqual(['shard-0', 'shard-1']);
});

test('40 cars in their slots are spread evenly over 2, 4, 5, 8 and 10 shards', async () => {
  const cars = Array.from({ length: 40 }, (_, car) => `car-${car}`);
  for (const count of [2, 4, 5, 8, 10]) {
    const twin = new StreamTwin(count);
    const producer = produce(twin, { slots: cars });
    const puts = cars.map((car) => producer.put(car, bytes('x')));
    await pass(50);
    await Promise.all(puts);
    const perShard = twin.shards.map(({ shardId }) => twin.log.filter((one) => one.shardId === shardId).length);
    expect(perShard).toEqual(perShard.map(() => 40 / count));
  }
});

test('beyond the byte bound a put waits, in order; too many waiting ones are refused', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { maxPendingBytes: RECORD_OVERHEAD_BYTES + 8, maxWaiting: 2 });
  const puts = ['first', 'other', 'third'].map((word) => producer.put('k', bytes(word)));
  await expect(producer.put('k', bytes('much'))).rejects.toMatchObject({ code: 'PW-STREAM-FULL', retriable: true });
  expect(producer.stats()).toMatchObject({ waits: 2, waiting: 2, refusedFull: 1, pendingRecords: 3 });
  await pass(200);
  await Promise.all(puts);
  expect(twin.texts().get('k')).toEqual(['first', 'other', 'third']);
  expect(producer.stats().pendingBytesMax).toBeLessThanOrEqual(RECORD_OVERHEAD_BYTES + 8);
});

test('what could never be written is refused before anything waits for it', async () => {
  const producer = produce(new StreamTwin());
  const refused = (put: Promise<unknown>) => expect(put).rejects;
  await refused(producer.put('k', new Uint8Array(2 ** 20))).toMatchObject({ code: 'PW-STREAM-FULL', retriable: false });
  await refused(producer.put('', bytes('x'))).toMatchObject({ code: 'PW-KPL-RECORD' });
  await refused(producer.put('k'.repeat(257), bytes('x'))).toMatchObject({ code: 'PW-KPL-RECORD' });
  await refused(producer.put('k', bytes('x'), { explicitHashKey: String(2n ** 128n) })).toMatchObject({
    code: 'PW-KPL-RECORD',
  });
  await producer.close();
  await refused(producer.put('k', bytes('x'))).toMatchObject({ code: 'PW-STREAM-CLOSED' });
});

test('a refusal for good is told at once, to those of its call alone', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin);
  twin.before = () => {
    if (twin.calls > 0) throw awsError('AccessDeniedException', 400);
  };
  const put = outcome(producer.put('k', bytes('x')));
  await pass(50);
  expect(await put).toMatchObject({ code: 'PW-STREAM-PUT', retriable: false, tries: 1 });
  twin.before = () => {};
  const next = producer.put('k', bytes('y'));
  await pass(200);
  await next;
  expect(producer.stats()).toMatchObject({ failed: 1, refused: 1, written: 1, errors: { AccessDeniedException: 1 } });
});

test('a stream that is away for 30 s costs nothing within the time of the records; memory stays, puts wait', async () => {
  const twin = new StreamTwin(2);
  const maxPendingBytes = 100 * RECORD_OVERHEAD_BYTES;
  const producer = produce(twin, { ttlMs: 60_000, maxPendingBytes });
  twin.before = () => {
    throw awsError('ServiceUnavailable', 503);
  };
  const puts: Promise<PutResult>[] = [];
  for (let second = 0; second < 30; second++) {
    for (let key = 0; key < 10; key++) puts.push(producer.put(`k${key}`, bytes(String(second))));
    await pass(1_000);
  }
  const { pendingBytes, waiting, waits, callsFailed, errors } = producer.stats();
  expect(pendingBytes).toBeLessThanOrEqual(maxPendingBytes);
  expect(waiting).toBeGreaterThan(200);
  expect(waits).toBe(waiting);
  expect(callsFailed, 'it is not asked all the time').toBeLessThan(40);
  expect(errors.ServiceUnavailable).toBeGreaterThan(callsFailed);
  twin.before = () => {};
  await pass(5_000);
  const results = await Promise.all(puts);
  for (let key = 0; key < 10; key++) expect(twin.texts().get(`k${key}`)).toEqual(numbers(30));
  expect(results[0].tries).toBeGreaterThan(10);
  expect(results[0].attempts.at(-2)?.errorCode).toBe('ServiceUnavailable');
  expect(producer.stats()).toMatchObject({ written: 300, failed: 0, pendingBytes: 0, pendingRecords: 0, waiting: 0 });
});

test('a record that outlives its time is given back with its attempts, also one that waits for room', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { ttlMs: 5_000, maxPendingBytes: RECORD_OVERHEAD_BYTES + 8 });
  twin.before = () => {
    if (twin.calls > 0) throw awsError('InternalFailure', 500);
  };
  const puts = ['a', 'b'].map((key) => outcome(producer.put(key, bytes('x'))));
  await pass(6_000);
  const [tried, waited] = (await Promise.all(puts)) as PutError[];
  expect(tried).toMatchObject({ code: 'PW-STREAM-PUT', retriable: true });
  expect(tried.attempts).toHaveLength(tried.tries);
  expect(tried.attempts[0]).toEqual({
    startMs: expect.any(Number),
    endMs: expect.any(Number),
    errorCode: 'InternalFailure',
  });
  expect(waited).toMatchObject({ code: 'PW-STREAM-PUT', tries: 0 });
  expect(producer.stats()).toMatchObject({ expired: 2, failed: 2, pendingRecords: 0, pendingBytes: 0 });
});

test('a call that never ends is left, and its records go again', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin);
  let hangs = 1;
  twin.before = () => (twin.calls > 0 && hangs-- > 0 ? new Promise(() => {}) : undefined);
  const put = producer.put('k', bytes('x'));
  await pass(6_500);
  expect(await put).toMatchObject({ tries: 2, attempts: [{ errorCode: 'TimeoutError' }, { shardId: 'shard-0' }] });
});

test('closing while records are tried again waits for them', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { lingerMs: 1_000 });
  let refusals = 5;
  twin.refuse = () => refusals-- > 0;
  const first = producer.put('a', bytes('1'));
  const order: string[] = [];
  const flushed = producer.flush().then(() => order.push('flushed'));
  await pass(1);
  const later = producer.put('b', bytes('2')).then(() => order.push('later'));
  const closed = producer.close().then(() => order.push('closed'));
  await expect(producer.put('c', bytes('3'))).rejects.toMatchObject({ code: 'PW-STREAM-CLOSED' });
  await pass(10_000);
  await Promise.all([flushed, closed, later]);
  expect((await first).tries).toBeGreaterThan(1);
  expect(order.at(-1)).toBe('closed');
  expect(twin.log).toHaveLength(2);
  expect(vi.getTimerCount(), 'nothing is left running').toBe(0);
});

test('a producer with nothing in hand keeps no timer', async () => {
  const producer = produce(new StreamTwin());
  const put = producer.put('k', bytes('x'));
  await pass(21);
  await put;
  expect(vi.getTimerCount()).toBe(0);
});

test('flushing waits for company no longer, and not for what was put later', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { aggregate: true, lingerMs: 10_000 });
  let isRefused = true;
  twin.refuse = ({ PartitionKey }) => isRefused && PartitionKey === 'b';
  const first = producer.put('a', bytes('1'));
  const flushed = producer.flush();
  const later = producer.put('b', bytes('2'));
  await pass(50);
  await Promise.all([first, flushed]);
  expect(producer.stats()).toMatchObject({ written: 1, pendingRecords: 1 });
  isRefused = false;
  await pass(20_000);
  await later;
});

test('a record that is with Kinesis when its time is over is not given back before the answer', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { ttlMs: 1_000 });
  twin.after = () => new Promise((resolve) => void setTimeout(resolve, 3_000));
  const put = outcome(producer.put('k', bytes('x')));
  await pass(4_000);
  expect(await put).toMatchObject({ shardId: 'shard-0', tries: 1 });
  expect(producer.stats()).toMatchObject({ written: 1, expired: 0 });
});

test('a refused record is tried again with pauses, while other keys go on', async () => {
  const twin = new StreamTwin();
  const producer = produce(twin, { ttlMs: 2_000 });
  twin.refuse = ({ PartitionKey }) => PartitionKey === 'unlucky';
  const unlucky = outcome(producer.put('unlucky', bytes('x')));
  for (let i = 0; i < 100; i++) {
    const put = producer.put('lucky', bytes('x'));
    await pass(25);
    await put;
  }
  const { tries } = await unlucky;
  expect(tries).toBeGreaterThan(3);
  expect(tries, 'in two seconds').toBeLessThan(80);
});

test('a hot shard is slowed down to what it takes; the others are not', async () => {
  const twin = new StreamTwin(2);
  const throttled: string[] = [];
  const producer = produce(twin, { onThrottled: (hashKey) => throttled.push(hashKey) });
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  const hot = twin.shardOf(keys[0]);
  // Of the hot shard somebody else takes 850 of the 1,000 records a second.
  let left = 150;
  let atMs = Date.now();
  twin.refuse = (_, { shardId }) => {
    if (shardId !== hot) return false;
    left = Math.min(150, left + ((Date.now() - atMs) / 1_000) * 150);
    atMs = Date.now();
    if (left < 1) return true;
    left--;
    return false;
  };
  const puts: Promise<unknown>[] = [];
  for (let round = 0; round < 40; round++) {
    for (const key of keys) puts.push(producer.put(key, bytes('x')));
    await pass(500);
  }
  const { shares } = producer.stats();
  expect(shares[hot]).toBeLessThan(0.6);
  expect(Object.values(shares).find((share) => share === 1)).toBe(1);
  await pass(60_000);
  await Promise.all(puts);
  expect(throttled.length).toBeGreaterThan(0);
  expect(throttled.length / puts.length, 'it learns').toBeLessThan(0.2);
  expect(new Set(throttled.map((hashKey) => hashKey < '8'.padEnd(32, '0'))).size).toBe(1);
  expect(producer.stats().failed).toBe(0);
});

test('a shard gets no more than it takes by the race clock: three times as much at three times the speed', async () => {
  const takenIn = async (seconds: number, rate: number): Promise<number> => {
    const twin = new StreamTwin();
    const startMs = Date.now();
    const raceClock: Clock = { nowMs: () => startMs + (Date.now() - startMs) * rate };
    const producer = produce(twin, {
      raceClock,
      lingerMs: 0,
      ttlMs: 1_000_000,
      maxPendingBytes: 2 ** 28,
      maxWaiting: 1e6,
    });
    for (let i = 0; i < 12_000; i++) void outcome(producer.put(`key-${i % 500}`, bytes('x')));
    await pass(seconds * 1_000);
    return twin.log.length;
  };
  const once = await takenIn(3, 1);
  expect(once).toBeGreaterThan(3_200);
  expect(once).toBeLessThanOrEqual(3_500);
  const threefold = await takenIn(3, 3);
  expect(threefold).toBeGreaterThan(8_900);
  expect(threefold).toBeLessThanOrEqual(9_500);
});

test('a split while records are in flight: all arrive, in order, and the map is asked for again', async () => {
  const twin = new StreamTwin(1);
  twin.before = () => new Promise((resolve) => void setTimeout(resolve, 30));
  const producer = produce(twin, { aggregate: true });
  const puts: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    for (let key = 0; key < 8; key++) puts.push(producer.put(`k${key}`, bytes(String(i))));
    await pass(20);
    if (i === 60) twin.split('shard-0');
    if (i === 130) twin.split('shard-1');
  }
  await pass(1_000);
  await Promise.all(puts);
  for (let key = 0; key < 8; key++) expect(twin.texts().get(`k${key}`)).toEqual(numbers(200));
  const { wrongShard, listings, shares } = producer.stats();
  expect(wrongShard).toBeGreaterThan(0);
  expect(listings).toBeGreaterThanOrEqual(3);
  expect(Object.keys(shares).sort()).toEqual(twin.shards.map(({ shardId }) => shardId).sort());
});

test('where shards cannot be listed, records go all the same', async () => {
  const twin = new StreamTwin();
  twin.before = () => {
    if (twin.calls === 0) throw awsError('AccessDeniedException', 400);
  };
  const producer = produce(twin);
  const put = producer.put('k', bytes('x'));
  await pass(100);
  expect(await put).toMatchObject({ shardId: 'shard-0' });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'seed %i: whatever fails, nothing is lost, each key keeps its order, each put settles once, duplicates are dropped',
  async (seed) => {
    const random = seededRandom(seed);
    await expectAllAfterStorm(random, random() < 0.7);
  },
);
