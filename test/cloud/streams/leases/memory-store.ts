import { type LeaseRow, type LeaseStore, type NewLease, workerOf } from '#cloud/streams/leases/lease.js';

/** Leases of workers in one process; the same conditions as in the table. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #rows = new Map<string, LeaseRow>();

  async list(): Promise<LeaseRow[]> {
    return [...this.#rows.values()];
  }

  async create(lease: NewLease): Promise<boolean> {
    if (this.#rows.has(lease.leaseKey)) return false;
    this.#rows.set(lease.leaseKey, {
      ...lease,
      leaseCounter: 0,
      ownerSwitchesSinceCheckpoint: 0,
      childShardIds: [],
      throughputKBps: 0,
      fence: 0,
    });
    return true;
  }

  async take(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined> {
    const row = this.#rows.get(seen.leaseKey);
    if (row?.leaseCounter !== seen.leaseCounter || row.fence !== seen.fence) return undefined;
    return this.#write({
      ...row,
      leaseOwner: owner,
      checkpointOwner: undefined,
      leaseCounter: row.leaseCounter + 1,
      ownerSwitchesSinceCheckpoint: row.ownerSwitchesSinceCheckpoint + 1,
      fence: row.fence + 1,
    });
  }

  async renew(held: LeaseRow, throughputKBps: number): Promise<LeaseRow | undefined> {
    const row = this.#held(held);
    return row && this.#write({ ...row, leaseCounter: row.leaseCounter + 1, throughputKBps });
  }

  async checkpoint(
    held: LeaseRow,
    checkpoint: LeaseRow['checkpoint'],
    childShardIds?: readonly string[],
  ): Promise<LeaseRow | undefined> {
    const row = this.#held(held);
    return (
      row &&
      this.#write({
        ...row,
        checkpoint,
        childShardIds: childShardIds ?? row.childShardIds,
        ownerSwitchesSinceCheckpoint: 0,
      })
    );
  }

  async ask(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined> {
    const row = this.#rows.get(seen.leaseKey);
    if (row?.fence !== seen.fence || row.checkpointOwner || row.leaseOwner !== seen.leaseOwner) return undefined;
    return this.#write({ ...row, leaseOwner: owner, checkpointOwner: row.leaseOwner });
  }

  async release(held: LeaseRow): Promise<LeaseRow | undefined> {
    const row = this.#held(held);
    if (!row) return undefined;
    const leaseOwner = row.checkpointOwner ? row.leaseOwner : undefined;
    return this.#write({ ...row, leaseOwner, checkpointOwner: undefined, leaseCounter: row.leaseCounter + 1 });
  }

  async remove(seen: LeaseRow): Promise<boolean> {
    const row = this.#rows.get(seen.leaseKey);
    if (row?.leaseCounter !== seen.leaseCounter || row.fence !== seen.fence) return false;
    return this.#rows.delete(seen.leaseKey);
  }

  #held(held: LeaseRow): LeaseRow | undefined {
    const row = this.#rows.get(held.leaseKey);
    return row && row.fence === held.fence && workerOf(row) === workerOf(held) ? row : undefined;
  }

  #write(row: LeaseRow): LeaseRow {
    this.#rows.set(row.leaseKey, row);
    return row;
  }
}
