import { describe, expect, test } from 'vitest';
import { contains, hashKeyOf, join, splitAt, splitEvenly, toHashKey } from '#cloud/streams/hash-range.js';
import { DEFAULT_RESHARD_POLICY, plan, type ReshardPolicy } from '#cloud/streams/reshard/plan.js';
import type { ShardStat } from '#cloud/streams/reshard/shard-load.js';
import { seededRandom } from '#wire/random.js';

const NOW_MS = 1_000_000;
const policy: ReshardPolicy = { ...DEFAULT_RESHARD_POLICY, maxShards: 8 };
const [LOW, HIGH] = splitEvenly(2);

function shard(shardId: string, load: number | number[], changes: Partial<ShardStat> = {}): ShardStat {
  const loads = Array.isArray(load) ? load : Array.from({ length: 120 }, () => load);
  return { shardId, ...LOW, loads, slowLoad: loads.at(-1)!, keys: [], observedMs: NOW_MS, ...changes };
}

const keysOf = (names: string[]) => names.map((key) => ({ key, hashKey: hashKeyOf(key), share: 1 / names.length }));

describe('splits', () => {
  test('a shard above the bound for ten seconds, not for nine', () => {
    const nine = [...Array.from({ length: 20 }, () => 0.2), ...Array.from({ length: 9 }, () => 0.9)];
    const at = (loads: number[]) => plan({ nowMs: NOW_MS, active: true, shards: [shard('s', loads)] }, policy).actions;
    expect(at(nine)).toEqual([]);
    expect(at([...nine, 0.9])).toMatchObject([{ kind: 'split', shardId: 's', why: 'load' }]);
  });

  test('a shard that refused a record is split at once, also while growth rests', () => {
    const refused = shard('s', 0.3, { throttledMs: NOW_MS - 2_000 });
    const input = { nowMs: NOW_MS, active: true, shards: [refused], grownMs: NOW_MS - 1_000 };
    expect(plan(input, policy).actions).toMatchObject([{ kind: 'split', why: 'throttled' }]);
    const earlier = shard('s', 0.3, { throttledMs: NOW_MS - 4_000 });
    expect(plan({ ...input, shards: [earlier] }, policy).actions).toEqual([]);
  });

  test('after a split the next waits thirty seconds, and says until when', () => {
    const input = { nowMs: NOW_MS, active: true, shards: [shard('s', 0.9)] };
    const resting = plan({ ...input, grownMs: NOW_MS - 29_000 }, policy);
    expect(resting.actions).toEqual([]);
    expect(resting.advice).toEqual([{ kind: 'resting', untilMs: NOW_MS + 1_000 }]);
    expect(plan({ ...input, grownMs: NOW_MS - 30_000 }, policy).actions).toHaveLength(1);
  });

  test('one key that is more than half of the load is told, not split', () => {
    const keys = [
      { key: 'car-24', hashKey: hashKeyOf('car-24'), share: 0.6 },
      { key: 'car-1', hashKey: hashKeyOf('car-1'), share: 0.4 },
    ];
    const whole = { ...splitEvenly(1)[0], keys };
    const { actions, advice } = plan({ nowMs: NOW_MS, active: true, shards: [shard('s', 0.9, whole)] }, policy);
    expect(actions).toEqual([]);
    expect(advice).toEqual([{ kind: 'hotKey', shardId: 's', key: 'car-24', share: 0.6 }]);
  });

  test('a key that does not hash into the shard was sent there: it says nothing, the middle is cut', () => {
    const other = ['a', 'b', 'c', 'd'].find((key) => !contains(LOW, hashKeyOf(key)))!;
    const keys = [{ key: other, hashKey: hashKeyOf(other), share: 1 }];
    const { actions } = plan({ nowMs: NOW_MS, active: true, shards: [shard('s', 0.9, { keys })] }, policy);
    expect(actions).toEqual([{ kind: 'split', shardId: 's', newStartingHashKey: '4'.padEnd(32, '0'), why: 'load' }]);
  });

  test('never above the maximum; hottest first', () => {
    const shards = [shard('a', 0.8), shard('b', 0.95, HIGH)];
    const { actions, advice } = plan({ nowMs: NOW_MS, active: true, shards }, { ...policy, maxShards: 3 });
    expect(actions).toMatchObject([{ shardId: 'b' }]);
    expect(advice).toEqual([{ kind: 'atMaximum', shardId: 'a' }]);
  });

  test('nothing while the stream is UPDATING, and nothing about a shard that nobody observed', () => {
    const shards = [shard('s', 0.9)];
    expect(plan({ nowMs: NOW_MS, active: false, shards }, policy).actions).toEqual([]);
    const stale = [shard('s', 0.9, { observedMs: NOW_MS - 20_000 })];
    expect(plan({ nowMs: NOW_MS, active: true, shards: stale }, policy)).toEqual({
      actions: [],
      advice: [{ kind: 'unobserved', shardId: 's' }],
    });
  });

  test('before a known peak the busiest are cut first, the widest among equals, up to what the peak needs', () => {
    const peaks = [{ atMs: NOW_MS + 100_000, shards: 4 }];
    const shards = [shard('a', 0.1), shard('b', 0.3, HIGH)];
    const { actions } = plan({ nowMs: NOW_MS, active: true, shards }, { ...policy, peaks });
    expect(actions).toMatchObject([
      { shardId: 'b', why: 'peak' },
      { shardId: 'a', why: 'peak' },
    ]);
    expect(plan({ nowMs: NOW_MS - 30_000, active: true, shards }, { ...policy, peaks }).actions).toEqual([]);
  });
});

describe('merges', () => {
  const cold = [shard('a', 0.1), shard('b', 0.2, HIGH)];

  test('two neighbours that were cold together for two minutes', () => {
    expect(plan({ nowMs: NOW_MS, active: true, shards: cold }, policy).actions).toEqual([
      { kind: 'merge', shardId: 'a', adjacentShardId: 'b', why: 'cold' },
    ]);
  });

  test('not when they were warm together for one second of it, nor with less than two minutes known', () => {
    const once = Array.from({ length: 120 }, (_, i) => (i === 3 ? 0.3 : 0.1));
    const warm = [shard('a', once), shard('b', 0.1, HIGH)];
    expect(plan({ nowMs: NOW_MS, active: true, shards: warm }, policy).actions).toEqual([]);
    const young = [
      shard(
        'a',
        Array.from({ length: 119 }, () => 0),
      ),
      shard('b', 0, HIGH),
    ];
    expect(plan({ nowMs: NOW_MS, active: true, shards: young }, policy).actions).toEqual([]);
  });

  test('not within five minutes of the last change, not below the minimum, not before a peak', () => {
    const input = { nowMs: NOW_MS, active: true, shards: cold };
    expect(plan({ ...input, grownMs: NOW_MS - 299_000 }, policy).actions).toEqual([]);
    expect(plan({ ...input, shrunkMs: NOW_MS - 299_000 }, policy).actions).toEqual([]);
    expect(plan(input, { ...policy, minShards: 2 }).actions).toEqual([]);
    expect(plan(input, { ...policy, peaks: [{ atMs: NOW_MS + 60_000, shards: 2 }] }).actions).toEqual([]);
  });

  test('shards that do not touch stay apart', () => {
    const [first, , third] = splitEvenly(3);
    const apart = [shard('a', 0.1, first), shard('c', 0.1, third)];
    expect(plan({ nowMs: NOW_MS, active: true, shards: apart }, policy).actions).toEqual([]);
  });
});

/** What a stream does with a plan: the hash ranges afterwards, with the load that falls into each. */
function follow(loads: Map<string, number>, seconds: number, start: ShardStat[]) {
  let shards = start;
  let next = start.length;
  let grownMs: number | undefined;
  let shrunkMs: number | undefined;
  const name = () => `s${next++}`;
  for (let second = 0; second < seconds; second++) {
    const nowMs = second * 1_000;
    shards = shards.map((one) => {
      const inside = [...loads].filter(([key]) => contains(one, hashKeyOf(key)));
      const load = inside.reduce((sum, [, share]) => sum + share, 0);
      const keys = inside.map(([key, share]) => ({ key, hashKey: hashKeyOf(key), share: share / (load || 1) }));
      return { ...one, loads: [...one.loads, load].slice(-120), keys, observedMs: nowMs };
    });
    const [action] = plan({ nowMs, active: true, shards, grownMs, shrunkMs }, policy).actions;
    if (!action) continue;
    const parent = shards.find((one) => one.shardId === action.shardId)!;
    if (action.kind === 'split') {
      const halves = splitAt(parent, action.newStartingHashKey);
      expect(halves, `${action.newStartingHashKey} lies inside ${parent.starting}…${parent.ending}`).toBeDefined();
      const born = halves!.map((range) => shard(name(), [], { ...range, loads: [] }));
      shards = [...shards.filter((one) => one !== parent), ...born];
      grownMs = nowMs;
    } else {
      const other = shards.find((one) => one.shardId === action.adjacentShardId)!;
      const joined = join(parent, other);
      expect(joined, `${action.shardId} and ${action.adjacentShardId} touch`).toBeDefined();
      shards = [
        ...shards.filter((one) => one !== parent && one !== other),
        shard(name(), [], { ...joined!, loads: [] }),
      ];
      shrunkMs = nowMs;
    }
  }
  return shards;
}

const WHOLE = [shard('s0', [], { starting: toHashKey(0n), ending: 'f'.repeat(32), loads: [] })];

test.each([1, 7, 42, 1_337])('forty cars of random load are spread until no shard is too hot, seed %i', (seed) => {
  const random = seededRandom(seed);
  const cars = new Map(Array.from({ length: 40 }, (_, i) => [`car-${i}`, 0.02 + 0.08 * random()]));
  const shards = follow(cars, 600, WHOLE);
  const total = [...cars.values()].reduce((sum, load) => sum + load, 0);
  for (const { loads } of shards) expect(loads.at(-1)).toBeLessThanOrEqual(policy.splitLoad);
  // Cut by weight: no more shards than twice what the load needs.
  expect(shards.length).toBeLessThanOrEqual(Math.ceil((2 * total) / policy.splitLoad));
  const inOrder = [...shards].sort((a, b) => (a.starting < b.starting ? -1 : 1));
  for (let i = 1; i < inOrder.length; i++) expect(join(inOrder[i - 1], inOrder[i])).toBeDefined();
});

test('when the race is over the shards become one again', () => {
  const cars = new Map(Array.from({ length: 40 }, (_, i) => [`car-${i}`, 0.06]));
  const racing = follow(cars, 300, WHOLE);
  expect(racing.length).toBeGreaterThan(3);
  expect(follow(new Map(), 3_600, racing)).toHaveLength(1);
});

test('the same input gives the same plan, in whatever order the shards come', () => {
  const names = keysOf(['car-1', 'car-2', 'car-3']);
  const shards = [shard('a', 0.9, { keys: names }), shard('b', 0.9, { ...HIGH, keys: names })];
  const once = plan({ nowMs: NOW_MS, active: true, shards }, policy);
  expect(plan({ nowMs: NOW_MS, active: true, shards: [...shards].reverse() }, policy)).toEqual(once);
});
