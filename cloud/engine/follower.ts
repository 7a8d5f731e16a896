import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { isAfter, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { SnapshotStore } from '#cloud/streams/snapshots.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';

export interface FollowerOptions {
  source: ShardSource;
  store: Pick<SnapshotStore, 'read'>;
  /** Where to begin while the race has no snapshot yet. */
  positions: Readonly<Record<string, ShardPosition>>;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface FollowerStats {
  /** Behind the newest snapshot, in hand. */
  records: number;
  snapshots: number;
  failures: number;
}

/** What of a shard comes behind the newest snapshot. */
export type TailBatch = Pick<ShardBatch, 'shardId' | 'records' | 'ended'>;

/** Slow: a shard allows five polls a second to all who poll it. */
export const FOLLOW_POLL_MS = 1_000;
/** An active engine writes one as often. */
const SNAPSHOT_MS = 5_000;
/** Snapshots fail to come, or a race is far behind: then whoever takes over reads the stream itself. */
const RECORDS_MAX = 50_000;

/**
 * Follows a race that another engine has: the records behind its newest snapshot are in hand. Nothing is folded yet: what
 * the owner has folded is in its snapshot, and to fold it twice would cost as much again.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #started: Promise<void>;
  #consumer: Consumer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  #isStopped = false;
  #tail: TailBatch[] = [];
  readonly #stats: FollowerStats = { records: 0, snapshots: 0, failures: 0 };

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#started = this.#start();
  }

  stats(): FollowerStats {
    return { ...this.#stats };
  }

  /** Ends following; returns what it has in hand, in the order of the stream. */
  async stop(): Promise<TailBatch[]> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#started;
    await Promise.all([this.#consumer?.stop(), this.#refreshing]);
    return this.#tail;
  }

  async #start(): Promise<void> {
    const { source, log, wallClock, raceClock, random } = this.#options;
    const positions = (await this.#readPositions()) ?? this.#options.positions;
    if (this.#isStopped) return;
    this.#consumer = startConsumer({
      source,
      positions,
      pollMs: FOLLOW_POLL_MS,
      idlePollMs: FOLLOW_POLL_MS,
      onRecords: async (batch) => this.#take(batch),
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#timer = setInterval(() => {
      this.#refreshing ??= this.#refresh().finally(() => {
        this.#refreshing = undefined;
      });
    }, SNAPSHOT_MS);
    this.#timer.unref();
  }

  #take({ shardId, records, ended }: ShardBatch): void {
    this.#tail.push({ shardId, records, ended });
    this.#stats.records += records.length;
    if (this.#stats.records <= RECORDS_MAX) return;
    this.#options.log.warn('A standby has too much in hand; it will read the stream when it takes over.', {
      stream: this.#options.source.name,
      records: this.#stats.records,
    });
    this.#isStopped = true;
    clearInterval(this.#timer);
    void this.#consumer?.stop();
    this.#keep(() => false);
  }

  async #refresh(): Promise<void> {
    const positions = await this.#readPositions();
    if (!positions) return;
    this.#keep((shardId, record) => isAfter(record, positions[shardId] ?? TRIM_HORIZON));
  }

  #keep(wanted: (shardId: string, record: TailBatch['records'][number]) => boolean): void {
    const kept = this.#tail.map(({ shardId, records, ended }) => ({
      shardId,
      records: records.filter((record) => wanted(shardId, record)),
      ended,
    }));
    this.#tail = kept.filter(({ records, ended }) => records.length > 0 || ended);
    this.#stats.records = this.#tail.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** Undefined when there is no snapshot, or none could be read now. */
  async #readPositions(): Promise<Record<string, ShardPosition> | undefined> {
    const { store, log } = this.#options;
    try {
      const json = await store.read();
      if (json === undefined) return undefined;
      this.#stats.snapshots++;
      return (JSON.parse(json) as { positions: Record<string, ShardPosition> }).positions;
    } catch (error) {
      this.#stats.failures++;
      log.warn('A standby cannot read the snapshot; it keeps what it has.', { code: errorCode(error) });
      return undefined;
    }
  }
}
