/** What KCL's hand-off got wrong until its releases 3.4.2, 3.4.3 and 3.5.0. */
import { afterEach, expect, test, vi } from 'vitest';
import { type LeaseRow, workerOf } from '#cloud/streams/leases/lease.js';
import { startRenewals } from '#cloud/streams/leases/renewer.js';
import { wallClock } from '#wire/clock.js';
import { newLease } from '../leases/store-contract.js';
import { Group } from './group.js';

let group: Group;
afterEach(() => group.stop());

const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: 5_000, interval: 5 });

/** A lease of shard `a` that `w1` works under and `w2` asks for; neither runs. */
async function asked(): Promise<LeaseRow> {
  group = new Group(['a']);
  await group.store.create(newLease('a'));
  const [free] = await group.store.list();
  const held = await group.store.take(free, 'w1');
  return (await group.store.ask(held!, 'w2'))!;
}

test('an old owner that is started again in the middle of a hand-over does not hold it up', async () => {
  await asked();
  group.kinesis.put('a', 'car', {});
  group.start('w1');
  group.start('w2');
  await until(() => expect(group.diary.delivered).toHaveLength(1));
  expect(group.diary.delivered[0].worker).toBe('w2');
  const [row] = await group.store.list();
  expect(row).toMatchObject({ leaseOwner: 'w2', checkpointOwner: undefined });
});

test('a lease is not kept alive by its old owner after the hand-over, nor counted as lost by it', async () => {
  group = new Group(['a', 'b']);
  group.start('w1', {
    renewer: (onRenewal) =>
      startRenewals({
        store: group.store,
        renewMs: 20,
        clock: wallClock,
        // Told late, as by a thread that has much to tell.
        onRenewal: (renewal) => void setTimeout(() => onRenewal(renewal), 15),
      }),
  });
  await until(() => expect(group.shardsOf('w1')).toHaveLength(2));
  group.start('w2');
  await until(() => expect(group.shardsOf('w2')).toHaveLength(1));
  const [shard] = group.shardsOf('w2');
  await until(() => expect(group.workers.get('w1')!.stats().handedOver).toBe(1));
  await group.workers.get('w2')!.stop();
  const counter = async () => (await group.store.list()).find((row) => row.leaseKey === shard)!;
  await until(async () => expect(workerOf(await counter())).toBe('w1'));
  expect(group.workers.get('w1')!.stats().lost).toBe(0);
  expect(group.diary.entries.filter((entry) => entry.includes('leaseLost'))).toEqual([]);
});

test('a hand-over to a worker that is gone is carried through, and the lease taken by whoever is there', async () => {
  const row = await asked();
  group.start('w3');
  // w1 works on and hands over to w2, which never comes.
  expect(workerOf(row)).toBe('w1');
  await group.store.release(row);
  await until(() => expect(group.shardsOf('w3')).toEqual(['a']));
});

test('a hand-over that does not come about is ended, though the old owner renews', async () => {
  const row = await asked();
  const renewer = startRenewals({ store: group.store, renewMs: 20, clock: wallClock, onRenewal: () => {} });
  renewer.hold(row);
  group.start('w2', { handOverMs: 200 });
  await until(() => expect(group.shardsOf('w2')).toEqual(['a']));
  await renewer.stop();
});
