import { afterEach, expect, it, vi } from 'vitest';
import { type Handler, InvocationError, LocalFunctions } from '#cloud/local/lambda/functions.js';
import type { Destination } from '#cloud/local/lambda/sources/destinations.js';
import { type EventSource, toSourceRecord } from '#cloud/local/lambda/sources/event-source.js';
import type { Mapping } from '#cloud/local/lambda/sources/mapping.js';
import { MappingRunner } from '#cloud/local/lambda/sources/mapping-runner.js';
import { MappingStore } from '#cloud/local/lambda/sources/mapping-store.js';
import { type BatchSettings, DEFAULT_SETTINGS } from '#cloud/local/lambda/sources/settings.js';
import { SHARD_END, type ShardInfo, TRIM_HORIZON, timestampOf } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { MemoryStore } from '../kinesis/memory-store.js';

/** Shards that are all there from the start, with the numbers of their records; `parent` ones are closed. */
type Shards = Record<string, { parent?: string; numbers: number[]; isClosed?: boolean }>;

const noted: number[] = [];
const note: Handler = (event) => void noted.push(...(event as { Records: number[] }).Records);
let running: MappingRunner | undefined;

const soon = (holds: () => void) => vi.waitFor(holds, { timeout: 10_000 });

afterEach(async () => {
  await running?.stop();
  running = undefined;
  noted.length = 0;
});

/** A stream in memory. Records arrive at their number, race ms. */
function sourceOf(shards: Shards): EventSource & { opened: string[] } {
  const opened: string[] = [];
  const infoOf = (shardId: string): ShardInfo => ({
    shardId,
    parents: [shards[shardId].parent ?? []].flat(),
    startingHashKey: '0',
    endingHashKey: '0',
  });
  return {
    arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    pollMs: 5,
    opened,
    shards: {
      name: 's',
      polls: true,
      readBytesMax: 1_000,
      list: async () => new Map(Object.keys(shards).map((shardId) => [shardId, infoOf(shardId)])),
      open: (shardId, position) => {
        opened.push(`${shardId} ${position}`);
        const { numbers, isClosed = false } = shards[shardId];
        const fromMs = timestampOf(position) ?? 0;
        const behind = position === TRIM_HORIZON || fromMs > 0 ? -1 : Number(position);
        let left = numbers.filter((n) => n > behind && n >= fromMs);
        return {
          next: async () => {
            const records = left.map(recordOf);
            left = [];
            return { records, millisBehindLatest: 0, ended: isClosed, children: [] };
          },
          close: () => {},
        };
      },
    },
    read: (record) => toSourceRecord(record, record.partitionKey, record.sequenceNumber),
  };
}

const recordOf = (n: number): StreamRecord => ({
  sequenceNumber: String(n),
  partitionKey: 'k',
  data: new Uint8Array(0),
  arrivalMs: n,
});

interface Run {
  handler?: Handler;
  settings?: Partial<BatchSettings>;
  startMs?: number;
  destination?: Destination;
  store?: MappingStore;
  functions?: Pick<LocalFunctions, 'invoke'>;
  openSource?: () => Promise<EventSource>;
}

function mappingOf({ settings, startMs }: Run = {}): Mapping {
  return {
    uuid: '00000000-0000-0000-0000-000000000000',
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    eventSource: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
    startingPosition: 'TRIM_HORIZON',
    startMs,
    settings: { ...DEFAULT_SETTINGS, ...settings },
    patterns: [],
    isEnabled: true,
    origin: 'api',
    lastModifiedMs: 0,
  };
}

function start(source: EventSource, run: Run = {}): { runner: MappingRunner; store: MappingStore } {
  const { handler = note, store = new MappingStore(new MemoryStore()) } = run;
  running = new MappingRunner({
    mapping: mappingOf(run),
    openSource: run.openSource ?? (async () => source),
    functions: run.functions ?? new LocalFunctions({ functions: new Map([['f', handler]]), log: silentLog }),
    store,
    destination: run.destination,
    raceClock: wallClock,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
  });
  return { runner: running, store };
}

const progressOf = (store: MappingStore) => Object.fromEntries(store.progress(mappingOf()));

it('stores how far it is, and begins there the next time', async () => {
  const source = sourceOf({ a: { numbers: [1, 2, 3] } });
  const { runner, store } = start(source);
  await soon(() => expect(progressOf(store)).toEqual({ a: { position: '3' } }));
  await runner.stop();
  const again = sourceOf({ a: { numbers: [1, 2, 3, 4] } });
  start(again, { store });
  await soon(() => expect(noted).toEqual([1, 2, 3, 4]));
  expect(again.opened).toEqual(['a 3']);
});

it('begins a child when the last batch of its parent is done, not when that was read', async () => {
  const source = sourceOf({ a: { numbers: [1, 2], isClosed: true }, b: { parent: 'a', numbers: [3] } });
  let finish = () => {};
  const handler: Handler = async (event) => {
    if (noted.length === 0) await new Promise<void>((resolve) => (finish = resolve));
    note(event, { functionName: '', invokedFunctionArn: '' });
  };
  const { store } = start(source, { handler, settings: { batchSize: 2 } });
  await soon(() => expect(source.opened).toEqual(['a TRIM_HORIZON']));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(source.opened).toEqual(['a TRIM_HORIZON']);
  finish();
  await soon(() => expect(noted).toEqual([1, 2, 3]));
  await soon(() => expect(progressOf(store)).toEqual({ a: { position: SHARD_END }, b: { position: '3' } }));
});

it('forgets a shard that was trimmed', async () => {
  const { runner, store } = start(sourceOf({ a: { numbers: [1], isClosed: true }, b: { parent: 'a', numbers: [2] } }));
  await soon(() => expect(progressOf(store)).toEqual({ a: { position: SHARD_END }, b: { position: '2' } }));
  await runner.stop();
  start(sourceOf({ b: { parent: 'a', numbers: [2] } }), { store });
  await soon(() => expect(progressOf(store)).toEqual({ b: { position: '2' } }));
});

it('passes over what is from before its time, in parents and in children', async () => {
  const source = sourceOf({ a: { numbers: [1, 2, 3], isClosed: true }, b: { parent: 'a', numbers: [4, 5] } });
  start(source, { startMs: 3 });
  await soon(() => expect(noted).toEqual([3, 4, 5]));
});

it('waits for a stream that is not there yet', async () => {
  let tries = 0;
  const source = sourceOf({ a: { numbers: [1] } });
  const openSource = async () => {
    if (++tries === 1) throw new Error('not yet');
    return source;
  };
  const { runner } = start(source, { openSource });
  await soon(() => expect(runner.lastResult).toMatch(/^PROBLEM/));
  await soon(() => expect(noted).toEqual([1]));
});

it('stopped, it waits for the invocation under way, stores its end, and begins no other', async () => {
  let finish = () => {};
  const handler: Handler = async (event) => {
    note(event, { functionName: '', invokedFunctionArn: '' });
    await new Promise<void>((resolve) => (finish = resolve));
  };
  const { runner, store } = start(sourceOf({ a: { numbers: [1, 2] } }), { handler, settings: { batchSize: 1 } });
  await soon(() => expect(noted).toEqual([1]));
  const stopped = runner.stop();
  finish();
  await stopped;
  expect(noted).toEqual([1]);
  expect(progressOf(store)).toEqual({ a: { position: '1' } });
});

it('counts what does not reach the function apart, and tries it again without end', async () => {
  let tries = 0;
  const invoke = async () => {
    if (++tries < 3) throw new InvocationError('TooManyRequestsException', 'later', true);
    return 'null';
  };
  const { runner, store } = start(sourceOf({ a: { numbers: [1] } }), {
    functions: { invoke },
    settings: { retryAttemptsMax: 0 },
  });
  await soon(() => expect(progressOf(store)).toEqual({ a: { position: '1' } }));
  expect(runner.counters()).toMatchObject({ invocations: 1, throttles: 2, failures: 0, dropped: {} });
});

it('a destination that does not answer is tried, then counted, and the next records have their turn', async () => {
  let told = 0;
  const handler: Handler = (event) => {
    const { Records } = event as { Records: number[] };
    if (Records.includes(1)) throw new Error('a bug');
    noted.push(...Records);
  };
  const destination = async () => {
    told++;
    throw new Error('no route');
  };
  const settings = { batchSize: 1, retryAttemptsMax: 0 };
  const { runner, store } = start(sourceOf({ a: { numbers: [1, 2] } }), { handler, destination, settings });
  await soon(() => expect(told).toBe(1));
  // Nothing passes the records that are being given up.
  expect(noted).toEqual([]);
  expect(progressOf(store)).toEqual({});
  await soon(() => expect(noted).toEqual([2]));
  expect(told).toBe(5);
  expect(runner.counters()).toMatchObject({
    dropped: { RetryAttemptsExhausted: 1 },
    destinationFailures: 1,
    destinationRecords: 0,
  });
});
