import { gzipSync } from 'node:zlib';
import type { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { expect, test } from 'vitest';
import { startTableForwarder } from '#cloud/archive/table-forwarder.js';
import { holesOf, type TableDamage, TableIndex } from '#cloud/archive/table-index.js';
import { tableArchive } from '#cloud/archive/table-turbo.js';
import { turbo } from '#cloud/archive/turbo.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import type { SnapshotStore } from '#cloud/streams/snapshots.js';
import type { ShardSource } from '#cloud/streams/source.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { FakeTableStream } from '../streams/fake-table-stream.js';
import { readFrom, until } from '../streams/reading.js';

const ARN = 'arn:table-stream';

function sourceOf(fake: FakeTableStream, seed = 1): ShardSource {
  return tableStream({ client: fake.client, streamArn: ARN, raceClock: wallClock, random: seededRandom(seed) });
}

/** A delivery stream that gives back what it was put; every tenth put it fails, in whole or in part. */
class FakeFirehose {
  readonly lines: string[] = [];
  #puts = 0;

  get client(): FirehoseClient {
    return { send: (command: PutRecordBatchCommand) => this.#put(command) } as unknown as FirehoseClient;
  }

  async #put({ input }: PutRecordBatchCommand) {
    const puts = ++this.#puts;
    if (puts % 10 === 3) throw Object.assign(new Error('later'), { name: 'ServiceUnavailableException' });
    const RequestResponses = input.Records!.map(({ Data }, i) => {
      if (puts % 10 === 7 && i % 2 === 0) return { ErrorCode: 'ServiceUnavailableException' };
      this.lines.push(Buffer.from(Data!).toString());
      return { RecordId: String(i) };
    });
    return { RequestResponses };
  }
}

function memoryStore(): SnapshotStore {
  let json: string | undefined;
  let fence = 0;
  return {
    claim: async () => ({ fence: ++fence, json }),
    read: async () => json,
    save: async (text) => {
      json = text;
      return text.length;
    },
  };
}

function objectsOf(objects: ReadonlyMap<string, Buffer>) {
  return {
    get: async (key: string) => objects.get(key),
    list: async function* () {
      for (const [key, { length }] of objects) yield { key, bytes: length };
    },
  };
}

/** What a table's stream of a parent and a child became at Firehose, forwarder stopped and begun again in between. */
async function forwarded() {
  const fake = new FakeTableStream();
  const firehose = new FakeFirehose();
  const options = {
    source: sourceOf(fake),
    firehose: firehose.client,
    deliveryStream: 'changes',
    store: memoryStore(),
    log: silentLog,
    wallClock,
    raceClock: wallClock,
    random: seededRandom(2),
  };
  for (let i = 0; i < 30; i++) fake.put('s0');
  const first = await startTableForwarder(options);
  await until(() => first.stats().forwarded === 30);
  await first.stop();
  fake.addShard('s1', 's0');
  fake.close('s0');
  for (let i = 0; i < 20; i++) fake.put('s1');
  const second = await startTableForwarder(options);
  await until(() => second.stats().forwarded === 20);
  await second.stop();
  return { fake, lines: firehose.lines };
}

/** Lines as Firehose might deliver them: in objects, out of order, some twice. */
function delivered(lines: readonly string[], seed: number, size = 7): Map<string, Buffer> {
  const random = seededRandom(seed);
  const twice = lines.flatMap((line) => (random() < 0.1 ? [line, line] : [line]));
  const jittered = twice.map((line, i) => ({ line, at: i + 12 * random() })).sort((a, b) => a.at - b.at);
  const objects = new Map<string, Buffer>();
  for (let i = 0; i < jittered.length; i += size) {
    const text = jittered
      .slice(i, i + size)
      .map(({ line }) => line)
      .join('');
    objects.set(`tables/${String(i).padStart(5, '0')}`, i % 2 === 0 ? gzipSync(text) : Buffer.from(text));
  }
  return objects;
}

function archiveOf(objects: ReadonlyMap<string, Buffer>, onDamage?: (damage: TableDamage) => void) {
  return tableArchive({ store: objectsOf(objects), prefix: 'tables/', name: ARN, onDamage });
}

const shared = { raceClock: wallClock, random: seededRandom(3) };

test('each line has shard, sequence and a running number, also over a start anew', async () => {
  const { lines } = await forwarded();
  const told = lines.map((line) => JSON.parse(line));
  const numbers = (shard: string) =>
    [...new Set(told.filter((line) => line.shard === shard).map(({ number }) => number))].sort((a, b) => a - b);
  expect(numbers('s0')).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  expect(numbers('s1')).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(told.find(({ ended }) => ended)).toEqual({ shard: 's0', parents: [], number: 31, ended: true });
  expect(told.find(({ shard }) => shard === 's1')).toMatchObject({ parents: ['s0'], change: { eventSourceARN: ARN } });
});

test('a stop forwards what the stream holds by then, also of a child that was not begun', async () => {
  const fake = new FakeTableStream();
  const firehose = new FakeFirehose();
  fake.put('s0');
  const forwarder = await startTableForwarder({
    source: sourceOf(fake),
    firehose: firehose.client,
    deliveryStream: 'changes',
    store: memoryStore(),
    pollMs: 60_000,
    log: silentLog,
    wallClock,
    raceClock: wallClock,
    random: seededRandom(2),
  });
  await until(() => forwarder.stats().forwarded === 1);
  for (let i = 0; i < 4; i++) fake.put('s0');
  fake.addShard('s1', 's0');
  fake.close('s0');
  for (let i = 0; i < 3; i++) fake.put('s1');
  expect(forwarder.stats().forwarded).toBe(1);
  await forwarder.stop();
  expect(forwarder.stats().forwarded).toBe(8);
  const index = new TableIndex({ store: objectsOf(delivered(firehose.lines, 1)), prefix: 'tables/' });
  await index.look();
  expect([...index.shards.values()].map(({ numbers, end }) => [numbers.toJSON(), end])).toEqual([
    [[[1, 5]], 6],
    [[[1, 3]], undefined],
  ]);
});

test('one that was replaced forwards nothing more, not even at its stop', async () => {
  const fake = new FakeTableStream();
  const firehose = new FakeFirehose();
  const isTaken = { value: false };
  const store: SnapshotStore = {
    ...memoryStore(),
    save: async () => {
      if (isTaken.value) throw new PitwallError('PW-STATE-FENCED', { what: 'taken' });
      return 1;
    },
  };
  const forwarder = await startTableForwarder({
    source: sourceOf(fake),
    firehose: firehose.client,
    deliveryStream: 'changes',
    store,
    log: silentLog,
    wallClock,
    raceClock: wallClock,
    random: seededRandom(2),
  });
  isTaken.value = true;
  fake.put('s0');
  await until(() => forwarder.stats().commitsFailed === 1);
  fake.put('s0');
  await forwarder.stop();
  expect(forwarder.stats()).toMatchObject({ forwarded: 1, commits: 0 });
});

test('holes are those between the numbers that are there, and before the end', async () => {
  const { lines } = await forwarded();
  const without = lines.filter((line) => !/"shard":"s0".*"number":(1|2|11|12|13|30),/.test(line));
  const index = new TableIndex({ store: objectsOf(delivered(without, 6)), prefix: 'tables/' });
  await index.look();
  expect([...index.shards].map(([shardId, shard]) => [shardId, holesOf(shard)])).toEqual([
    [
      's0',
      [
        [11, 13],
        [30, 30],
      ],
    ],
    ['s1', []],
  ]);
});

test.each([1, 2, 3])('out of order and twice: every change once, byte for byte as live (seed %i)', async (seed) => {
  const { fake, lines } = await forwarded();
  const live = readFrom(sourceOf(fake));
  await until(() => live.read.length === 50);
  const source = turbo({ archive: archiveOf(delivered(lines, seed)), live: sourceOf(fake), ...shared });
  const late = readFrom(source, { initial: ARCHIVE_THEN_LIVE });
  await until(() => late.read.length === 50);
  fake.put('s1');
  await until(() => late.read.length === 51 && live.read.length === 51);
  expect([late.read, late.gaps]).toEqual([live.read, []]);
  const bytes = ({ batches }: typeof live) => batches.flatMap(({ records }) => records.map(({ data }) => String(data)));
  expect(bytes(late)).toEqual(bytes(live));
  expect(source.counters).toMatchObject({ fromArchive: 50, fromLive: 1, handovers: 1 });
});

test('a hole is filled from the stream, and told with its bounds when that has it no more', async () => {
  const { fake, lines } = await forwarded();
  const objects = delivered(
    lines.filter((line) => !/"shard":"s0".*"number":(11|12|13),/.test(line)),
    4,
  );
  const filled = readFrom(turbo({ archive: archiveOf(objects), live: sourceOf(fake), ...shared }));
  await until(() => filled.read.length === 50);
  expect(filled.gaps).toEqual([]);
  const alone = readFrom(turbo({ archive: archiveOf(objects), ...shared }));
  await until(() => alone.read.length === 47);
  const s0 = filled.read.filter((place) => place.startsWith('s0')).map((place) => place.split(' ')[1]);
  expect(alone.gaps).toEqual([{ shardId: 's0', behind: s0[9], upTo: s0[13] }]);
  expect(alone.read).toEqual(filled.read.filter((place) => !s0.slice(10, 13).includes(place.split(' ')[1])));
});

test('objects that are cut short or changed are named, the rest is read', async () => {
  const { lines } = await forwarded();
  const objects = delivered(lines, 5);
  const [cut, changed] = [...objects.keys()];
  const gzip = objects.get(cut)!;
  objects.set(cut, gzip.subarray(0, gzip.length - 40));
  const text = objects.get(changed)!;
  text[text.indexOf('"sequence"')] = 0x7d;
  const damages: TableDamage[] = [];
  const { read, gaps, consumer } = readFrom(
    turbo({ archive: archiveOf(objects, (one) => damages.push(one)), ...shared }),
  );
  await until(() => consumer.stats().shardsReading === 0 && consumer.stats().shardsEnded === 2);
  expect(damages.map(({ key }) => key)).toEqual(expect.arrayContaining([cut, changed]));
  expect(read.length).toBeGreaterThan(30);
  expect(gaps.length).toBeGreaterThan(0);
});
