import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { AheadBytes } from './ahead.js';
import { actionFor } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';
import type { DeadLetterStore } from './dead-letters.js';
import { noPoison, type PoisonCounters, PoisonGuard } from './poison.js';
import { checkInitial } from './positions.js';
import {
  LATEST,
  leafShards,
  readableShards,
  SHARD_END,
  type ShardInfo,
  type ShardPosition,
  TRIM_HORIZON,
} from './shard-graph.js';
import { addCounts, noCounts, type ShardBatch, type ShardCounters, ShardReader } from './shard-reader.js';
import { WATCHDOG_MS } from './shard-reads.js';
import type { ShardSource, StreamGap, StreamRecord } from './source.js';

export interface ConsumerOptions {
  source: ShardSource;
  /** Scopes the reader to some shards (a lease on a hash range); default all. */
  shards?: (shard: ShardInfo) => boolean;
  /** Where to go on, per shard; `positions` of a batch consumer's last durable state. */
  positions: Readonly<Record<string, ShardPosition>>;
  /**
   * Where to begin when `positions` is empty: TRIM_HORIZON (the default), LATEST or `atTimestamp(ms)`. Shards found later
   * always begin at TRIM_HORIZON.
   */
  initial?: ShardPosition;
  /** Wall time between polls of a shard that has been read to its end. Default 200. */
  pollMs?: number;
  /** What it grows to while nothing comes. Default five times `pollMs`. */
  idlePollMs?: number;
  /** Bytes that may wait beside the batches in hand, all shards together; 0 = none. Default 32 MiB. */
  aheadBytes?: number;
  /** The next poll of the shard waits for it. A rejection counts as a failure of the shard: the batch comes again. */
  onRecords(batch: ShardBatch): Promise<void>;
  /**
   * Where records go that cannot be processed: their batch comes again, then in parts, and the end of a shard by itself.
   * Without it a batch that fails stops its shard for a while, and comes again whole.
   */
  deadLetters?: DeadLetterStore;
  /** How often a batch that fails by its records' fault is tried before the poison is looked for. Default 5. */
  poisonTries?: number;
  /** Told of everything that stops a shard or the listing, also when it will be tried again. */
  onFailure?(error: PitwallError): void;
  /** Told of records that were trimmed before they were read. */
  onGap?(gap: StreamGap): void;
  log: Log;
  wallClock: Clock;
  /** The clock that the stream stamps arrivals with. */
  raceClock: Clock;
  random: Random;
}

export interface ConsumerStats extends ShardCounters, PoisonCounters {
  /** Greatest age of what is still to be read, race-clock ms. */
  lagMs: number;
  shardsReading: number;
  shardsEnded: number;
  shardsFailed: number;
}

export interface Consumer {
  /** Resolves when the first listing is done and its shards are being read. */
  ready: Promise<void>;
  stats(): ConsumerStats;
  /** Resolves when no batch is in hand any more. */
  stop(): Promise<void>;
}

/** Wall time between listings; a shard's end asks at once. */
const LIST_MS = 30_000;
/** While children of an ended shard are not visible yet, or nothing at all can be read. */
const LIST_SOON_MS = 500;
const WATCH_MS = 1_000;
const POLL_MS = 200;
const AHEAD_BYTES = 32 * 1_048_576;
const LIST_RETRY = { firstMs: 250, lastMs: 10_000 };

/**
 * Reads every shard of one stream, parents before children, one poller a shard.
 *
 * @example
 * const consumer = startConsumer({ source: kinesisPolling({ client, streamName: 'pitwall-race' }), positions: {}, onRecords, log, wallClock, raceClock, random });
 * await consumer.stop();
 */
export function startConsumer(options: ConsumerOptions): Consumer {
  return new StreamConsumer(options);
}

class StreamConsumer implements Consumer {
  readonly ready: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #positions: Record<string, ShardPosition>;
  #shards = new Map<string, ShardInfo>();
  readonly #readers = new Map<string, ShardReader>();
  /** Failed shards: wall time from which they are tried again. */
  readonly #failed = new Map<string, number>();
  readonly #stop = new AbortController();
  /** Ends the present wait between listings. */
  #wake = new AbortController();
  readonly #counters: ShardCounters = noCounts();
  readonly #poison = noPoison();
  readonly #ahead: AheadBytes;
  readonly #watch: NodeJS.Timeout;
  readonly #loop: Promise<void>;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    checkInitial(options.initial ?? TRIM_HORIZON, options.source.hasArchive);
    this.#positions = { ...options.positions };
    this.#ahead = new AheadBytes(options.aheadBytes ?? AHEAD_BYTES);
    let markReady = () => {};
    this.ready = new Promise((resolve) => {
      markReady = resolve;
    });
    this.#watch = setInterval(() => this.#tryFailed(), WATCH_MS);
    this.#watch.unref();
    this.#loop = this.#list(markReady);
  }

  stats(): ConsumerStats {
    const stats: ConsumerStats = {
      ...this.#counters,
      ...this.#poison,
      lagMs: 0,
      shardsReading: this.#readers.size,
      shardsEnded: Object.values(this.#positions).filter((position) => position === SHARD_END).length,
      shardsFailed: this.#failed.size,
    };
    for (const { counters, lagMs } of this.#readers.values()) {
      addCounts(stats, counters);
      stats.lagMs = Math.max(stats.lagMs, lagMs);
    }
    return stats;
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    this.#stop.abort();
    this.#wake.abort();
    await Promise.all([...this.#readers.values()].map((reader) => reader.stop()));
    await this.#loop;
  }

  async #list(markReady: () => void): Promise<void> {
    const { source, random } = this.#options;
    const first = Object.keys(this.#positions).length === 0;
    let failures = 0;
    let listed = false;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      let waitMs: number;
      try {
        this.#merge(await source.list(this.#stop.signal));
        this.#endTrimmed();
        if (!listed && first) this.#beginAt(this.#options.initial ?? TRIM_HORIZON);
        listed = true;
        failures = 0;
        this.#begin();
        markReady();
        waitMs = this.#readers.size === 0 || this.#childrenMissing() ? LIST_SOON_MS : LIST_MS;
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        failures++;
        waitMs = backOffMs(failures, LIST_RETRY, random);
        this.#report(
          new PitwallError('PW-STREAM-READ', {
            what: `The shards of ${source.name} cannot be listed: ${errorCode(error)}.`,
            retriable: actionFor(error) !== 'giveUp',
            cause: error,
          }),
        );
      }
      await pause(waitMs, this.#wake.signal);
    }
    markReady();
  }

  /** A listing is eventually consistent: children told by a shard's end stay known until a listing has them. */
  #merge(listing: Map<string, ShardInfo>): void {
    for (const [shardId, shard] of this.#shards) {
      const parentListed = shard.parents.some((parent) => listing.has(parent));
      if (!listing.has(shardId) && (parentListed || this.#readers.has(shardId))) listing.set(shardId, shard);
    }
    this.#shards = listing;
  }

  /**
   * A child that the end of a shard has named. One with a parent that nobody has seen is left to a listing: that parent may
   * be the child of a shard that is still read, and comes first.
   */
  #meet(child: ShardInfo): void {
    const isSeen = (parent: string) => this.#shards.has(parent) || this.#positions[parent] !== undefined;
    if (!this.#shards.has(child.shardId) && child.parents.every(isSeen)) this.#shards.set(child.shardId, child);
  }

  /** A shard that failed and is no longer listed was trimmed: what it held is gone, its children are begun. */
  #endTrimmed(): void {
    for (const shardId of this.#failed.keys()) {
      if (this.#shards.has(shardId)) continue;
      this.#failed.delete(shardId);
      this.#positions[shardId] = SHARD_END;
      this.#options.log.warn('A shard was trimmed before it was read to its end.', {
        stream: this.#options.source.name,
        shard: shardId,
      });
    }
  }

  /** Holds for the shards known at the start alone; what came before those at LATEST is passed over. */
  #beginAt(initial: ShardPosition): void {
    const leaves = new Set(leafShards(this.#shards));
    for (const shardId of this.#shards.keys()) {
      this.#positions[shardId] = initial === LATEST && !leaves.has(shardId) ? SHARD_END : initial;
    }
  }

  #begin(): void {
    // A shard may end while its last batch is waited for: what is begun after a stop nobody would end.
    if (this.#stop.signal.aborted) return;
    const { shards: wanted } = this.#options;
    const mine = wanted ? new Map([...this.#shards].filter(([, shard]) => wanted(shard))) : this.#shards;
    const busy = new Set([...this.#readers.keys(), ...this.#failed.keys()]);
    for (const shardId of readableShards(mine, this.#positions, busy)) this.#read(shardId);
  }

  #read(shardId: string): void {
    const { source, pollMs = POLL_MS, idlePollMs, onGap } = this.#options;
    const { log, wallClock, raceClock, random } = this.#options;
    const reader = new ShardReader({
      source,
      shardId,
      position: this.#positions[shardId] ?? TRIM_HORIZON,
      pollMs,
      idlePollMs,
      ahead: this.#ahead,
      onRecords: this.#processorOf(shardId),
      onEnd: (children) => {
        if (!this.#retire(shardId, reader)) return;
        this.#positions[shardId] = SHARD_END;
        for (const child of children) this.#meet(child);
        this.#begin();
        this.#wake.abort();
      },
      onFailure: (error) => {
        if (!this.#retire(shardId, reader)) return;
        this.#failed.set(shardId, wallClock.nowMs() + WATCHDOG_MS);
        this.#report(error);
        this.#wake.abort();
      },
      onGap,
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#readers.set(shardId, reader);
  }

  #processorOf(shardId: string): (batch: ShardBatch) => Promise<void> {
    const { source, deadLetters, poisonTries: tries, onRecords, log, random } = this.#options;
    if (!deadLetters) return onRecords;
    let millisBehindLatest = 0;
    const batchOf = (records: StreamRecord[], ended: boolean): ShardBatch => ({
      stream: source.name,
      shardId,
      records,
      millisBehindLatest,
      ended,
    });
    const guard = new PoisonGuard({
      stream: source.name,
      shardId,
      deadLetters,
      tries,
      process: (records) => onRecords(batchOf(records, false)),
      signal: this.#stop.signal,
      counters: this.#poison,
      log,
      random,
    });
    return async (batch) => {
      millisBehindLatest = batch.millisBehindLatest;
      if (batch.records.length > 0 && !(await guard.process(batch.records))) return;
      if (batch.ended) await onRecords(batchOf([], true));
    };
  }

  /** Takes a reader out and keeps what it counted and where it was. False if it had been replaced. */
  #retire(shardId: string, reader: ShardReader): boolean {
    if (this.#readers.get(shardId) !== reader) return false;
    this.#readers.delete(shardId);
    this.#positions[shardId] = reader.position;
    addCounts(this.#counters, reader.counters);
    return true;
  }

  #childrenMissing(): boolean {
    for (const shardId of leafShards(this.#shards)) if (this.#positions[shardId] === SHARD_END) return true;
    return false;
  }

  #tryFailed(): void {
    const nowMs = this.#options.wallClock.nowMs();
    for (const [shardId, retryMs] of this.#failed) {
      if (nowMs < retryMs) continue;
      this.#failed.delete(shardId);
      this.#begin();
    }
  }

  #report(error: PitwallError): void {
    this.#options.log.error(error.message, { ...error.toJSON(), stream: this.#options.source.name });
    this.#options.onFailure?.(error);
  }
}
