import { expect, test } from 'vitest';
import { type HashRange, splitEvenly, toDecimal } from '#cloud/streams/hash-range.js';
import { isAfter, readableShards, SHARD_END, type ShardInfo } from '#cloud/streams/shard-graph.js';

const [WHOLE] = splitEvenly(1);
const [LOW, HIGH] = splitEvenly(2);
const QUARTER = splitEvenly(4);

const shard = (shardId: string, range: HashRange, ...parents: string[]): ShardInfo => ({
  shardId,
  parents,
  startingHashKey: toDecimal(range.starting),
  endingHashKey: toDecimal(range.ending),
});
const readable = (shards: ShardInfo[], positions: Record<string, string> = {}, reading: string[] = []) =>
  readableShards(new Map(shards.map((one) => [one.shardId, one])), positions, new Set(reading));

test('children begin when every parent has ended', () => {
  const family = [shard('1', LOW), shard('2', HIGH), shard('3', WHOLE, '1', '2')];
  expect(readable(family)).toEqual(['1', '2']);
  expect(readable(family, { 1: SHARD_END, 2: '17' }, ['2'])).toEqual([]);
  expect(readable(family, { 1: SHARD_END, 2: SHARD_END })).toEqual(['3']);
});

test('a parent that was trimmed is not waited for', () => {
  expect(readable([shard('3', WHOLE, '1', '2')])).toEqual(['3']);
  expect(readable([shard('2', HIGH), shard('3', LOW, '1')], { 2: '17' }, ['2'])).toEqual(['3']);
});

test('a parent that nobody has seen is waited for while a shard is read that it can come from', () => {
  // 2 was split into 3 and 4, and 4 merged with 1 into 5: the end of 1 names 5 before the end of 2 names 4.
  const known = [shard('1', LOW), shard('2', HIGH), shard('5', WHOLE, '1', '4')];
  expect(readable(known, { 1: SHARD_END, 2: '17' }, ['2'])).toEqual([]);
  const seen = [...known, shard('3', QUARTER[2], '2'), shard('4', QUARTER[3], '2')];
  expect(readable(seen, { 1: SHARD_END, 2: SHARD_END })).toEqual(['3', '4']);
  expect(readable(seen, { 1: SHARD_END, 2: SHARD_END, 3: '20', 4: SHARD_END }, ['3'])).toEqual(['5']);
});

test.each([
  ['9', undefined, '10', false],
  ['10', undefined, '9', true],
  ['10', undefined, '10', false],
  ['10', 3, '10', false],
  ['10', 3, '10:3', false],
  ['10', 4, '10:3', true],
  ['10', undefined, '10:-1', true],
  ['10', undefined, 'TRIM_HORIZON', true],
  ['10', undefined, 'SHARD_END', false],
])('record %s/%s is behind %s: %s', (sequenceNumber, subSequenceNumber, position, after) => {
  expect(isAfter({ sequenceNumber, subSequenceNumber }, position)).toBe(after);
});
