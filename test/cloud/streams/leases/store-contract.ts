import { describe, expect, test } from 'vitest';
import { type LeaseRow, type LeaseStore, type NewLease, workerOf } from '#cloud/streams/leases/lease.js';
import { atTimestamp, SHARD_END, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';

export const newLease = (leaseKey: string, changes: Partial<NewLease> = {}): NewLease => ({
  leaseKey,
  checkpoint: { position: TRIM_HORIZON, subSequenceNumber: 0 },
  parentShardIds: [],
  startingHashKey: '0',
  endingHashKey: '340282366920938463463374607431768211455',
  ...changes,
});

/** What every store of leases does; `open` gives an empty one. */
export function leaseStoreContract(name: string, open: () => Promise<LeaseStore>): void {
  describe(`lease store: ${name}`, () => {
    async function taken(owner = 'a'): Promise<{ store: LeaseStore; held: LeaseRow }> {
      const store = await open();
      await store.create(newLease('shard'));
      const [free] = await store.list();
      const held = await store.take(free, owner);
      return { store, held: held! };
    }

    const only = async (store: LeaseStore): Promise<LeaseRow> => (await store.list())[0];

    test('a lease is created once, and read back as it was given', async () => {
      const store = await open();
      const lease = newLease('child', {
        parentShardIds: ['p1', 'p2'],
        checkpoint: { position: atTimestamp(1_700_000_000_123), subSequenceNumber: 0 },
      });
      expect(await store.create(lease)).toBe(true);
      expect(await store.create(newLease('child'))).toBe(false);
      const row = await only(store);
      expect(row).toMatchObject({ ...lease, parentShardIds: expect.arrayContaining(['p1', 'p2']) });
      expect(row).toMatchObject({ leaseCounter: 0, fence: 0, childShardIds: [] });
      expect(workerOf(row)).toBeUndefined();
    });

    test('of two who take a free lease one gets it; the fence grows', async () => {
      const store = await open();
      await store.create(newLease('shard'));
      const [free] = await store.list();
      const [a, b] = await Promise.all([store.take(free, 'a'), store.take(free, 'b')]);
      expect([a, b].filter(Boolean)).toHaveLength(1);
      expect((a ?? b)!.fence).toBe(1);
      expect(workerOf(await only(store))).toBe(a ? 'a' : 'b');
    });

    test('a renewal moves the counter; a lease that was renewed cannot be taken by who saw it before', async () => {
      const { store, held } = await taken();
      const renewed = await store.renew(held, 12.5);
      expect(renewed!.leaseCounter).toBeGreaterThan(held.leaseCounter);
      expect(renewed!.throughputKBps).toBe(12.5);
      expect(await store.take(held, 'b')).toBeUndefined();
      expect(await store.take(renewed!, 'b')).toMatchObject({ leaseOwner: 'b', fence: held.fence + 1 });
    });

    test('the earlier owner can neither renew, checkpoint nor release', async () => {
      const { store, held } = await taken();
      await store.take(held, 'b');
      expect(await store.renew(held, 0)).toBeUndefined();
      expect(await store.checkpoint(held, { position: '5', subSequenceNumber: 0 })).toBeUndefined();
      expect(await store.release(held)).toBeUndefined();
      expect((await only(store)).checkpoint.position).toBe(TRIM_HORIZON);
    });

    test('nor can it when it has the lease again under a later fence', async () => {
      const { store, held } = await taken();
      const other = await store.take(held, 'b');
      const again = await store.take(other!, 'a');
      expect(await store.checkpoint(held, { position: '5', subSequenceNumber: 0 })).toBeUndefined();
      expect(await store.checkpoint(again!, { position: '5', subSequenceNumber: 3 })).toMatchObject({
        checkpoint: { position: '5', subSequenceNumber: 3 },
      });
    });

    test('a checkpoint at the end of a shard names the children', async () => {
      const { store, held } = await taken();
      const ended = await store.checkpoint(held, { position: SHARD_END, subSequenceNumber: 0 }, ['c1', 'c2']);
      expect(ended).toMatchObject({
        checkpoint: { position: SHARD_END, subSequenceNumber: 0 },
        ownerSwitchesSinceCheckpoint: 0,
      });
      expect([...ended!.childShardIds].sort()).toEqual(['c1', 'c2']);
    });

    test('asked for, a lease stays with its worker until that hands it over', async () => {
      const { store, held } = await taken('a');
      const asked = await store.ask(held, 'b');
      expect(asked).toMatchObject({ leaseOwner: 'b', checkpointOwner: 'a', fence: held.fence });
      expect(await store.ask(held, 'c')).toBeUndefined();
      // What the old owner knows is from before: it may go on, and learns of it.
      expect(await store.checkpoint(held, { position: '7', subSequenceNumber: 0 })).toBeDefined();
      const renewed = await store.renew(held, 0);
      expect(renewed).toMatchObject({ leaseOwner: 'b', checkpointOwner: 'a' });
      const released = await store.release(held);
      expect(released).toMatchObject({ leaseOwner: 'b', checkpointOwner: undefined });
      expect(await store.checkpoint(held, { position: '9', subSequenceNumber: 0 })).toBeUndefined();
      const next = await store.take(released!, 'b');
      expect(next).toMatchObject({ fence: held.fence + 1, checkpoint: { position: '7', subSequenceNumber: 0 } });
    });

    test('a lease that nobody asked for is free after its release', async () => {
      const { store, held } = await taken();
      const released = await store.release(held);
      expect(workerOf(released!)).toBeUndefined();
      expect(await store.renew(held, 0)).toBeUndefined();
      expect(await store.take(released!, 'b')).toMatchObject({ leaseOwner: 'b' });
    });

    test('a row is removed only as it was seen', async () => {
      const { store, held } = await taken();
      const renewed = await store.renew(held, 0);
      expect(await store.remove(held)).toBe(false);
      expect(await store.remove(renewed!)).toBe(true);
      expect(await store.list()).toEqual([]);
    });
  });
}
