import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { SHARD_END, type ShardInfo, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { InvocationError, type LocalFunctions } from '../functions.js';
import { readAnswer } from './answer.js';
import type { Batch, DiscardReason, Outcome } from './batch.js';
import type { Destination } from './destinations.js';
import { eventOf } from './event.js';
import type { EventSource } from './event-source.js';
import { FailureTeller } from './failure-teller.js';
import { type Mapping, type MappingCounters, noCounters } from './mapping.js';
import type { MappingStore } from './mapping-store.js';
import { ShardLanes } from './shard-lanes.js';
import { ShardRun } from './shard-run.js';
import { startingAt } from './starting-at.js';

export interface MappingRunnerOptions {
  mapping: Mapping;
  /** Tried again until it resolves: the stream may come later than the mapping. */
  openSource(): Promise<EventSource>;
  functions: Pick<LocalFunctions, 'invoke'>;
  store: MappingStore;
  /** Where to tell of batches that are given up. */
  destination?: Destination;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Between looks at what has become due, wall ms: the race clock, which batch windows count by, runs at any rate. */
const TICK_MS = 50;
/** After a failure, race ms. */
const RETRY = { firstMs: 200, lastMs: 30_000 };
const OPEN_RETRY = { firstMs: 250, lastMs: 10_000 };

/**
 * One mapping at work: reads the stream through its public API, feeds each shard's machine (`ShardLanes`), does the work that
 * comes out of it, and stores how far it is. After a kill −9 everything since the last stored position comes again.
 */
export class MappingRunner {
  readonly #options: MappingRunnerOptions;
  readonly #stop = new AbortController();
  readonly #runs = new Map<string, ShardRun>();
  readonly #busy = new Set<Promise<void>>();
  readonly #counters = noCounters();
  readonly #teller: FailureTeller;
  readonly #tick: NodeJS.Timeout;
  readonly #starting: Promise<Consumer | undefined>;
  #source: EventSource | undefined;
  #lastResult = 'No records processed';

  constructor(options: MappingRunnerOptions) {
    this.#options = options;
    const { mapping, destination, random, log } = options;
    this.#teller = new FailureTeller({ mapping, destination, counters: this.#counters, random, log });
    this.#tick = setInterval(() => this.#wake(), TICK_MS).unref();
    this.#starting = this.#start();
  }

  /** AWS's LastProcessingResult. */
  get lastResult(): string {
    return this.#lastResult;
  }

  counters(): MappingCounters {
    const counters = { ...this.#counters, dropped: { ...this.#counters.dropped } };
    for (const { lanes } of this.#runs.values()) addLaneCounts(counters, lanes);
    return counters;
  }

  /** No more invocations begin; resolves when those under way have ended, which their time-out bounds, and are stored. */
  async stop(): Promise<void> {
    clearInterval(this.#tick);
    this.#stop.abort();
    const consumer = await this.#starting;
    const stopped = consumer?.stop();
    for (const run of this.#runs.values()) run.stop();
    await stopped;
    while (this.#busy.size > 0) await Promise.all(this.#busy);
    await Promise.all([...this.#runs.values()].map((run) => this.#store(run)));
  }

  async #start(): Promise<Consumer | undefined> {
    const { mapping, store, raceClock, wallClock, random, log } = this.#options;
    this.#source = await this.#open();
    if (this.#source === undefined) return undefined;
    const { shards, pollMs } = this.#source;
    const known = { ...shards, list: (signal: AbortSignal) => this.#list(shards, signal) };
    const positions: Record<string, ShardPosition> = {};
    for (const [shardId, { position }] of store.progress(mapping)) {
      if (position !== undefined) positions[shardId] = position;
    }
    return startConsumer({
      source: mapping.startMs === undefined ? known : startingAt(known, mapping.startMs),
      positions,
      pollMs,
      onRecords: (batch) => this.#take(batch),
      onGap: () => this.#counters.gaps++,
      log,
      wallClock,
      raceClock,
      random,
    });
  }

  /** As the stream lists them; what is stored of shards that were trimmed is forgotten. */
  async #list(shards: ShardSource, signal: AbortSignal): Promise<Map<string, ShardInfo>> {
    const { mapping, store } = this.#options;
    const listed = await shards.list(signal);
    const trimmed = [...store.progress(mapping)]
      .filter(([shardId, { position }]) => position === SHARD_END && !listed.has(shardId))
      .map(([shardId]) => shardId);
    if (listed.size > 0 && trimmed.length > 0) await store.removeProgress(mapping, trimmed);
    return listed;
  }

  async #open(): Promise<EventSource | undefined> {
    const { mapping, openSource, random, log } = this.#options;
    const { signal } = this.#stop;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        return await openSource();
      } catch (error) {
        this.#lastResult = 'PROBLEM: The event source cannot be read.';
        log.warn('lambda: an event source cannot be opened yet', {
          source: mapping.eventSource,
          function: mapping.functionArn,
          error: errorCode(error),
        });
        await pause(backOffMs(tries, OPEN_RETRY, random), signal);
      }
    }
    return undefined;
  }

  /** Resolves when more may be read; behind the last of a shard, when its children may. */
  async #take({ shardId, records, ended }: ShardBatch): Promise<void> {
    this.#stop.signal.throwIfAborted();
    const run = this.#runOf(shardId);
    const read = records.map((record) => this.#opened.read(record, shardId));
    this.#counters.filtered += read.filter((record) => 'skipped' in record).length;
    run.lanes.accept(read, this.#nowMs);
    if (ended) run.lanes.end();
    this.#drive(run, shardId);
    await run.until(() => (ended ? run.lanes.isDone : run.lanes.hasRoom));
    if (!ended) return;
    await run.store();
    this.#runs.delete(shardId);
    addLaneCounts(this.#counters, run.lanes);
  }

  #runOf(shardId: string): ShardRun {
    const there = this.#runs.get(shardId);
    if (there !== undefined) return there;
    const { mapping, store, random } = this.#options;
    const stored = store.progress(mapping).get(shardId) ?? {};
    const run = new ShardRun({
      lanes: new ShardLanes(mapping.settings, (tries) => backOffMs(tries, RETRY, random), stored),
      stored,
      save: (progress) => store.saveProgress(mapping, shardId, progress),
    });
    this.#runs.set(shardId, run);
    return run;
  }

  #wake(): void {
    const nowMs = this.#nowMs;
    for (const [shardId, run] of this.#runs) {
      const wakeMs = run.lanes.wakeAtMs();
      if (wakeMs !== undefined && wakeMs <= nowMs) this.#drive(run, shardId);
    }
  }

  /** Begins what is to be done now, and stores what has been. */
  #drive(run: ShardRun, shardId: string): void {
    if (!this.#stop.signal.aborted) {
      for (const { lane, work } of run.lanes.next(this.#nowMs)) {
        const done =
          work.kind === 'invoke'
            ? this.#invoke(run, shardId, lane, work.batch)
            : this.#discard(run, shardId, lane, work.batch, work.reason);
        const busy = done.finally(() => this.#busy.delete(busy));
        this.#busy.add(busy);
      }
    }
    void this.#store(run);
    run.changed();
  }

  async #invoke(run: ShardRun, shardId: string, lane: number, batch: Batch): Promise<void> {
    const lastMs = batch.records.at(-1)?.arrivalMs;
    if (lastMs !== undefined) {
      const ageMs = Math.max(0, this.#nowMs - lastMs);
      this.#counters.iteratorAgeMs = ageMs;
      this.#counters.iteratorAgeMsMax = Math.max(this.#counters.iteratorAgeMsMax, ageMs);
    }
    const outcome = await this.#call(batch, shardId);
    run.lanes.settle(lane, outcome, this.#nowMs);
    this.#drive(run, shardId);
  }

  async #call(batch: Batch, shardId: string): Promise<Outcome> {
    const { mapping, functions, log } = this.#options;
    try {
      const answer = await functions.invoke(mapping.functionArn, eventOf(batch, shardId, this.#opened.arn));
      this.#count(batch);
      this.#lastResult = 'OK';
      return readAnswer(answer, batch, mapping.settings);
    } catch (error) {
      const isReached = !(error instanceof InvocationError) || error.name === 'FunctionError';
      if (isReached) this.#count(batch);
      else this.#counters.throttles++;
      this.#lastResult = `PROBLEM: ${isReached ? 'Function call failed' : (error as Error).message}`;
      const records = batch.records.length;
      log.warn('lambda: a function failed on records of a stream', {
        function: mapping.functionArn,
        shard: shardId,
        records,
        error: String(error),
      });
      return { kind: isReached ? 'failed' : 'notReached' };
    }
  }

  #count({ records }: Batch): void {
    this.#counters.invocations++;
    this.#counters.records += records.length;
  }

  /** A batch that is given up: told to the destination, counted, and then passed over. */
  async #discard(run: ShardRun, shardId: string, lane: number, batch: Batch, reason: DiscardReason): Promise<void> {
    const { mapping, log } = this.#options;
    const { records } = batch;
    const givenUp = { batch, reason, shardId, streamArn: this.#opened.arn, nowMs: Math.floor(this.#nowMs) };
    if (!(await this.#teller.tell(givenUp, this.#stop.signal))) return;
    const { dropped } = this.#counters;
    dropped[reason] = (dropped[reason] ?? 0) + records.length;
    log.warn('lambda: records of a stream are given up', {
      function: mapping.functionArn,
      shard: shardId,
      records: records.length,
      first: records.at(0)?.sequenceNumber,
      reason,
    });
    run.lanes.discarded(lane);
    this.#drive(run, shardId);
  }

  async #store(run: ShardRun): Promise<void> {
    try {
      await run.store();
    } catch (error) {
      this.#counters.checkpointFailures++;
      this.#options.log.error('lambda: a position could not be stored', { cause: String(error) });
    }
  }

  get #nowMs(): number {
    return this.#options.raceClock.nowMs();
  }

  get #opened(): EventSource {
    if (this.#source === undefined) throw new Error('The event source is not open.');
    return this.#source;
  }
}

function addLaneCounts(to: MappingCounters, lanes: ShardLanes): void {
  const { failures, retries, bisections, partialFailures } = lanes.counters();
  to.failures += failures;
  to.retries += retries;
  to.bisections += bisections;
  to.partialFailures += partialFailures;
}
