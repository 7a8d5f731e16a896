import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Checkpoint, LeaseRow, LeaseStore } from './lease.js';

/** What a renewal of a lease came to. */
export interface Renewal {
  leaseKey: string;
  fence: number;
  /** When it was sent, monotonic: others may have seen it at that moment at the earliest. */
  sentMs: number;
  /**
   * The row afterwards; `taken` when somebody else has the lease; `failed` when the table could not be asked; `stalled`,
   * once until the next that is sent, when it was left out because this process hangs.
   */
  outcome:
    | { kind: 'renewed'; row: LeaseRow }
    | { kind: 'taken' }
    | { kind: 'failed'; code: string }
    | { kind: 'stalled' };
}

export interface HeldLeaseOptions {
  store: LeaseStore;
  leaseMs: number;
  clock: Clock;
}

/** Taken off our side of the lease: what a write may need to arrive. */
const MARGIN_MS = 500;

/**
 * A lease that this worker has, as long as it can know. Renewals come from elsewhere (`renewer.ts`) and are told here.
 *
 * With the table unreachable the lease stays in hand, but `held()` turns false before another could have taken it: whoever
 * emits stops, whoever only folds goes on, and checkpoints wait.
 */
export class HeldLease {
  readonly fence: number;
  readonly #options: HeldLeaseOptions;
  readonly #lost = new AbortController();
  #row: LeaseRow;
  #renewedMs: number;
  #released = false;
  /** Checkpoints one after the other: an earlier one that arrives last would set the shard back. */
  #writing: Promise<unknown> = Promise.resolve();

  /** @param takenMs when the write that took the lease was sent */
  constructor(row: LeaseRow, takenMs: number, options: HeldLeaseOptions) {
    this.fence = row.fence;
    this.#row = row;
    this.#renewedMs = takenMs;
    this.#options = options;
  }

  get shardId(): string {
    return this.#row.leaseKey;
  }

  get row(): LeaseRow {
    return this.#row;
  }

  /** Aborted when another worker has the lease; for good. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Another worker asks for it. */
  get wanted(): boolean {
    return this.#row.checkpointOwner !== undefined;
  }

  /** False once the lease could have been taken by another: stop emitting. It may become true again. */
  held(): boolean {
    if (this.#released || this.#lost.signal.aborted) return false;
    const { clock, leaseMs } = this.#options;
    return clock.nowMs() - this.#renewedMs < leaseMs - Math.min(MARGIN_MS, leaseMs / 4);
  }

  /** What a renewal came to. One that was sent under an earlier fence says nothing of this lease. */
  renewed({ fence, sentMs, outcome }: Renewal): void {
    if (fence !== this.fence || this.#released || this.#lost.signal.aborted) return;
    if (outcome.kind === 'taken') this.#lost.abort();
    if (outcome.kind !== 'renewed') return;
    this.#renewedMs = Math.max(this.#renewedMs, sentMs);
    // A checkpoint that was written meanwhile is newer than what the renewal has read.
    this.#row = { ...outcome.row, checkpoint: this.#row.checkpoint, childShardIds: this.#row.childShardIds };
  }

  /** Raises PW-LEASE-LOST when another has the lease; the table's own errors when it cannot be asked. */
  checkpoint(checkpoint: Checkpoint, childShardIds?: readonly string[]): Promise<void> {
    const write = this.#writing.then(() => this.#checkpoint(checkpoint, childShardIds));
    this.#writing = write.catch(() => {});
    return write;
  }

  async #checkpoint(checkpoint: Checkpoint, childShardIds?: readonly string[]): Promise<void> {
    const over = this.#released || this.#lost.signal.aborted;
    const row = over ? undefined : await this.#options.store.checkpoint(this.#row, checkpoint, childShardIds);
    if (!row) {
      if (!this.#released) this.#lost.abort();
      throw new PitwallError('PW-LEASE-LOST', {
        what: `The lease of ${this.shardId} (fence ${this.fence}) is another worker’s now; the checkpoint was refused.`,
      });
    }
    this.#row = row;
  }

  /** Lets it go, to the one who asked or to anybody. When the table cannot be asked it raises, and can be called again. */
  async release(): Promise<void> {
    await this.#writing;
    if (this.#released || this.#lost.signal.aborted) return;
    // From here on a renewal that finds the lease gone is no loss.
    this.#released = true;
    try {
      await this.#options.store.release(this.#row);
    } catch (error) {
      this.#released = false;
      throw error;
    }
  }
}
