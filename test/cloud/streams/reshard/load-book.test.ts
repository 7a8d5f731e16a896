import { expect, test } from 'vitest';
import { coversAll, hashKeyOf, splitEvenly } from '#cloud/streams/hash-range.js';
import { LoadBook } from '#cloud/streams/reshard/load-book.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardRead, ShardSource } from '#cloud/streams/source.js';
import { ManualClock } from '#wire/clock.js';

const [WHOLE] = splitEvenly(1);
const signal = new AbortController().signal;

function read(numbers: number[], arrivalMs: number, changes: Partial<ShardRead> = {}): ShardRead {
  const records = numbers.map((number) => ({
    sequenceNumber: String(number),
    partitionKey: 'car-1',
    data: Buffer.alloc(1_024),
    arrivalMs,
  }));
  return { records, millisBehindLatest: 0, ended: false, children: [], ...changes };
}

function sourceOf(reads: ShardRead[]): ShardSource {
  const next = async () => reads.shift()!;
  return {
    name: 's',
    polls: true,
    readBytesMax: 1_000,
    list: async () => new Map(),
    open: () => ({ next, close: () => {} }),
  };
}

test('what is read is booked once, and a poll that brings nothing says that the shard is idle up to when it was asked', async () => {
  const clock = new ManualClock(0);
  const book = new LoadBook({ bytesPerSecond: 1e9, recordsPerSecond: 10 });
  book.open(new Map([['a', WHOLE]]), 0);
  const batch = read([1, 2, 3, 4, 5], 500);
  const source = book.watching(sourceOf([batch, read([4, 5], 500), read([], 0)]), clock);
  const cursor = source.open('a', TRIM_HORIZON);
  expect(await cursor.next(signal)).toBe(batch);
  await source.open('a', '3').next(signal);
  clock.advance(2_000);
  await cursor.next(signal);
  expect(book.stats()).toMatchObject([{ shardId: 'a', observedMs: 2_000 }]);
  expect(book.stats()[0].loads[0]).toBe(0.5);
});

test('a reader that is behind leaves the shard as old as its last record', async () => {
  const clock = new ManualClock(60_000);
  const book = new LoadBook();
  book.open(new Map([['a', WHOLE]]), 0);
  const cursor = book.watching(sourceOf([read([1], 1_500, { millisBehindLatest: 1 })]), clock).open('a', TRIM_HORIZON);
  await cursor.next(signal);
  expect(book.stats()[0].observedMs).toBe(1_500);
});

test('a refusal belongs to the shard that the key hashes into; shards that are gone are forgotten', () => {
  const [low, high] = splitEvenly(2);
  const book = new LoadBook();
  book.open(
    new Map([
      ['low', low],
      ['high', high],
    ]),
    0,
  );
  book.throttled(hashKeyOf('a'), 7);
  const hit = hashKeyOf('a') < high.starting ? 'low' : 'high';
  for (const { shardId, throttledMs } of book.stats()) expect(throttledMs).toBe(shardId === hit ? 7 : undefined);
  book.open(new Map([['high', high]]), 1);
  expect(book.stats().map(({ shardId }) => shardId)).toEqual(['high']);
});

test('ranges cover everything once, or do not', () => {
  const [first, second, third] = splitEvenly(3);
  expect(coversAll([third, first, second])).toBe(true);
  expect(coversAll([first, third])).toBe(false);
  expect(coversAll([first, second, second, third])).toBe(false);
  expect(coversAll([])).toBe(false);
});
