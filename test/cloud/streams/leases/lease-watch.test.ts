import { expect, test } from 'vitest';
import type { LeaseRow } from '#cloud/streams/leases/lease.js';
import { LeaseWatch } from '#cloud/streams/leases/lease-watch.js';
import { ManualClock } from '#wire/clock.js';
import { newLease } from './store-contract.js';

const row = (changes: Partial<LeaseRow>): LeaseRow => ({
  ...newLease('s'),
  leaseCounter: 1,
  ownerSwitchesSinceCheckpoint: 0,
  childShardIds: [],
  throughputKBps: 0,
  fence: 1,
  ...changes,
});

test('a lease is free when its counter stood still for its time by this clock', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  const held = row({ leaseOwner: 'b' });
  expect(watch.look([held], 'a').size).toBe(0);
  clock.advance(2_999);
  expect(watch.look([held], 'a').size).toBe(0);
  clock.advance(1);
  expect(watch.look([held], 'a').get('s')).toBe(1);
  expect(watch.look([held], 'a').get('s')).toBe(2);
  expect(watch.look([row({ leaseOwner: 'b', leaseCounter: 2 })], 'a').size).toBe(0);
});

test('nobody’s lease is free at once, one of our own never', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  expect(watch.look([row({})], 'a').get('s')).toBe(1);
  expect(watch.look([row({ leaseOwner: 'a' })], 'a').size).toBe(0);
  clock.advance(10_000);
  expect(watch.look([row({ leaseOwner: 'a' })], 'a').size).toBe(0);
});

test('during a hand-off it is the old owner that has to be alive', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  const asked = row({ leaseOwner: 'a', checkpointOwner: 'b' });
  watch.look([asked], 'a');
  clock.advance(3_000);
  expect(watch.look([asked], 'a').get('s')).toBe(1);
});

test('a hand-over that does not come about is ended by anybody but the one who should hand over', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  const own = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  for (let leaseCounter = 1; leaseCounter <= 30; leaseCounter++) {
    const asked = row({ leaseOwner: 'gone', checkpointOwner: 'b', leaseCounter });
    expect(watch.look([asked], 'c').size).toBe(0);
    expect(own.look([asked], 'b').size).toBe(0);
    clock.advance(1_000);
  }
  const last = row({ leaseOwner: 'gone', checkpointOwner: 'b', leaseCounter: 31 });
  expect(own.look([last], 'b').size).toBe(0);
  expect(watch.look([last], 'c').get('s')).toBe(1);
});

test('after an outage of the table owners get a lease’s time to show that they are alive', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  const held = row({ leaseOwner: 'b' });
  watch.look([held], 'a');
  clock.advance(30_000);
  watch.away();
  expect(watch.look([held], 'a').size).toBe(0);
  clock.advance(2_999);
  expect(watch.look([held], 'a').size).toBe(0);
  clock.advance(1);
  expect(watch.look([held], 'a').get('s')).toBe(1);
});

test('one look that fails does not put anything off', () => {
  const clock = new ManualClock(0);
  const watch = new LeaseWatch({ leaseMs: 3_000, handOverMs: 30_000, clock });
  const held = row({ leaseOwner: 'b' });
  for (let i = 0; i < 6; i++) {
    watch.look([held], 'a');
    clock.advance(500);
    watch.away();
  }
  expect(watch.look([held], 'a').get('s')).toBe(1);
});
