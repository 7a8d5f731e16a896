import { expect, test } from 'vitest';
import { contains, hashKeyOf, splitEvenly } from '#cloud/streams/hash-range.js';
import { cutOf } from '#cloud/streams/reshard/cut.js';
import { ShardLoad } from '#cloud/streams/reshard/shard-load.js';
import { TopKeys } from '#cloud/streams/reshard/top-keys.js';
import { seededRandom } from '#wire/random.js';

const [WHOLE] = splitEvenly(1);

function second(load: ShardLoad, index: number, records: number, bytes: number): void {
  for (let i = 0; i < records; i++) load.observe('car-1', bytes, index * 1_000 + (i * 1_000) / records);
}

test('records or bytes, whichever is used up first', () => {
  const small = new ShardLoad('s', WHOLE, 0);
  second(small, 0, 500, 10);
  small.advanceTo(1_000);
  expect(small.stat().loads).toEqual([0.5]);
  const large = new ShardLoad('s', WHOLE, 0);
  second(large, 0, 4, 131_072);
  large.advanceTo(1_000);
  expect(large.stat().loads).toEqual([0.5]);
});

test('a steady load is its own average; after it ends ten seconds leave about a third', () => {
  const load = new ShardLoad('s', WHOLE, 0);
  for (let s = 0; s < 60; s++) second(load, s, 800, 10);
  load.advanceTo(60_000);
  expect(load.stat().loads.at(-1)).toBeCloseTo(0.8, 6);
  load.advanceTo(70_000);
  expect(load.stat().loads.at(-1)).toBeCloseTo(0.8 / Math.E, 3);
  expect(load.stat().slowLoad).toBeCloseTo(0.8 * Math.exp(-10 / 60), 3);
});

test('what is not observed is not counted as quiet', () => {
  const load = new ShardLoad('s', WHOLE, 0);
  second(load, 0, 900, 10);
  load.advanceTo(1_000);
  expect(load.stat()).toMatchObject({ observedMs: 1_000, loads: [0.9] });
});

test('what a reader brings from before counting began is no load; its keys are known all the same', () => {
  const load = new ShardLoad('s', WHOLE, 10_400);
  for (let i = 0; i < 900; i++) load.observe('car-1', 10, 9_000);
  load.advanceTo(12_000);
  expect(load.stat()).toMatchObject({ loads: [0], observedMs: 12_000, keys: [{ key: 'car-1', share: 1 }] });
});

test('a day of silence is passed in a moment and leaves two minutes of history', () => {
  const load = new ShardLoad('s', WHOLE, 0);
  second(load, 0, 900, 10);
  load.advanceTo(86_400_000);
  const { loads } = load.stat();
  expect(loads).toHaveLength(120);
  expect(loads.at(-1)).toBeLessThan(1e-9);
});

test('as many keys as counters are counted exactly', () => {
  const keys = new TopKeys(3);
  keys.add('a', 5);
  keys.add('b', 3);
  keys.add('c', 2);
  keys.add('a', 10);
  expect(keys.shares().map(({ key, share }) => [key, share])).toEqual([
    ['a', 0.75],
    ['b', 0.15],
    ['c', 0.1],
  ]);
});

test.each([1, 7, 42])('of many keys the heavy one is found, its share never too small, seed %i', (seed) => {
  const random = seededRandom(seed);
  const keys = new TopKeys(16);
  let heavy = 0;
  for (let i = 0; i < 20_000; i++) {
    const isHeavy = random() < 0.4;
    if (isHeavy) heavy++;
    keys.add(isHeavy ? 'hot' : `key-${Math.floor(random() * 5_000)}`, 1);
  }
  const [first] = keys.shares();
  expect(first.key).toBe('hot');
  expect(first.share).toBeGreaterThanOrEqual(heavy / 20_000);
  expect(first.share).toBeLessThan(heavy / 20_000 + 1 / 16);
});

test('the cut halves the weight of the keys, and lies between two of them', () => {
  const keys = ['a', 'b', 'c', 'd'].map((key) => ({ key, hashKey: hashKeyOf(key), share: key === 'a' ? 0.4 : 0.2 }));
  const cut = cutOf({ ...WHOLE, keys })!;
  const below = keys.filter(({ hashKey }) => hashKey < cut).reduce((sum, { share }) => sum + share, 0);
  expect(Math.abs(1 - 2 * below)).toBeLessThanOrEqual(0.2 + 1e-9);
  expect(keys.some(({ hashKey }) => hashKey === cut)).toBe(false);
});

test('without keys the cut is the middle; a range of one hash key has none', () => {
  expect(cutOf({ ...WHOLE, keys: [] })).toBe('8'.padEnd(32, '0'));
  expect(cutOf({ starting: WHOLE.starting, ending: WHOLE.starting, keys: [] })).toBeUndefined();
  const two = { starting: '0'.repeat(32), ending: `${'0'.repeat(31)}1` };
  const cut = cutOf({ ...two, keys: [] })!;
  expect(contains(two, cut) && cut > two.starting).toBe(true);
});
