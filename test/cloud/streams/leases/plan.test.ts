import { describe, expect, test } from 'vitest';
import type { LeaseRow } from '#cloud/streams/leases/lease.js';
import { planLeases } from '#cloud/streams/leases/plan.js';
import { seededRandom } from '#wire/random.js';
import { newLease } from './store-contract.js';

function row(leaseKey: string, leaseOwner?: string, throughputKBps = 0): LeaseRow {
  return {
    ...newLease(leaseKey),
    leaseOwner,
    leaseCounter: 1,
    ownerSwitchesSinceCheckpoint: 0,
    childShardIds: [],
    throughputKBps,
    fence: 1,
  };
}

const looks = (keys: string[], count = 1) => new Map(keys.map((key) => [key, count]));
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Lets every worker look in turn and do what its plan says, hand-offs taking effect at once, until nobody wants anything. */
function settle(start: LeaseRow[], workers: string[], rounds = 100): { rows: LeaseRow[]; moves: number } {
  let rows = start;
  let moves = 0;
  for (let round = 0; round < rounds; round++) {
    let quiet = true;
    for (const self of workers) {
      const free = rows.filter((one) => !one.leaseOwner || !workers.includes(one.leaseOwner));
      const { take, ask } = planLeases({ self, rows, freeLooks: looks(free.map((one) => one.leaseKey)) });
      const wanted = new Set([...take, ...(ask ? [ask] : [])].map((one) => one.leaseKey));
      if (wanted.size === 0) continue;
      quiet = false;
      moves += wanted.size;
      rows = rows.map((one) => (wanted.has(one.leaseKey) ? { ...one, leaseOwner: self } : one));
    }
    if (quiet) return { rows, moves };
  }
  throw new Error('It does not settle.');
}

const countOf = (rows: LeaseRow[], owner: string) => rows.filter((one) => one.leaseOwner === owner).length;

test('alone, a worker takes everything', () => {
  const rows = names(5, 's').map((key) => row(key));
  const { take } = planLeases({ self: 'a', rows, freeLooks: looks(names(5, 's')) });
  expect(take).toHaveLength(5);
});

test('workers that see each other share what is free without agreeing: each lease is for one of them', () => {
  // Both hold one already, so both know of both.
  const held = [row('a0', 'a'), row('b0', 'b')];
  const free = names(10, 's').map((key) => row(key));
  const view = { rows: [...held, ...free], freeLooks: looks(names(10, 's')) };
  const a = planLeases({ self: 'a', ...view }).take.map((one) => one.leaseKey);
  const b = planLeases({ self: 'b', ...view }).take.map((one) => one.leaseKey);
  expect([...a, ...b].sort()).toEqual(names(10, 's').sort());
  expect(Math.abs(a.length - b.length)).toBeLessThanOrEqual(1);
});

test('a lease that stays free is taken by whoever sees it', () => {
  const rows = [row('a0', 'a'), row('b0', 'b'), ...names(6, 's').map((key) => row(key))];
  const { take } = planLeases({ self: 'a', rows, freeLooks: looks(names(6, 's'), 3) });
  expect(take).toHaveLength(6);
});

test('a new worker asks for one lease at a time, of the busiest', () => {
  const rows = [...names(4, 'x').map((key) => row(key, 'a')), ...names(2, 'y').map((key) => row(key, 'b'))];
  const { take, ask } = planLeases({ self: 'c', rows, freeLooks: new Map() });
  expect(take).toEqual([]);
  expect(ask!.leaseOwner).toBe('a');
  const asked = rows.map((one) => (one === ask ? { ...one, leaseOwner: 'c', checkpointOwner: 'a' } : one));
  expect(planLeases({ self: 'c', rows: asked, freeLooks: new Map() })).toEqual({ take: [] });
});

test('nothing moves that would only change sides', () => {
  const rows = [row('x0', 'a'), row('x1', 'a'), row('y0', 'b')];
  for (const self of ['a', 'b', 'c']) {
    const expected = self === 'c';
    expect(planLeases({ self, rows, freeLooks: new Map() }).ask !== undefined, self).toBe(expected);
  }
  expect(planLeases({ self: 'b', rows: [row('x0', 'a')], freeLooks: new Map() }).ask).toBeUndefined();
});

test('load counts, not number: the busy shard ends up alone, and one move does it', () => {
  const rows = [row('hot', 'a', 900), ...names(4, 's').map((key) => row(key, 'a', 100))];
  const { rows: settled, moves } = settle(rows, ['a', 'b']);
  const [hot, ...others] = settled;
  expect(others.every((one) => one.leaseOwner !== hot.leaseOwner)).toBe(true);
  expect(moves).toBe(1);
});

describe.each([1, 7, 42, 1_337])('random groups, seed %i', (seed) => {
  test('settle, evenly, and only the leases of a lost worker move', () => {
    const random = seededRandom(seed);
    for (let run = 0; run < 20; run++) {
      const workers = names(2 + Math.floor(random() * 5), 'w');
      const rows = names(1 + Math.floor(random() * 40), 's').map((key) => row(key));
      const { rows: settled } = settle(rows, workers);
      const counts = workers.map((worker) => countOf(settled, worker));
      expect(Math.max(...counts) - Math.min(...counts), `${counts}`).toBeLessThanOrEqual(1);

      const left = workers.slice(1);
      const after = settle(settled, left);
      const stayed = settled.filter((one) => left.includes(one.leaseOwner!));
      const moved = stayed.filter(
        (one) => after.rows.find((now) => now.leaseKey === one.leaseKey)!.leaseOwner !== one.leaseOwner,
      );
      expect(moved.length, 'beside those of the lost worker').toBeLessThanOrEqual(1);
    }
  });

  test('settle with random loads, nobody above a fair share by more than its largest lease', () => {
    const random = seededRandom(seed);
    for (let run = 0; run < 20; run++) {
      const workers = names(2 + Math.floor(random() * 3), 'w');
      const rows = names(4 + Math.floor(random() * 20), 's').map((key) => row(key, undefined, 10 + 500 * random()));
      const { rows: settled } = settle(rows, workers);
      const loadOf = (worker: string) =>
        settled.filter((one) => one.leaseOwner === worker).reduce((sum, one) => sum + one.throughputKBps, 0);
      const fair = rows.reduce((sum, one) => sum + one.throughputKBps, 0) / workers.length;
      const largest = Math.max(...rows.map((one) => one.throughputKBps));
      for (const worker of workers) expect(loadOf(worker)).toBeLessThanOrEqual(fair + largest);
    }
  });
});
