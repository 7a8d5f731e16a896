/** The scaler against the local Kinesis: a stream that grows and shrinks while it is written and read. */
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  PutRecordCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { startConsumer } from '#cloud/streams/consumer.js';
import { hashKeyOf, toDecimal } from '#cloud/streams/hash-range.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { listOpenShards } from '#cloud/streams/list-shards.js';
import { LoadBook } from '#cloud/streams/reshard/load-book.js';
import { DEFAULT_RESHARD_POLICY, type ReshardAction } from '#cloud/streams/reshard/plan.js';
import { Scaler } from '#cloud/streams/reshard/scaler.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { startIn, stockClients, testFolder } from '../../local/local-aws.js';

const STREAM = 'town';
/** Race seconds a wall second: two minutes of cold and five of rest in a few seconds. */
const SPEED = 60;
/** A hundredth of a real shard, so that a test can fill one. */
const LIMITS = { recordsPerSecond: 10, bytesPerSecond: 10_240 };
const KEYS = Array.from({ length: 12 }, (_, i) => `car-${i}`);

const folder = testFolder();
let raceClock: RaceClock;
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;

beforeEach(async () => {
  raceClock = new RaceClock(wallClock);
  raceClock.follow(raceClock.sync(SPEED));
  const limits = {
    writeRecordsPerSecond: LIMITS.recordsPerSecond,
    writeBytesPerSecond: LIMITS.bytesPerSecond,
    // A poll of 20 ms is one in more than a race second: what is tested is resharding, not the readers' rates.
    readCallsPerSecond: 1_000,
    iteratorsPerSecond: 1_000,
  };
  aws = await startIn(folder.path, { raceClock, limits, statusDelayMs: 2_000 });
  clients = stockClients(aws.url);
  await clients.kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 1 }));
  await until(isActive);
});
afterEach(async () => {
  clients.destroy();
  await aws.close();
  folder.remove();
});

const isActive = async () => {
  const command = new DescribeStreamSummaryCommand({ StreamName: STREAM });
  return (await clients.kinesis.send(command)).StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
};
const openShards = async () => (await listOpenShards(clients.kinesis, STREAM)).size;

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Writes numbers under each key, one after the other, again when refused; a pace in records a race second. */
async function write(pace: () => number, written: Map<string, number>, loads: LoadBook, signal: AbortSignal) {
  let due = 0;
  let lastMs = raceClock.nowMs();
  for (let turn = 0; !signal.aborted; ) {
    const nowMs = raceClock.nowMs();
    due = Math.min(KEYS.length, due + (pace() * (nowMs - lastMs)) / 1_000);
    lastMs = nowMs;
    const keys = KEYS.map((_, i) => KEYS[(turn + i) % KEYS.length]).slice(0, Math.floor(due));
    if (keys.length > 0) {
      const Records = keys.map((PartitionKey) => ({
        PartitionKey,
        Data: Buffer.from(String((written.get(PartitionKey) ?? 0) + 1)),
      }));
      const answer = await clients.kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
      keys.forEach((key, i) => {
        if (answer.Records![i].ErrorCode) loads.throttled(hashKeyOf(key), nowMs);
        else written.set(key, (written.get(key) ?? 0) + 1);
      });
      due -= keys.length;
      turn += keys.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('load comes and the stream is split; load goes and it is merged again; nothing is lost or out of order', async () => {
  const loads = new LoadBook(LIMITS);
  const written = new Map<string, number>();
  const read = new Map<string, number[]>();
  const stop = new AbortController();
  const actions: ReshardAction[] = [];
  const common = { raceClock, wallClock, random: seededRandom(7), log: silentLog };
  const source = loads.watching(kinesisPolling({ client: clients.kinesis, streamName: STREAM }), raceClock);
  const consumer = startConsumer({
    ...common,
    source,
    positions: {},
    pollMs: 20,
    onRecords: async ({ records }) => {
      for (const { partitionKey, data } of records) {
        read.set(partitionKey, [...(read.get(partitionKey) ?? []), Number(Buffer.from(data).toString())]);
      }
    },
  });
  // Rests are shorter than by default, so that it takes seconds.
  const policy = { ...DEFAULT_RESHARD_POLICY, maxShards: 3, staleMs: 60_000, shrinkRestMs: 30_000 };
  const onAction = (action: ReshardAction) => void actions.push(action);
  const scaler = new Scaler({
    ...common,
    client: clients.kinesis,
    streamName: STREAM,
    policy,
    loads,
    lookMs: 50,
    onAction,
  });
  await consumer.ready;
  let pace = 18;
  const running = [scaler.run(stop.signal), write(() => pace, written, loads, stop.signal)];
  await until(async () => (await openShards()) >= 3);
  pace = 0.2;
  await until(async () => scaler.stats().merges === scaler.stats().splits && (await openShards()) === 1);
  pace = 0;
  stop.abort();
  await Promise.all(running);
  const count = (of: Iterable<number>) => [...of].reduce((sum, one) => sum + one, 0);
  await until(() => count([...read.values()].map(({ length }) => length)) >= count(written.values()));
  await consumer.stop();

  const { splits, merges } = scaler.stats();
  expect(splits).toBeGreaterThanOrEqual(2);
  expect(merges).toBe(splits);
  // Whether a full shard shows by its load or by a refusal first is a matter of the machine.
  const reasons = actions.map(({ why }) => why);
  expect(['load', 'throttled']).toContain(reasons[0]);
  expect(reasons.filter((why) => why === 'cold')).toHaveLength(merges);
  for (const [key, numbers] of read)
    expect(numbers).toEqual(Array.from({ length: written.get(key)! }, (_, i) => i + 1));
}, 120_000);

test('a stream that is being changed by another, or asked too often, is left for a moment and looked at again', async () => {
  const loads = new LoadBook(LIMITS);
  const stop = new AbortController();
  const policy = { ...DEFAULT_RESHARD_POLICY, minShards: 4, maxShards: 4 };
  // One attempt a call, no pause between looks: refused as LimitExceeded when too often, as ResourceInUse while UPDATING.
  const scaler = new Scaler({
    client: clients.kinesis,
    streamName: STREAM,
    policy,
    loads,
    lookMs: 1,
    raceClock,
    wallClock,
    random: seededRandom(7),
    log: silentLog,
  });
  raceClock.follow(raceClock.sync(1));
  const middle = toDecimal('8'.padEnd(32, '0'));
  await clients.kinesis.send(
    new SplitShardCommand({ StreamName: STREAM, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: middle }),
  );
  const { actions } = await scaler.look();
  expect(actions).toEqual([]);
  const split = {
    kind: 'split',
    shardId: 'shardId-000000000001',
    newStartingHashKey: '4'.padEnd(32, '0'),
    why: 'load',
  } as const;
  await expect(scaler.apply(split)).rejects.toThrow(/UPDATING|not ACTIVE|is being|in use/i);
  const running = scaler.run(stop.signal);
  await until(() => scaler.stats().refused > 0);
  raceClock.follow(raceClock.sync(SPEED));
  await until(async () => scaler.stats().splits === 2 && (await openShards()) === 4);
  stop.abort();
  await running;
  expect(scaler.stats()).toMatchObject({ splits: 2, merges: 0 });
  await clients.kinesis.send(
    new PutRecordCommand({ StreamName: STREAM, PartitionKey: 'car-1', Data: Buffer.from('1') }),
  );
}, 120_000);
