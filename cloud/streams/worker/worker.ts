import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { pause } from '../back-off.js';
import { HeldLease, type Renewal } from '../leases/held-lease.js';
import { type LeaseRow, type LeaseStore, workerOf } from '../leases/lease.js';
import { LeaseWatch } from '../leases/lease-watch.js';
import { planLeases } from '../leases/plan.js';
import type { Renewer } from '../leases/renewer.js';
import { childrenMissing, eligibleLeases, missingLeases, needlessLeases } from '../leases/shard-sync.js';
import type { ShardInfo, ShardPosition } from '../shard-graph.js';
import type { ShardSource } from '../source.js';
import type { ShardProcessor } from './processor.js';
import { ShardWork } from './shard-work.js';

export interface WorkerOptions {
  source: ShardSource;
  store: LeaseStore;
  /** This worker's name in the leases; unique per process and start. */
  self: string;
  /** Where a stream without leases is begun: TRIM_HORIZON, LATEST or `atTimestamp(ms)`. */
  initial: ShardPosition;
  /** A processor for each shard that is taken. */
  processor(shardId: string): ShardProcessor;
  /** Keeps the leases alive; made by the caller, in this thread or one of its own. */
  renewer(onRenewal: (renewal: Renewal) => void): Renewer;
  /** A lease that is not renewed for so long is free. Default 3,000. */
  leaseMs?: number;
  /** Between looks at the table. Default 500. */
  lookMs?: number;
  /** How long an owner may take to hand a lease over. Default 30,000. */
  handOverMs?: number;
  /** Between polls of a shard that has been read to its end. Default 250. */
  pollMs?: number;
  log: Log;
  /** Monotonic. */
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface WorkerStats {
  shards: number;
  taken: number;
  lost: number;
  handedOver: number;
  asked: number;
  ended: number;
  /** Looks at the table that failed. */
  tableFailures: number;
  lagMs: number;
}

export interface StreamWorker {
  stats(): WorkerStats;
  /** Shards in hand, with the fence of each. */
  shards(): Map<string, number>;
  /** Hands everything back: what is processed is committed, the leases are free at once. */
  stop(): Promise<void>;
}

/** Between listings of the stream when nothing asks for one: lost rows and unseen children are found by it. */
const LIST_MS = 30_000;
/** While the children of an ended shard are not seen. */
const LIST_SOON_MS = 1_000;

/**
 * One of a group of workers that share the shards of a stream by leases, without a leader. Start it anywhere, any number of
 * times: shards spread by load, a dead worker's are taken over within `leaseMs` and a look or two.
 *
 * @example
 * const worker = startWorker({ source, store, self: 'engine-1', initial: 'TRIM_HORIZON', processor: () => new MyProcessor(), renewer, ... });
 * await worker.stop();
 */
export function startWorker(options: WorkerOptions): StreamWorker {
  return new GroupWorker(options);
}

class GroupWorker implements StreamWorker {
  readonly #options: Required<WorkerOptions>;
  readonly #works = new Map<string, ShardWork>();
  readonly #watch: LeaseWatch;
  readonly #renewer: Renewer;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  /** Hand-offs that we asked for, and since when. */
  readonly #asking = new Map<string, number>();
  #listDueMs = Number.NEGATIVE_INFINITY;
  #lookedMs: number | undefined;
  readonly #stats = { taken: 0, lost: 0, handedOver: 0, asked: 0, ended: 0, tableFailures: 0 };
  readonly #loop: Promise<void>;

  constructor(options: WorkerOptions) {
    this.#options = { leaseMs: 3_000, lookMs: 500, handOverMs: 30_000, pollMs: 250, ...options };
    this.#watch = new LeaseWatch(this.#options.leaseMs, options.wallClock);
    this.#renewer = options.renewer((renewal) => this.#works.get(renewal.leaseKey)?.lease.renewed(renewal));
    this.#loop = this.#run();
  }

  stats(): WorkerStats {
    const lagMs = Math.max(0, ...[...this.#works.values()].map((work) => work.lagMs));
    return { ...this.#stats, shards: this.#works.size, lagMs };
  }

  shards(): Map<string, number> {
    return new Map([...this.#works].map(([shardId, { lease }]) => [shardId, lease.fence]));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    await Promise.all([...this.#works.values()].map((work) => work.shutdown()));
    await this.#renewer.stop();
  }

  async #run(): Promise<void> {
    const { lookMs, log } = this.#options;
    let wasAway = false;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#look();
        if (wasAway) log.info('The lease table answers again.');
        wasAway = false;
      } catch (error) {
        this.#stats.tableFailures++;
        if (!wasAway) log.warn('Leases or shards cannot be listed; reading goes on.', { code: errorCode(error) });
        wasAway = true;
      }
      await pause(lookMs, this.#wake.signal);
    }
  }

  async #look(): Promise<void> {
    const { store, self, wallClock } = this.#options;
    let rows = await store.list();
    if (rows.length === 0 || wallClock.nowMs() >= this.#listDueMs) {
      await this.#syncShards(rows);
      rows = await store.list();
    }
    this.#tellThroughput();
    this.#handOver();
    const eligible = eligibleLeases(rows);
    const freeLooks = this.#watch.look(eligible, self);
    const { take, ask } = planLeases({ self, rows: eligible, freeLooks });
    for (const row of [...take, ...this.#handedToUs(eligible)]) await this.#take(row);
    if (ask && (await store.ask(ask, self))) {
      this.#stats.asked++;
      this.#asking.set(ask.leaseKey, wallClock.nowMs());
    }
  }

  /** Leases that were put down for us, or that their owner has kept for longer than a hand-over may take. */
  #handedToUs(rows: readonly LeaseRow[]): LeaseRow[] {
    const { self, wallClock, handOverMs } = this.#options;
    return rows.filter((row) => {
      if (row.leaseOwner !== self || this.#works.has(row.leaseKey)) return false;
      if (workerOf(row) === self) return true;
      const sinceMs = this.#asking.get(row.leaseKey);
      return sinceMs !== undefined && wallClock.nowMs() - sinceMs >= handOverMs;
    });
  }

  async #take(row: LeaseRow): Promise<void> {
    const { store, self, wallClock, leaseMs, source, processor, pollMs, log, raceClock, random } = this.#options;
    if (this.#stop.signal.aborted || this.#works.has(row.leaseKey)) return;
    const takenMs = wallClock.nowMs();
    const taken = await store.take(row, self);
    if (!taken) return;
    const shardId = taken.leaseKey;
    this.#asking.delete(shardId);
    this.#stats.taken++;
    const lease = new HeldLease(taken, takenMs, { store, leaseMs, clock: wallClock });
    log.info('Lease taken.', { stream: source.name, shard: shardId, fence: taken.fence });
    const work = new ShardWork({
      source,
      lease,
      processor: processor(shardId),
      pollMs,
      onEnd: async (children) => {
        await this.#createLeases(children);
        this.#stats.ended++;
      },
      onDone: () => this.#forget(shardId, work),
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#works.set(shardId, work);
    this.#renewer.hold(taken);
    lease.lost.addEventListener(
      'abort',
      () => {
        this.#stats.lost++;
        this.#renewer.drop(shardId);
      },
      { once: true },
    );
  }

  #forget(shardId: string, work: ShardWork): void {
    if (this.#works.get(shardId) !== work) return;
    this.#works.delete(shardId);
    this.#renewer.drop(shardId);
    // An end has children to begin with, a loss may have been the last lease: look at once.
    this.#wake.abort();
  }

  #handOver(): void {
    for (const work of this.#works.values()) {
      if (!work.lease.wanted || work.stopping) continue;
      this.#stats.handedOver++;
      void work.shutdown();
    }
  }

  #tellThroughput(): void {
    const nowMs = this.#options.wallClock.nowMs();
    const seconds = (nowMs - (this.#lookedMs ?? nowMs)) / 1_000;
    this.#lookedMs = nowMs;
    if (seconds <= 0) return;
    for (const [shardId, work] of this.#works) {
      const smoothed = 0.9 * work.lease.row.throughputKBps + 0.1 * (work.takeBytes() / 1_024 / seconds);
      this.#renewer.throughput(shardId, Math.round(smoothed * 1_000) / 1_000);
    }
  }

  async #syncShards(rows: readonly LeaseRow[]): Promise<void> {
    const { source, store, initial, wallClock } = this.#options;
    const shards = await source.list(this.#stop.signal);
    for (const lease of missingLeases(shards, rows, initial)) await store.create(lease);
    for (const row of needlessLeases(rows, shards)) await store.remove(row);
    this.#listDueMs = wallClock.nowMs() + (childrenMissing(rows) ? LIST_SOON_MS : LIST_MS);
  }

  /** Children that the last answer of a shard named; none named means that a listing has to find them. */
  async #createLeases(children: readonly ShardInfo[]): Promise<void> {
    if (children.length === 0) this.#listDueMs = Number.NEGATIVE_INFINITY;
    const shards = new Map(children.map((child) => [child.shardId, child]));
    const rows = await this.#options.store.list();
    for (const lease of missingLeases(shards, rows, this.#options.initial)) await this.#options.store.create(lease);
  }
}
