import type { ShardPosition } from '../shard-graph.js';

/** How far a shard has been processed: the last record, and inside a KPL aggregate the last user record of it. */
export interface Checkpoint {
  position: ShardPosition;
  /** 0 for a record that is no aggregate. */
  subSequenceNumber: number;
}

/**
 * One shard's lease, as KCL keeps it (streams.md §1.1 "Lease row"), and our fence. Who works on the shard is `worker`:
 * during a hand-off that is still the old owner.
 */
export interface LeaseRow {
  /** The shard id. */
  leaseKey: string;
  leaseOwner?: string;
  /** Set while the lease is being handed over: the owner that still works; `leaseOwner` is the next one. */
  checkpointOwner?: string;
  /** Grows with each renewal: a lease whose counter stands still has no living owner. */
  leaseCounter: number;
  ownerSwitchesSinceCheckpoint: number;
  checkpoint: Checkpoint;
  parentShardIds: readonly string[];
  childShardIds: readonly string[];
  /** 128-bit bounds of the hash range, decimal text; absent for table streams. */
  startingHashKey?: string;
  endingHashKey?: string;
  throughputKBps: number;
  /** Grows by one with every owner: what a sink is told, so that it can refuse an earlier owner's writes. Ours, not KCL's. */
  fence: number;
}

/** A lease that nobody had before. */
export type NewLease = Pick<
  LeaseRow,
  'leaseKey' | 'checkpoint' | 'parentShardIds' | 'startingHashKey' | 'endingHashKey'
>;

/** Who works on the shard by this row; undefined when nobody does. */
export function workerOf({ leaseOwner, checkpointOwner }: LeaseRow): string | undefined {
  return checkpointOwner ?? leaseOwner;
}

/**
 * Where the leases of one application and stream are kept. Each write is conditional on what the caller has seen, and
 * answers the row as it is afterwards, or undefined when somebody else was faster; it raises only when the store cannot
 * be asked. Both implementations pass `test/cloud/streams/leases/store-contract.ts`.
 */
export interface LeaseStore {
  /** All rows, as they are now. */
  list(): Promise<LeaseRow[]>;
  /** False when the lease was there already. */
  create(lease: NewLease): Promise<boolean>;
  /** Takes a lease that is free, or whose counter stood still for too long. The fence grows. */
  take(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined>;
  /** The working owner is alive. The answer tells whether the lease is wanted by another. */
  renew(held: LeaseRow, throughputKBps: number): Promise<LeaseRow | undefined>;
  checkpoint(held: LeaseRow, checkpoint: Checkpoint, childShardIds?: readonly string[]): Promise<LeaseRow | undefined>;
  /** Asks the working owner of a lease to hand it over. */
  ask(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined>;
  /** The working owner has ended its work: on for the one who asked, else for anybody. */
  release(held: LeaseRow): Promise<LeaseRow | undefined>;
  /** Takes a row away that is not needed any more, if it is still as seen. */
  remove(seen: LeaseRow): Promise<boolean>;
}
