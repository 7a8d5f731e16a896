import { expect, test } from 'vitest';
import { overlaps, SlotFilter, slotsOf } from '#cloud/reduce/slots.js';
import { splitEvenly, toDecimal } from '#cloud/streams/hash-range.js';
import type { ShardInfo } from '#cloud/streams/shard-graph.js';

const shardsOf = (count: number): ShardInfo[] =>
  splitEvenly(count).map(({ starting, ending }, index) => ({
    shardId: `s${index}`,
    parents: [],
    startingHashKey: toDecimal(starting),
    endingHashKey: toDecimal(ending),
  }));

test('every thing is in one slot, whatever their number', () => {
  for (const count of [1, 2, 3, 8]) {
    const filters = slotsOf(count).map((slot) => new SlotFilter(slot));
    for (let car = 1; car <= 40; car++) {
      expect(filters.filter((filter) => filter.has(`car-${car}`))).toHaveLength(1);
    }
  }
});

test('a slot reads the shards that can hold its things: one of its own, or those that were split or merged', () => {
  const [low, high] = slotsOf(2);
  const reads = (count: number) => shardsOf(count).map((shard) => [overlaps(low, shard), overlaps(high, shard)]);
  expect(reads(2)).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(reads(1)).toEqual([[true, true]]);
  expect(reads(3)).toEqual([
    [true, false],
    [true, true],
    [false, true],
  ]);
});
