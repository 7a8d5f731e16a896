import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DeadLetterStore, fileDeadLetters } from '#cloud/streams/dead-letters.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { POISON_TRIES, PoisonGuard } from '#cloud/streams/poison.js';
import { isRecordsFault } from '#cloud/streams/record-faults.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { ManualClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from './fake-dynamodb.js';
import { FakeKinesis } from './fake-kinesis.js';
import { readFrom } from './reading.js';
import { Group } from './worker/group.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pitwall-test-'));
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, 'deep', 'dead-letters.jsonl');
const store = (bytesMax?: number): DeadLetterStore =>
  fileDeadLetters({ path: path(), bytesMax, wallClock: new ManualClock(1_000), log: silentLog });
const lines = () =>
  readFileSync(path(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const record = (number: number, text = `r${number}`): StreamRecord => ({
  sequenceNumber: String(number),
  partitionKey: 'car-1',
  data: Buffer.from(text),
  arrivalMs: 0,
});
const records = (count: number) => Array.from({ length: count }, (_, i) => record(i + 1));

/** Runs a batch of ten through a guard; time runs by itself. */
async function run(
  isPoison: (number: number) => boolean,
  options: { deadLetters?: DeadLetterStore; seed?: number } = {},
) {
  const calls: string[][] = [];
  const processed: string[] = [];
  const aside: string[] = [];
  const guard = new PoisonGuard({
    stream: 'stream',
    shardId: 's0',
    deadLetters: options.deadLetters ?? store(),
    process: async (part) => {
      calls.push(part.map(({ sequenceNumber }) => sequenceNumber));
      if (part.some(({ sequenceNumber }) => isPoison(Number(sequenceNumber)))) throw new Error('cannot be read');
      processed.push(...calls.at(-1)!);
    },
    onPutAside: ({ sequenceNumber }) => aside.push(sequenceNumber),
    signal: new AbortController().signal,
    log: silentLog,
    random: seededRandom(options.seed ?? 1),
  });
  vi.useRealTimers();
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1_000, toFake: ['setTimeout', 'clearTimeout'] });
  const pump = setInterval(() => void vi.advanceTimersByTimeAsync(60_000), 1);
  const done = await guard.process(records(10));
  clearInterval(pump);
  return { calls, processed, aside, done, counters: guard.counters };
}

describe('a poisoned batch', () => {
  test('is tried, then halved down to the poison; everything else is processed once and in order', async () => {
    const { calls, processed, aside, done, counters } = await run((number) => number === 7);
    expect(done).toBe(true);
    expect(aside).toEqual(['7']);
    expect(processed).toEqual(['1', '2', '3', '4', '5', '6', '8', '9', '10']);
    expect(calls.slice(0, POISON_TRIES).every((call) => call.length === 10)).toBe(true);
    expect(calls.filter((call) => call.length === 1 && call[0] === '7')).toHaveLength(POISON_TRIES);
    expect(counters).toMatchObject({ putAside: 1, unstored: 0 });
    expect(lines()).toEqual([
      {
        at: '1970-01-01T00:00:01.000Z',
        stream: 'stream',
        shardId: 's0',
        sequenceNumber: '7',
        partitionKey: 'car-1',
        arrivedAt: '1970-01-01T00:00:00.000Z',
        reason: 'Error',
        message: 'cannot be read',
        tries: POISON_TRIES,
        text: 'r7',
      },
    ]);
  });

  const seed = Math.floor(Math.random() * 2 ** 32);
  test(`any set of poison is found and nothing else (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 5; round++) {
      const poison = new Set(Array.from({ length: 3 }, () => 1 + Math.floor(random() * 10)));
      const { processed, aside } = await run((number) => poison.has(number), { seed });
      expect(aside.map(Number)).toEqual([...poison].sort((a, b) => a - b));
      expect(processed).toHaveLength(10 - poison.size);
    }
  });

  test('goes on when the dead letters cannot be stored either, and says so', async () => {
    const broken: DeadLetterStore = {
      put: () => Promise.reject(new Error('disk gone')),
      stats: () => ({ stored: 0, bytes: 0, refused: 0 }),
    };
    const { aside, counters } = await run((number) => number === 3, { deadLetters: broken });
    expect(aside).toEqual(['3']);
    expect(counters).toMatchObject({ putAside: 1, unstored: 1 });
  });
});

test('what is not the records’ fault never puts a record aside', async () => {
  const faults = [
    awsError('ProvisionedThroughputExceededException', 400),
    awsError('AccessDeniedException', 400),
    awsError('InternalServerError', 500),
    Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('full'), { code: 'ENOSPC' }),
    Object.assign(new Error('slow'), { name: 'TimeoutError' }),
    new PitwallError('PW-STREAM-PUT', { what: 'later', retriable: true }),
    new PitwallError('PW-LEASE-LOST', { what: 'another has it' }),
    new PitwallError('PW-STATE-FENCED', { what: 'another has it' }),
  ];
  expect(faults.filter(isRecordsFault)).toEqual([]);
  const own = [
    new Error('bug'),
    new TypeError('of undefined'),
    awsError('ValidationException', 400),
    new PitwallError('PW-WIRE-FRAME', { what: 'damaged' }),
    'text',
  ];
  expect(own.map(isRecordsFault)).toEqual(own.map(() => true));

  const left = [...faults, ...faults];
  let processed = 0;
  const guard = new PoisonGuard({
    stream: 'stream',
    shardId: 's0',
    deadLetters: store(),
    process: async () => {
      const fault = left.pop();
      if (fault) throw fault;
      processed++;
    },
    signal: new AbortController().signal,
    log: silentLog,
    random: seededRandom(1),
  });
  const done = guard.process(records(3));
  await vi.advanceTimersByTimeAsync(300_000);
  expect(await done).toBe(true);
  expect(processed).toBe(1);
  expect(guard.counters).toMatchObject({ retries: 18, putAside: 0 });
});

test('the dead letters are bounded, also over a restart; what has no room is counted', async () => {
  vi.useRealTimers();
  const letter = (number: number) => ({
    stream: 'stream',
    shardId: 's0',
    record: { ...record(number), data: Buffer.from([0xff, 0xfe, number]) },
    reason: 'Error',
    message: 'm',
    tries: 5,
  });
  const first = store(600);
  await Promise.all([1, 2].map((number) => first.put(letter(number))));
  expect(first.stats()).toMatchObject({ stored: 2, refused: 0 });
  const again = store(600);
  for (const number of [3, 4]) await again.put(letter(number));
  expect(again.stats().refused).toBeGreaterThan(0);
  expect(again.stats().bytes).toBeLessThanOrEqual(600);
  expect(lines()[0]).toMatchObject({ sequenceNumber: '1', base64: '//4B' });
});

describe('in the running readers', () => {
  const letters = () => {
    const put: string[] = [];
    const deadLetters: DeadLetterStore = {
      put: async ({ record: { sequenceNumber } }) => void put.push(sequenceNumber),
      stats: () => ({ stored: put.length, bytes: 0, refused: 0 }),
    };
    return { put, deadLetters };
  };
  const until = (condition: () => boolean) =>
    vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000, interval: 5 });

  test('a consumer goes on behind the poison, and the end of the shard comes by itself', async () => {
    vi.useRealTimers();
    const kinesis = new FakeKinesis();
    for (let i = 0; i < 4; i++) kinesis.put('s0', 'car-1', {});
    kinesis.close('s0');
    const { put, deadLetters } = letters();
    const read: string[] = [];
    let ends = 0;
    const { consumer } = readFrom(kinesisPolling({ client: kinesis.client, streamName: 'stream' }), {
      deadLetters,
      poisonTries: 2,
      onRecords: async ({ records: part, ended }) => {
        if (part.some(({ sequenceNumber }) => sequenceNumber === '2')) throw new Error('poison');
        read.push(...part.map(({ sequenceNumber }) => sequenceNumber));
        if (ended) ends++;
      },
    });
    await until(() => ends === 1);
    expect(read).toEqual(['1', '3', '4']);
    expect(put).toEqual(['2']);
    expect(consumer.stats()).toMatchObject({ putAside: 1, shardsFailed: 0 });
  });

  test('a worker commits behind the poison', async () => {
    vi.useRealTimers();
    const group = new Group();
    const { put, deadLetters } = letters();
    for (let i = 0; i < 3; i++) group.kinesis.put('s0', 'car-1', {});
    group.diary.during = async (_worker, { records: part }) => {
      if (part.some(({ sequenceNumber }) => sequenceNumber === '3')) throw new Error('poison');
    };
    const worker = group.start('w1', { deadLetters, poisonTries: 2 });
    await until(() => put.length === 1);
    await group.stop();
    expect(group.diary.delivered.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['1', '2']);
    expect(worker.stats().records).toMatchObject({ putAside: 1, records: 3 });
    const [row] = await group.store.list();
    expect(row.checkpoint).toEqual({ position: '3', subSequenceNumber: 0 });
  });
});
