import type { Clock } from '#wire/clock.js';
import { errorCode, type PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { AheadBytes } from '../ahead.js';
import { backOffMs, pause } from '../back-off.js';
import type { DeadLetterStore } from '../dead-letters.js';
import type { HeldLease } from '../leases/held-lease.js';
import type { Checkpoint } from '../leases/lease.js';
import { type PoisonCounters, PoisonGuard } from '../poison.js';
import { SHARD_END, type ShardInfo } from '../shard-graph.js';
import { addCounts, noCounts, type ShardBatch, type ShardCounters, ShardReader } from '../shard-reader.js';
import { bytesOf } from '../shard-reads.js';
import type { ShardSource, StreamGap, StreamRecord } from '../source.js';
import { checkPlace, checkpointBehind, later, positionOf } from './checkpoints.js';
import type { ShardAssignment, ShardProcessor } from './processor.js';

export interface ShardWorkOptions {
  source: ShardSource;
  lease: HeldLease;
  processor: ShardProcessor;
  pollMs: number;
  ahead: AheadBytes;
  deadLetters?: DeadLetterStore;
  poisonTries?: number;
  onGap?(gap: StreamGap): void;
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
  #millisBehindLatest = 0;
  readonly #guard: PoisonGuard;
  /** Of the readers before the present one. */
  readonly #counters = noCounts();

  constructor(options: ShardWorkOptions) {
    this.#options = options;
    this.lease = options.lease;
    this.#delivered = options.lease.row.checkpoint;
    this.lease.lost.addEventListener('abort', () => this.#stop.abort(), { once: true });
    const { source, deadLetters, poisonTries: tries, log, random } = options;
    this.#guard = new PoisonGuard({
      stream: source.name,
      shardId: options.lease.shardId,
      deadLetters,
      tries,
      process: (records) => this.#process(records),
      onPutAside: (record) => {
        this.#delivered = checkpointBehind(record);
      },
      signal: this.#stop.signal,
      log,
      random,
    });
    this.done = this.#run().finally(options.onDone);
  }

  get counters(): ShardCounters & PoisonCounters {
    const counters = { ...this.#counters, ...this.#guard.counters };
    if (this.#reader) addCounts(counters, this.#reader.counters);
    return counters;
  }

  get lagMs(): number {
    return this.#reader?.lagMs ?? 0;
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
    const { source, pollMs, ahead, onGap, log, wallClock, raceClock, random } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let children: ShardInfo[] | undefined;
      let failure: PitwallError | undefined;
      const reader = new ShardReader({
        source,
        shardId: this.lease.shardId,
        position: positionOf(this.#delivered),
        pollMs,
        ahead,
        onGap,
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
      addCounts(this.#counters, reader.counters);
      this.#reader = undefined;
      if (children) return children;
      if (!failure) continue;
      failures++;
      log.warn('A shard cannot be read; it is tried again.', { ...failure.toJSON(), shard: this.lease.shardId });
      await pause(backOffMs(failures, RETRY, random), signal);
    }
    return undefined;
  }

  async #deliver({ records, millisBehindLatest }: ShardBatch, signal: AbortSignal): Promise<void> {
    if (records.length === 0 || signal.aborted) return;
    this.#millisBehindLatest = millisBehindLatest;
    await this.#guard.process(records);
  }

  async #process(records: StreamRecord[]): Promise<void> {
    const before = this.#delivered;
    this.#delivered = checkpointBehind(records[records.length - 1]);
    try {
      await this.#options.processor.process({ records, millisBehindLatest: this.#millisBehindLatest });
    } catch (error) {
      // Not processed: whoever commits now must not commit it.
      this.#delivered = before;
      throw error;
    }
    this.#bytes += bytesOf(records);
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
      commit: async (upTo?: Checkpoint) => {
        const last = lease.row.checkpoint;
        const delivered = later(this.#delivered, last);
        checkPlace(lease.shardId, upTo ?? delivered, last, delivered);
        await lease.checkpoint(upTo ?? delivered);
      },
    };
  }
}
