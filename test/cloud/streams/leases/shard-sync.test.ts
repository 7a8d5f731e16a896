import { describe, expect, test } from 'vitest';
import { type HashRange, join, splitAt, splitEvenly, toDecimal } from '#cloud/streams/hash-range.js';
import type { LeaseRow, NewLease } from '#cloud/streams/leases/lease.js';
import { childrenMissing, eligibleLeases, missingLeases, needlessLeases } from '#cloud/streams/leases/shard-sync.js';
import { cutOf } from '#cloud/streams/reshard/cut.js';
import { LATEST, SHARD_END, type ShardInfo, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { seededRandom } from '#wire/random.js';

const [WHOLE] = splitEvenly(1);
const [LOW, HIGH] = splitEvenly(2);
const made = (shardId: string, parents: string[], { starting, ending }: HashRange): ShardInfo => ({
  shardId,
  parents,
  startingHashKey: toDecimal(starting),
  endingHashKey: toDecimal(ending),
});
const listing = (...shards: ShardInfo[]) => new Map(shards.map((one) => [one.shardId, one]));

function row(
  lease: NewLease,
  position: ShardPosition = lease.checkpoint.position,
  childShardIds: string[] = [],
): LeaseRow {
  return {
    ...lease,
    checkpoint: { position, subSequenceNumber: 0 },
    childShardIds,
    leaseCounter: 1,
    ownerSwitchesSinceCheckpoint: 0,
    throughputKBps: 0,
    fence: 1,
  };
}

const lease = ({ shardId, parents, startingHashKey, endingHashKey }: ShardInfo): NewLease => ({
  leaseKey: shardId,
  startingHashKey,
  endingHashKey,
  checkpoint: { position: TRIM_HORIZON, subSequenceNumber: 0 },
  parentShardIds: parents,
});
const rowOf = (one: ShardInfo, position?: ShardPosition) => row(lease(one), position);
const keys = (leases: readonly { leaseKey: string }[]) => leases.map(({ leaseKey }) => leaseKey);

const A = made('A', [], LOW);
const B = made('B', [], HIGH);
const AB = made('AB', ['A', 'B'], WHOLE);
const AB1 = made('AB1', ['AB'], LOW);
const AB2 = made('AB2', ['AB'], HIGH);
const FAMILY = listing(AB2, AB1, AB, B, A);

test('the first leases are of all shards, parents first, at the initial position', () => {
  const missing = missingLeases(FAMILY, [], TRIM_HORIZON);
  expect(keys(missing)).toEqual(['A', 'B', 'AB', 'AB2', 'AB1']);
  expect(missing.every(({ checkpoint }) => checkpoint.position === TRIM_HORIZON)).toBe(true);
});

test('LATEST holds for the leaves; nothing before them is read, then or later', () => {
  const missing = missingLeases(FAMILY, [], LATEST);
  expect(keys(missing).sort()).toEqual(['AB1', 'AB2']);
  const rows = missing.map((one) => row(one));
  expect(missingLeases(FAMILY, rows, LATEST)).toEqual([]);
  const grown = new Map([...FAMILY, ['C', made('C', ['AB1', 'AB2'], WHOLE)]]);
  expect(missingLeases(grown, rows, LATEST)).toMatchObject([{ leaseKey: 'C', checkpoint: { position: TRIM_HORIZON } }]);
});

test('children wait for both parents; a parent without a row is done', () => {
  expect(keys(eligibleLeases([rowOf(A, SHARD_END), rowOf(B, '7'), rowOf(AB)]))).toEqual(['B']);
  expect(keys(eligibleLeases([rowOf(A, SHARD_END), rowOf(B, SHARD_END), rowOf(AB)]))).toEqual(['AB']);
  expect(keys(eligibleLeases([rowOf(AB)]))).toEqual(['AB']);
});

test('a row goes when all children are begun and no parent could bring it back', () => {
  const ended = [rowOf(A, SHARD_END), rowOf(B, SHARD_END)];
  const needless = (rows: LeaseRow[]) => keys(needlessLeases(rows, FAMILY));
  expect(needless([...ended, rowOf(AB)])).toEqual([]);
  expect(needless([...ended, rowOf(AB, '5')])).toEqual(['A', 'B']);
  const later = [...ended, rowOf(AB, SHARD_END), rowOf(AB1, '5'), rowOf(AB2, '6')];
  expect(needless(later)).toEqual(['A', 'B']);
  expect(needless(later.slice(2))).toEqual(['AB']);
  expect(needless([rowOf(A, SHARD_END)]), 'its children are not seen yet').toEqual([]);
  expect(needless(later.slice(2, 4)), 'half of it has no child yet').toEqual([]);
  const trimmed = listing(AB1, AB2);
  expect(keys(needlessLeases(later.slice(2, 4), trimmed)), 'it is no longer listed').toEqual(['AB']);
});

test('a row that was deleted by hand is made anew', () => {
  expect(missingLeases(listing(A, B), [rowOf(A, '5')], LATEST)).toMatchObject([
    { leaseKey: 'B', checkpoint: { position: TRIM_HORIZON } },
  ]);
});

describe.each([1, 7, 42, 1_337])('random histories, seed %i', (seed) => {
  test('whatever is split and merged, each shard is read once and after its parents', () => {
    const random = seededRandom(seed);
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)];
    for (let run = 0; run < 30; run++) {
      const shards = listing(made('s0', [], LOW), made('s1', [], HIGH));
      const ranges = new Map<string, HashRange>([
        ['s0', LOW],
        ['s1', HIGH],
      ]);
      let open = ['s0', 's1'];
      let rows: LeaseRow[] = [];
      const readings: string[] = [];
      const bear = (parents: string[], born: HashRange[]) => {
        open = open.filter((one) => !parents.includes(one));
        for (const range of born) {
          const child = made(`s${shards.size}`, parents, range);
          shards.set(child.shardId, child);
          ranges.set(child.shardId, range);
          open.push(child.shardId);
        }
      };
      const step = {
        reshard: () => {
          if (shards.size > 40) return;
          const parent = pick(open);
          const range = ranges.get(parent)!;
          const neighbour = open.find((one) => one !== parent && join(range, ranges.get(one)!) !== undefined);
          if (neighbour && random() < 0.4) bear([parent, neighbour], [join(range, ranges.get(neighbour)!)!]);
          else bear([parent], splitAt(range, cutOf({ ...range, keys: [] })!)!);
        },
        // Listings are late: some of the youngest shards are not shown. Those of the stream's birth always are.
        list: () => {
          const shown = new Map([...shards].slice(0, Math.max(2, shards.size - Math.floor(random() * 3))));
          rows.push(...missingLeases(shown, rows, TRIM_HORIZON).map((one) => row(one)));
        },
        read: () => {
          const eligible = eligibleLeases(rows).filter(({ leaseKey }) => !open.includes(leaseKey));
          if (eligible.length === 0) return;
          const one = pick(eligible);
          readings.push(one.leaseKey);
          const children = [...shards.values()].filter(({ parents }) => parents.includes(one.leaseKey));
          // The last answer of a shard names the children, most of the time.
          const named = random() < 0.7 ? children.map(({ shardId }) => shardId) : [];
          rows = rows.map((each) => (each === one ? row(each, SHARD_END, named) : each));
        },
        begin: () => {
          rows = rows.map((one) =>
            eligibleLeases(rows).includes(one) && random() < 0.5 ? row(one, '5', [...one.childShardIds]) : one,
          );
        },
        clean: () => {
          const needless = needlessLeases(rows, shards);
          rows = rows.filter((one) => !needless.includes(one));
        },
      };
      for (let i = 0; i < 200; i++) pick(Object.values(step))();
      for (let i = 0; i < 200; i++) {
        rows.push(...missingLeases(shards, rows, TRIM_HORIZON).map((one) => row(one)));
        step.read();
      }
      const closed = [...shards.keys()].filter((one) => !open.includes(one));
      expect([...readings].sort()).toEqual(closed.sort());
      for (const { shardId, parents } of shards.values()) {
        if (!readings.includes(shardId)) continue;
        for (const parent of parents) expect(readings.indexOf(parent)).toBeLessThan(readings.indexOf(shardId));
      }
      expect(childrenMissing(rows)).toBe(false);
    }
  });
});

test('whoever makes the first leases may die at any of them: the rest is made by the next', () => {
  const first = missingLeases(FAMILY, [], TRIM_HORIZON);
  for (let made = 1; made < first.length; made++) {
    const rows = first.slice(0, made).map((one) => row(one));
    expect(keys(missingLeases(FAMILY, rows, TRIM_HORIZON))).toEqual(keys(first.slice(made)));
  }
});

test('what was cleaned away is not made anew because it is still listed', () => {
  expect(missingLeases(FAMILY, [rowOf(AB1, '5'), rowOf(AB2, '5')], TRIM_HORIZON)).toEqual([]);
  expect(missingLeases(listing(A, B, AB), [rowOf(AB1, '5'), rowOf(AB2, '5')], TRIM_HORIZON), 'an old listing').toEqual(
    [],
  );
});

test('a shard whose parent is not shown yet waits, and so do its children', () => {
  // A was split into A1 and A2; A2 is not shown yet, but what came of it is.
  const [low1, low2] = splitAt(LOW, cutOf({ ...LOW, keys: [] })!)!;
  const [low21, low22] = splitAt(low2, cutOf({ ...low2, keys: [] })!)!;
  const A1 = made('A1', ['A'], low1);
  const A21 = made('A21', ['A2'], low21);
  const A22 = made('A22', ['A2'], low22);
  const A2 = made('A2', ['A'], low2);
  const A2again = made('A2again', ['A21', 'A22'], low2);
  const shown = listing(A, A1, A21, A22, A2again, B);
  expect(keys(missingLeases(shown, [], TRIM_HORIZON)).sort()).toEqual(['A', 'A1', 'B']);
  expect(
    keys(missingLeases(listing(A1, A21, A22, B), [rowOf(A, '5'), rowOf(B)], TRIM_HORIZON)),
    'A is worked on',
  ).toEqual(['A1']);
  const later = missingLeases(new Map([...shown, ['A2', A2]]), [rowOf(A, '5'), rowOf(A1), rowOf(B)], TRIM_HORIZON);
  expect(keys(later)).toEqual(['A2', 'A21', 'A22', 'A2again']);
  expect(keys(missingLeases(listing(A21, A22, A2again, B), [], TRIM_HORIZON)), 'A2 was trimmed').toEqual([
    'A21',
    'A22',
    'A2again',
    'B',
  ]);
});
