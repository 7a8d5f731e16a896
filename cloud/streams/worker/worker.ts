import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { AheadBytes } from '../ahead.js';
import { pause } from '../back-off.js';
import type { DeadLetterStore } from '../dead-letters.js';
import { HeldLease, type Renewal } from '../leases/held-lease.js';
import { type LeaseRow, type LeaseStore, type NewLease, workerOf } from '../leases/lease.js';
import { LeaseWatch } from '../leases/lease-watch.js';
import { planLeases } from '../leases/plan.js';
import type { Renewer } from '../leases/renewer.js';
import { childrenMissing, eligibleLeases, hasEnded, missingLeases, needlessLeases } from '../leases/shard-sync.js';
import { noPoison, type PoisonCounters } from '../poison.js';
import { checkInitial, checkPosition } from '../positions.js';
import { atTimestamp, LATEST, type ShardInfo, type ShardPosition } from '../shard-graph.js';
import { addCounts, noCounts, type ShardCounters } from '../shard-reader.js';
import type { ShardSource, StreamGap } from '../source.js';
import { checkpointAt } from './checkpoints.js';
import type { ShardProcessor } from './processor.js';
import { ShardWork } from './shard-work.js';

export interface WorkerOptions {
  source: ShardSource;
  store: LeaseStore;
  /** This worker's name in the leases; unique per process and start. */
  self: string;
  /** Where a stream without leases is begun: TRIM_HORIZON, LATEST or `atTimestamp(ms)`. */
  initial: ShardPosition;
  /** Shards of a stream without leases that begin elsewhere: `atSequenceNumber(…)`, or behind a sequence number. */
  positions?: Readonly<Record<string, ShardPosition>>;
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
  /** Between polls of a shard that has been read to its end; five times that when nothing comes. Default 200. */
  pollMs?: number;
  /** Bytes that may wait beside the batches in hand, all shards together; 0 = none. Default 32 MiB. */
  aheadBytes?: number;
  /** Where records go that cannot be processed. Without it their batch is tried again until it is. */
  deadLetters?: DeadLetterStore;
  /** How often a batch that fails by its records' fault is tried before the poison is looked for. Default 5. */
  poisonTries?: number;
  /** Told of records that were trimmed before they were read. */
  onGap?(gap: StreamGap): void;
  log: Log;
  /** Monotonic. */
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface WorkerStats {
  shards: number;
  /** Shards taken; of these, `takenOver` from a worker that had stopped renewing or did not hand over in time. */
  taken: number;
  takenOver: number;
  /** Shards that another worker took. */
  lost: number;
  /** Shards handed over because another worker asked. */
  handedOver: number;
  /** Shards that this worker asked another for. */
  asked: number;
  /** Shards processed to their end. */
  ended: number;
  /** Renewals that the table did not answer in time. */
  renewalFailures: number;
  /** Leases not renewed while this process hung. */
  stalled: number;
  /** Looks at the table or at the stream that failed. */
  tableFailures: number;
  lagMs: number;
  /** What all of its shards came to, also those it no longer has. */
  records: ShardCounters & PoisonCounters;
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

type Settled = WorkerOptions & Required<Pick<WorkerOptions, 'leaseMs' | 'lookMs' | 'handOverMs' | 'pollMs'>>;
const AHEAD_BYTES = 32 * 1_048_576;

class GroupWorker implements StreamWorker {
  readonly #options: Settled;
  readonly #works = new Map<string, ShardWork>();
  readonly #watch: LeaseWatch;
  readonly #renewer: Renewer;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #listDueMs = Number.NEGATIVE_INFINITY;
  #lookedMs: number | undefined;
  readonly #stats = {
    taken: 0,
    takenOver: 0,
    lost: 0,
    handedOver: 0,
    asked: 0,
    ended: 0,
    renewalFailures: 0,
    stalled: 0,
    tableFailures: 0,
  };
  /** Of the shards that this worker no longer has. */
  readonly #records = { ...noCounts(), ...noPoison() };
  readonly #ahead: AheadBytes;
  readonly #loop: Promise<void>;

  constructor(options: WorkerOptions) {
    const { hasArchive } = options.source;
    checkInitial(options.initial, hasArchive);
    for (const position of Object.values(options.positions ?? {})) checkPosition(position, hasArchive);
    this.#ahead = new AheadBytes(options.aheadBytes ?? AHEAD_BYTES);
    this.#options = { leaseMs: 3_000, lookMs: 500, handOverMs: 30_000, pollMs: 200, ...options };
    const { leaseMs, handOverMs, wallClock } = this.#options;
    this.#watch = new LeaseWatch({ leaseMs, handOverMs, clock: wallClock });
    this.#renewer = options.renewer((renewal) => this.#renewed(renewal));
    this.#loop = this.#run();
  }

  stats(): WorkerStats {
    const lagMs = Math.max(0, ...[...this.#works.values()].map((work) => work.lagMs));
    const records = { ...this.#records };
    for (const work of this.#works.values()) addCounts(records, work.counters);
    return { ...this.#stats, shards: this.#works.size, lagMs, records };
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
        this.#watch.away();
        if (!wasAway) log.warn('Leases or shards cannot be listed; reading goes on.', { code: errorCode(error) });
        wasAway = true;
      }
      await pause(lookMs, this.#wake.signal);
    }
  }

  async #look(): Promise<void> {
    const { store, self, wallClock, log } = this.#options;
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
      log.info(`Shard ${ask.leaseKey} was asked for, to share the load with ${ask.leaseOwner}.`, this.#about(ask));
    }
  }

  /** Leases that were put down for us, or that a process of our name left behind. */
  #handedToUs(rows: readonly LeaseRow[]): LeaseRow[] {
    return rows.filter((row) => workerOf(row) === this.#options.self && row.leaseOwner === this.#options.self);
  }

  async #take(row: LeaseRow): Promise<void> {
    const { store, self, wallClock, leaseMs, source, processor, log, raceClock, random } = this.#options;
    const { pollMs, deadLetters, poisonTries, onGap } = this.#options;
    if (this.#stop.signal.aborted || this.#works.has(row.leaseKey)) return;
    const takenMs = wallClock.nowMs();
    const taken = await store.take(row, self);
    if (!taken) return;
    const shardId = taken.leaseKey;
    const before = workerOf(row);
    this.#stats.taken++;
    if (before !== undefined && before !== self) this.#stats.takenOver++;
    log.info(`Shard ${shardId} is this worker’s now, ${howTaken(row, self)}.`, this.#about(taken));
    const lease = new HeldLease(taken, takenMs, { store, leaseMs, clock: wallClock });
    const work = new ShardWork({
      source,
      lease,
      processor: processor(shardId),
      pollMs,
      ahead: this.#ahead,
      deadLetters,
      poisonTries,
      onGap,
      onEnd: (children) => this.#createLeases(children),
      onDone: () => this.#forget(shardId, work),
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#works.set(shardId, work);
    this.#renewer.hold(taken);
    const onLost = () => {
      this.#stats.lost++;
      this.#renewer.drop(shardId);
      log.warn(
        `Shard ${shardId} was taken by another worker; nothing more of it is committed here.`,
        this.#about(taken),
      );
    };
    lease.lost.addEventListener('abort', onLost, { once: true });
  }

  #renewed(renewal: Renewal): void {
    const { leaseKey, fence, outcome } = renewal;
    if (outcome.kind === 'failed') this.#stats.renewalFailures++;
    if (outcome.kind === 'stalled') {
      this.#stats.stalled++;
      const fields = { stream: this.#options.source.name, shard: leaseKey, fence };
      this.#options.log.warn('This process hung for so long that a lease was not renewed.', fields);
    }
    this.#works.get(leaseKey)?.lease.renewed(renewal);
  }

  #forget(shardId: string, work: ShardWork): void {
    if (this.#works.get(shardId) !== work) return;
    this.#works.delete(shardId);
    addCounts(this.#records, work.counters);
    this.#renewer.drop(shardId);
    if (hasEnded(work.lease.row)) {
      this.#stats.ended++;
      this.#options.log.info(`Shard ${shardId} is processed to its end.`, this.#about(work.lease.row));
    }
    // An end has children to begin with, a loss may have been the last lease: look at once.
    this.#wake.abort();
  }

  #handOver(): void {
    for (const work of this.#works.values()) {
      if (!work.lease.wanted || work.stopping) continue;
      this.#stats.handedOver++;
      const { row } = work.lease;
      this.#options.log.info(`Shard ${row.leaseKey} is handed over to ${row.leaseOwner}.`, this.#about(row));
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
    const { source, store, initial, positions, wallClock } = this.#options;
    const shards = await source.list(this.#stop.signal);
    const isFirst = rows.length === 0;
    for (const lease of missingLeases(shards, rows, initial)) {
      const given = isFirst ? positions?.[lease.leaseKey] : undefined;
      await this.#create(given === undefined ? lease : { ...lease, checkpoint: checkpointAt(given) });
    }
    for (const row of needlessLeases(rows, shards)) await store.remove(row);
    this.#listDueMs = wallClock.nowMs() + (childrenMissing(rows) ? LIST_SOON_MS : LIST_MS);
  }

  /**
   * Leases of the children that the last answer of a shard named. A listing has to find them when none are named, and when
   * one has a parent without a row: that may be a shard whose own parent is still read, and whose row is yet to come.
   */
  async #createLeases(children: readonly ShardInfo[]): Promise<void> {
    const rows = await this.#options.store.list();
    const known = new Set(rows.map(({ leaseKey }) => leaseKey));
    const born = children.filter(({ parents }) => parents.every((parent) => known.has(parent)));
    if (born.length === 0 || born.length < children.length) this.#listDueMs = Number.NEGATIVE_INFINITY;
    const shards = new Map(born.map((child) => [child.shardId, child]));
    for (const lease of missingLeases(shards, rows, this.#options.initial)) await this.#create(lease);
  }

  /** LATEST becomes the time of now: the next owner would else begin behind what the first one had not committed. */
  #create(lease: NewLease): Promise<boolean> {
    const { store, raceClock } = this.#options;
    const { position } = lease.checkpoint;
    if (position !== LATEST) return store.create(lease);
    return store.create({ ...lease, checkpoint: { position: atTimestamp(raceClock.nowMs()), subSequenceNumber: 0 } });
  }

  #about({ leaseKey, fence, checkpoint }: LeaseRow): Record<string, unknown> {
    return { stream: this.#options.source.name, shard: leaseKey, fence, checkpoint: checkpoint.position };
  }
}

function howTaken(seen: LeaseRow, self: string): string {
  const before = workerOf(seen);
  if (before === undefined) return 'nobody had it';
  if (before === self) return 'put down for it by the worker before';
  return seen.checkpointOwner ? `asked for and not handed over in time by ${before}` : `no longer renewed by ${before}`;
}
