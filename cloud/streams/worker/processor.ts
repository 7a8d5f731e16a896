import type { Checkpoint } from '../leases/lease.js';
import type { StreamRecord } from '../source.js';

/** The shard that a processor is given, and its lease. */
export interface ShardAssignment {
  readonly stream: string;
  readonly shardId: string;
  /** Grows with every owner: hand it to sinks, so that they can refuse an earlier owner. */
  readonly fence: number;
  /** Where the last owner ended. */
  readonly checkpoint: Checkpoint;
  /** False once another worker could have taken the lease: stop emitting. It may become true again. */
  held(): boolean;
  /**
   * Stores that everything up to there is processed; by default the last record delivered. Raises PW-LEASE-LOST when
   * another has the lease, PW-LEASE-CHECKPOINT for a place that was not delivered or lies before the last checkpoint,
   * and the table's own errors while it cannot be reached: then go on, a later checkpoint covers this one.
   */
  commit(upTo?: Checkpoint): Promise<void>;
}

export interface WorkBatch {
  /** In the shard's order, never empty. */
  records: StreamRecord[];
  /** Age of what is still to be read, race-clock ms. */
  millisBehindLatest: number;
}

/**
 * What an application does with one shard, as KCL has it: initialize, then batches one at a time, then exactly one of the
 * three ends. A shard that is processed again elsewhere is another processor's.
 */
export interface ShardProcessor {
  initialize(shard: ShardAssignment): Promise<void>;
  /**
   * A rejection is tried again, at first with the same batch. When it is the records' own fault (`record-faults.ts`) and
   * the worker has dead letters, then with parts of it, until the record that cannot be processed is found and put aside.
   */
  process(batch: WorkBatch): Promise<void>;
  /** Another worker has it: nothing can be committed any more. */
  leaseLost(): Promise<void>;
  /** All of the shard has been processed. When it resolves, the end is committed and the children may begin. */
  shardEnded(): Promise<void>;
  /** The lease is handed over, or the worker stops: commit what is processed. */
  shutdownRequested(): Promise<void>;
}
