import type { Clock } from '#wire/clock.js';
import { errorCode, type PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { backOffMs, pause } from '../back-off.js';
import type { HeldLease } from '../leases/held-lease.js';
import type { Checkpoint } from '../leases/lease.js';
import { SHARD_END, type ShardInfo } from '../shard-graph.js';
import { type ShardBatch, type ShardCounters, ShardReader } from '../shard-reader.js';
import type { ShardSource } from '../source.js';
import { checkPlace } from './checkpoints.js';
import type { ShardAssignment, ShardProcessor } from './processor.js';

export interface ShardWorkOptions {
  source: ShardSource;
  lease: HeldLease;
  processor: ShardProcessor;
  pollMs: number;
  /** All of the shard is processed: makes the children's leases. Before the end is committed, so that they are never lost. */
  onEnd(children: readonly ShardInfo[]): Promise<void>;
  /** The work is over, by any of the three ends; the lease is released or lost. */
  onDone(): void;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

/** Between tries of a step that failed: a batch, the commit of an end, the beginning of a reader. */
const RETRY = { firstMs: 100, lastMs: 5_000 };

/**
 * The work on one shard under one lease: initialize, batches one at a time, and one end. The reader goes on while the
 * lease table is away; what cannot be committed then is committed later or processed again by the next owner.
 */
export class ShardWork {
  readonly lease: HeldLease;
  readonly done: Promise<void>;
  readonly #options: ShardWorkOptions;
  readonly #stop = new AbortController();
  #reader: ShardReader | undefined;
  #delivered: Checkpoint;
  #bytes = 0;
  /** Batches that were processed a second time or more. */
  retries = 0;

  constructor(options: ShardWorkOptions) {
    this.#options = options;
    this.lease = options.lease;
    this.#delivered = options.lease.row.checkpoint;
    this.lease.lost.addEventListener('abort', () => this.#stop.abort(), { once: true });
    this.done = this.#run().finally(options.onDone);
  }

  get counters(): ShardCounters | undefined {
    return this.#reader?.counters;
  }

  get lagMs(): number {
    return this.#reader?.lagMs ?? 0;
  }

  get reader(): ShardReader | undefined {
    return this.#reader;
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Bytes delivered since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Ends after the batch in hand: what is processed is committed, the lease let go. */
  shutdown(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }

  async #run(): Promise<void> {
    const { processor, log } = this.#options;
    const signal = this.#stop.signal;
    try {
      if (!(await this.#until(signal, () => processor.initialize(this.#assignment())))) return await this.#end();
      const children = await this.#read(signal);
      if (children && (await this.#endShard(children, signal))) return;
      await this.#end();
    } catch (error) {
      const fields = { shard: this.lease.shardId, code: errorCode(error) };
      log.error('The work on a shard ended by an error of its processor.', fields);
    }
  }

  /** Children when the shard has ended; undefined when the work has to stop before. */
  async #read(signal: AbortSignal): Promise<ShardInfo[] | undefined> {
    const { source, pollMs, log, wallClock, raceClock, random } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let children: ShardInfo[] | undefined;
      let failure: PitwallError | undefined;
      const reader = new ShardReader({
        source,
        shardId: this.lease.shardId,
        position: this.#delivered.position,
        pollMs,
        onRecords: (batch) => this.#deliver(batch, signal),
        onEnd: (found) => {
          children = found;
        },
        onFailure: (error) => {
          failure = error;
        },
        log,
        wallClock,
        raceClock,
        random,
      });
      this.#reader = reader;
      const stop = () => void reader.stop();
      signal.addEventListener('abort', stop, { once: true });
      await reader.done;
      signal.removeEventListener('abort', stop);
      if (children) return children;
      if (!failure) continue;
      failures++;
      log.warn('A shard cannot be read; it is tried again.', { ...failure.toJSON(), shard: this.lease.shardId });
      await pause(backOffMs(failures, RETRY, random), signal);
    }
    return undefined;
  }

  async #deliver({ records, millisBehindLatest }: ShardBatch, signal: AbortSignal): Promise<void> {
    const last = records.at(-1);
    if (!last || signal.aborted) return;
    const before = this.#delivered;
    this.#delivered = { position: last.sequenceNumber, subSequenceNumber: 0 };
    const process = () => this.#options.processor.process({ records, millisBehindLatest });
    if (await this.#until(signal, process)) {
      for (const record of records) this.#bytes += record.data.length;
    } else {
      // Not processed: whoever commits now must not commit it.
      this.#delivered = before;
    }
  }

  /** False when the work was stopped before the end was committed: the next owner does it again. */
  async #endShard(children: readonly ShardInfo[], signal: AbortSignal): Promise<boolean> {
    const { processor, onEnd } = this.#options;
    if (!(await this.#until(signal, () => processor.shardEnded()))) return false;
    const ids = children.map(({ shardId }) => shardId);
    return await this.#until(signal, async () => {
      await onEnd(children);
      await this.lease.checkpoint({ position: SHARD_END, subSequenceNumber: 0 }, ids);
      await this.lease.release();
    });
  }

  async #end(): Promise<void> {
    const { processor, log } = this.#options;
    if (this.lease.lost.aborted) return processor.leaseLost();
    try {
      await processor.shutdownRequested();
    } catch (error) {
      // What it could not commit is processed again by the next owner, who need not wait for it.
      log.warn('A processor could not shut down.', { shard: this.lease.shardId, code: errorCode(error) });
    }
    try {
      await this.lease.release();
    } catch (error) {
      // Not worth a second try: it runs out by itself.
      log.warn('A lease could not be released.', { shard: this.lease.shardId, code: errorCode(error) });
    }
  }

  /** Tries until it is done; false when the signal fired first. */
  async #until(signal: AbortSignal, step: () => Promise<void>): Promise<boolean> {
    const { log, random } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await step();
        return true;
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        this.retries++;
        log.warn('A step of the work on a shard failed; it is tried again.', {
          shard: this.lease.shardId,
          code: errorCode(error),
          failures,
        });
        await pause(backOffMs(failures, RETRY, random), signal);
      }
    }
    return false;
  }

  #assignment(): ShardAssignment {
    const { lease } = this;
    return {
      stream: this.#options.source.name,
      shardId: lease.shardId,
      fence: lease.fence,
      checkpoint: lease.row.checkpoint,
      held: () => lease.held(),
      commit: async (upTo = this.#delivered) => {
        checkPlace(lease.shardId, upTo, lease.row.checkpoint, this.#delivered);
        await lease.checkpoint(upTo);
      },
    };
  }
}
