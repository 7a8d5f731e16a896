import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { acquireLease, type Lease } from '#cloud/streams/lease.js';
import type { Clock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { awsError, FakeDynamoDB } from './fake-dynamodb.js';

/** Follows vitest's fake timers. */
const clock: Clock = { nowMs: () => Date.now() };
const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const acquire = (db: FakeDynamoDB, owner: string) =>
  acquireLease(
    { dynamodb: db.client, tableName: 'state', key: 'race#1', owner, log: silentLog, wallClock: clock },
    never,
  );

async function acquired(pending: Promise<Lease | undefined>, withinMs: number): Promise<Lease | undefined> {
  let lease: Lease | undefined;
  void pending.then((taken) => {
    lease = taken;
  });
  await vi.advanceTimersByTimeAsync(withinMs);
  return lease;
}

test('a renewed lease is not taken; a released one is, at once, under the next fence', async () => {
  const db = new FakeDynamoDB();
  const first = (await acquired(acquire(db, 'a'), 0))!;
  expect(first.fence).toBe(1);
  const waiting = acquire(db, 'b');
  expect(await acquired(waiting, 10_000)).toBeUndefined();
  expect(first.held()).toBe(true);
  await first.release();
  expect(first.held()).toBe(false);
  const second = (await acquired(waiting, 600))!;
  expect(second.fence).toBe(2);
  await second.release();
});

test('a dead owner loses it after 3 s of standstill; it stopped emitting before, and is refused after', async () => {
  const db = new FakeDynamoDB();
  const first = (await acquired(acquire(db, 'a'), 0))!;
  let cut = true;
  db.fault = (name, input) => {
    if (cut && name === 'PutItem' && input.Item.leaseOwner?.S === 'a') throw awsError('InternalServerError', 500);
  };
  const waiting = acquire(db, 'b');
  let second = await acquired(waiting, 2_600);
  expect(second).toBeUndefined();
  expect(first.held()).toBe(false);
  expect(first.lost.aborted, 'the table is away: nobody has taken it yet').toBe(false);
  second = await acquired(waiting, 1_200);
  expect(second!.fence).toBe(2);
  cut = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(first.lost.aborted).toBe(true);
  expect(second!.held()).toBe(true);
  await second!.release();
});

test('two that see it free at once: one takes it', async () => {
  const db = new FakeDynamoDB();
  const both = [acquire(db, 'a'), acquire(db, 'b')];
  const leases = await Promise.all(both.map((pending) => acquired(pending, 2_000)));
  expect(leases.filter(Boolean)).toHaveLength(1);
});
