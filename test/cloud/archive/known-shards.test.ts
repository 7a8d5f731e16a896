import { expect, test } from 'vitest';
import { knownShards } from '#cloud/archive/known-shards.js';
import { type ShardInfo, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardRead, ShardSource } from '#cloud/streams/source.js';

const { signal } = new AbortController();

function sourceOf(listing: () => ShardInfo[], children: ShardInfo[] = []): ShardSource {
  const read: ShardRead = { records: [], millisBehindLatest: 0, ended: true, children };
  return {
    name: 'stream',
    polls: true,
    readBytesMax: 1,
    trimPolicy: 'skip',
    list: async () => new Map(listing().map((shard) => [shard.shardId, shard])),
    open: () => ({ next: async () => read, close: () => {} }),
  };
}

test('the parents of a shard outlive its place in the listing: its last records may be archived after that', async () => {
  let listing: ShardInfo[] = [
    { shardId: 'a', parents: [] },
    { shardId: 'b', parents: ['a'] },
  ];
  const known = knownShards(sourceOf(() => listing));
  await known.list(signal);
  listing = [{ shardId: 'c', parents: ['b'] }];
  await known.list(signal);
  await known.list(signal);
  expect(known.parentsOf('b')).toEqual(['a']);
  expect(known.parentsOf('c')).toEqual(['b']);
});

test('a child that the end of a shard named has its parents before a listing has it, and after', async () => {
  const child = { shardId: 'c', parents: ['a', 'b'] };
  let listing: ShardInfo[] = [];
  const known = knownShards(sourceOf(() => listing, [child]));
  await known.list(signal);
  await known.open('a', TRIM_HORIZON).next(signal);
  expect(known.parentsOf('c')).toEqual(['a', 'b']);
  listing = [child];
  await known.list(signal);
  listing = [];
  await known.list(signal);
  expect(known.parentsOf('c')).toEqual(['a', 'b']);
});

test('what no listing has any more is bounded: the oldest are forgotten', async () => {
  let listing: ShardInfo[] = Array.from({ length: 10_001 }, (_, n) => ({ shardId: `s${n}`, parents: [`p${n}`] }));
  const known = knownShards(sourceOf(() => listing));
  await known.list(signal);
  listing = [];
  await known.list(signal);
  expect(known.parentsOf('s0')).toEqual([]);
  expect(known.parentsOf('s1')).toEqual(['p1']);
});
