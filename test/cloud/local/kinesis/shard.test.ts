import { describe, expect, it } from 'vitest';
import { splitEvenly } from '#cloud/local/kinesis/hash-range.js';
import { KINESIS_LIMITS } from '#cloud/local/kinesis/limits.js';
import { type NewRecord, Shard, type ShardRecord } from '#cloud/local/kinesis/shard.js';
import { ShardRates } from '#cloud/local/kinesis/shard-rates.js';
import { Stream } from '#cloud/local/kinesis/stream.js';
import { seededRandom } from '#wire/random.js';
import { MemoryStore } from './memory-store.js';

const [whole] = splitEvenly(1);
const NO_BOUND = Number.MAX_SAFE_INTEGER;

function openShard(store = new MemoryStore(), record = Shard.fresh(0, 1_000, whole)): Shard {
  return new Shard(store, 1, record, new ShardRates(KINESIS_LIMITS, 0));
}

function records(...names: string[]): NewRecord[] {
  return names.map((name) => ({
    data: Buffer.from(name).toString('base64'),
    partitionKey: 'k',
    payloadBytes: name.length + 1,
  }));
}

async function put(store: MemoryStore, shard: Shard, atMs: number, ...names: string[]): Promise<void> {
  const { operation, commit } = shard.append(records(...names), atMs);
  await store.write([operation]);
  commit();
}

function namesFrom(shard: Shard, next: number, countMax = NO_BOUND, bytesMax = NO_BOUND): string[] {
  const { json } = shard.read(next, countMax, bytesMax);
  const parsed = JSON.parse(`[${json.map(String).join(',')}]`) as { Data: string }[];
  return parsed.map(({ Data }) => Buffer.from(Data, 'base64').toString());
}

describe('a shard', () => {
  it('shows a record when it is committed, not when it is numbered', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    const { operation, commit } = shard.append(records('a'), 0);
    expect(namesFrom(shard, 1)).toEqual([]);
    await store.write([operation]);
    expect(namesFrom(shard, 1)).toEqual([]);
    commit();
    expect(namesFrom(shard, 1)).toEqual(['a']);
  });

  it('fixes LATEST before what comes next', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 0, 'a');
    const latest = shard.nextNumber;
    await put(store, shard, 0, 'b', 'c');
    expect(namesFrom(shard, latest)).toEqual(['b', 'c']);
  });

  it('stops at the count and at the bytes, and goes on where it stopped', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 0, 'a', 'b', 'c');
    await put(store, shard, 0, 'd', 'e');
    expect(namesFrom(shard, 1, 4)).toEqual(['a', 'b', 'c', 'd']);
    expect(shard.read(1, 4, NO_BOUND).next).toBe(5);
    expect(namesFrom(shard, 5)).toEqual(['e']);
    expect(namesFrom(shard, 1, NO_BOUND, 2 * 4)).toEqual(['a', 'b', 'c', 'd']);
    expect(namesFrom(shard, 2, NO_BOUND, 2)).toEqual(['b']);
  });

  it('finds a time by the first record at or after it', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 100, 'a', 'b');
    await put(store, shard, 100, 'c');
    await put(store, shard, 200, 'd');
    expect([0, 100, 101, 200, 201].map((atMs) => namesFrom(shard, shard.seek(atMs)))).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
      ['d'],
      ['d'],
      [],
    ]);
  });

  it('tells how far a reader is behind', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 100, 'a');
    await put(store, shard, 700, 'b');
    expect(shard.behindMs(1, undefined, 1_000)).toBe(900);
    expect(shard.behindMs(2, 100, 1_000)).toBe(900);
    expect(shard.behindMs(3, 700, 1_000)).toBe(0);
  });

  it('trims whole batches past their time, a bounded number at once, and never gives a number out again', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    for (let i = 0; i < 5; i++) await put(store, shard, i * 100, `r${i}`);
    await store.write(shard.trim(250, 2));
    expect(namesFrom(shard, 1)).toEqual(['r2', 'r3', 'r4']);
    await store.write(shard.trim(1_000, 100));
    expect(namesFrom(shard, 1)).toEqual([]);
    const again = openShard(store, shard.record);
    await put(store, again, 2_000, 'new');
    expect(again.read(1, 10, NO_BOUND).next).toBe(7);
  });

  it('continues after a restart', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 0, 'a', 'b');
    const again = openShard(store, shard.record);
    await put(store, again, 1, 'c');
    expect(namesFrom(again, 1)).toEqual(['a', 'b', 'c']);
  });

  it('steps over a batch that was never written', async () => {
    const store = new MemoryStore();
    const shard = openShard(store);
    await put(store, shard, 0, 'a');
    shard.append(records('lost'), 0);
    await put(store, shard, 0, 'c');
    expect(namesFrom(shard, 1)).toEqual(['a', 'c']);
    expect(namesFrom(shard, 2)).toEqual(['c']);
  });
});

describe('a stream', () => {
  const makeShard = (store: MemoryStore) => (id: number, record: ShardRecord) =>
    new Shard(store, id, record, new ShardRates(KINESIS_LIMITS, 0));

  const seed = 7;
  it(`owns every hash key once through any splits and merges (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const shards = splitEvenly(2).map((range, index) => Shard.fresh(index, 0, range));
    const stream = new Stream(
      {
        id: 1,
        name: 's',
        createdAtMs: 0,
        mode: 'PROVISIONED',
        retentionHours: 24,
        shards,
        consumers: [],
        scaledAtMs: [],
        modeChangedAtMs: [],
      },
      makeShard(new MemoryStore()),
    );
    for (let step = 0; step < 100; step++) {
      const open = stream.openShards;
      const i = Math.floor(random() * open.length);
      if (random() < 0.5 && i > 0) stream.merge(open[i], open[i - 1], 0);
      else {
        const { starting, ending } = open[i].record.range;
        const middle = (BigInt(`0x${starting}`) + BigInt(`0x${ending}`) + 1n) / 2n;
        stream.split(open[i], middle.toString(16).padStart(32, '0'), 0);
      }
      expect(stream.coversAll()).toBe(true);
      for (const shard of stream.openShards) {
        expect(stream.route(shard.record.range.starting)).toBe(shard);
        expect(stream.route(shard.record.range.ending)).toBe(shard);
      }
    }
    for (const shard of stream.shards) {
      for (const child of stream.childrenOf(shard))
        expect(child.sequence.format(0) > shard.sequence.format(10 ** 9)).toBe(true);
    }
  });
});
