import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '#cloud/clients.js';
import { DeliveryBook, type DeliveryFigures } from '#cloud/delivery/delivery-book.js';
import { KINESIS_LIMITS } from '#cloud/local/kinesis/limits.js';
import { startLocalAws } from '#cloud/local/services.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { listOpenShards } from '#cloud/streams/list-shards.js';
import { SHARD_LIMITS, type ShardLimits } from '#cloud/streams/reshard/shard-load.js';
import { type DeliveryPhase, DeliveryTown } from '#simulator/workloads/delivery.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { namedRandom } from '#wire/random.js';
import { DelayMeter, type PhaseFigures } from './delay-meter.js';
import { type Operations, type PolicyName, type Scaling, scalingOf } from './scaling.js';
import { TickReader } from './tick-reader.js';
import { ZoneWriter } from './zone-writer.js';

export interface DeliveryRunOptions {
  policy: PolicyName;
  seed: number;
  /** Shards at the beginning. */
  shards: number;
  /** How many times less a shard takes than AWS's, and the town orders; the same shares in fewer records. */
  scale: number;
  /** Couriers of a zone. */
  capacity: number;
  phases: readonly DeliveryPhase[];
  /** Ends the run at the next tick; it raises then. */
  signal?: AbortSignal;
  log: Log;
}

/** What one policy came to; all of it measured, times by the race clock. */
export interface DeliveryResult {
  policy: PolicyName;
  records: number;
  /** Records that were refused at least once, of a hundred. */
  throttledPercent: number;
  /** From an event to its being folded. */
  delayMs: { p50: number; p99: number };
  phases: PhaseFigures[];
  shardHours: number;
  shards: { least: number; most: number; last: number };
  lost: number;
  outOfOrder: number;
  /** Records that came to the consumer more than once, and were dropped there. */
  duplicates: number;
  operations: Operations;
  /** From the beginning until everything was read. */
  raceSeconds: number;
  /** What the consumer holds at the end, and whether the town agrees. */
  figures: DeliveryFigures;
  agrees: boolean;
}

const STREAM = 'delivery';
const REGION = 'us-east-1';
const START_MS = Date.UTC(2026, 10, 21, 12);
/** How often all of it happens: writing, polling, looking at the shards. Each call costs about a millisecond to run. */
const TICK_MS = 1_000;
/** How often open shards are counted, for shard-hours. */
const COUNT_MS = 5_000;
/** A split takes that long on AWS; the stream is UPDATING meanwhile. */
const STATUS_DELAY_MS = 20_000;
/** Some calls are carried out twice, as when a network repeats a request. */
const FAULTS = [{ operation: 'kinesis.PutRecords', kind: 'duplicate', rate: 0.01, ms: 0 }] as const;
/** After the last event; what is not read by then is lost. */
const DRAIN_MAX_MS = 3_600_000;
/** At scale 1: events as many as four shards take half of; an order has three. */
const ORDERS_PER_S = 2_000 / 3;

/**
 * Runs the town against the local Kinesis in this process under one policy. The race clock moves in ticks and stands still
 * while calls are under way, so that every figure is that of the stream's limits and of the policy, the same for a seed on
 * every machine, and no machine is too slow for it.
 */
export async function runDelivery(options: DeliveryRunOptions): Promise<DeliveryResult> {
  const { seed, scale, shards, log } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-delivery-'));
  const raceClock = new ManualClock(START_MS);
  const credentials = { accessKeyId: 'AKIAPITWALLDELIVERY0', secretAccessKey: 'of this process alone' };
  const limits: ShardLimits = {
    recordsPerSecond: SHARD_LIMITS.recordsPerSecond / scale,
    bytesPerSecond: SHARD_LIMITS.bytesPerSecond / scale,
  };
  const aws = await startLocalAws({
    dataDir: folder,
    port: 0,
    credentials,
    region: REGION,
    raceClock,
    wallClock,
    limits: {
      writeRecordsPerSecond: limits.recordsPerSecond,
      writeBytesPerSecond: limits.bytesPerSecond,
      readBytesPerSecond: KINESIS_LIMITS.readBytesPerSecond / scale,
    },
    statusDelayMs: STATUS_DELAY_MS,
    faults: FAULTS,
    faultSeed: seed,
    log,
  });
  const client = await createKinesisClient({ region: REGION, credentials, endpoints: { kinesis: aws.url } });
  try {
    await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shards }));
    raceClock.advance(STATUS_DELAY_MS);
    return await new DeliveryRun(options, client, raceClock, limits).run();
  } finally {
    client.destroy();
    await aws.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class DeliveryRun {
  readonly #options: DeliveryRunOptions;
  readonly #client: KinesisClient;
  readonly #clock: ManualClock;
  readonly #town: DeliveryTown;
  readonly #scaling: Scaling;
  readonly #writer: ZoneWriter;
  readonly #book = new DeliveryBook();
  readonly #delays: DelayMeter;
  readonly #truth = { created: 0, amountCents: 0 };
  readonly #startMs: number;
  #bytesOut = 0;
  #shardMs = 0;
  #shards: DeliveryResult['shards'];

  constructor(options: DeliveryRunOptions, client: KinesisClient, clock: ManualClock, limits: ShardLimits) {
    const { seed, scale, capacity, phases, policy, log } = options;
    this.#options = options;
    this.#client = client;
    this.#clock = clock;
    this.#startMs = clock.nowMs();
    const { shards } = options;
    this.#shards = { least: shards, most: shards, last: shards };
    this.#town = new DeliveryTown({ seed, startMs: this.#startMs, ordersPerS: ORDERS_PER_S / scale, capacity, phases });
    this.#delays = new DelayMeter(this.#startMs, phases);
    const random = namedRandom(seed, 'scaling');
    const common = { client, streamName: STREAM };
    this.#scaling = scalingOf(policy, { ...common, limits, raceClock: clock, wallClock, random, log });
    this.#writer = new ZoneWriter({
      ...common,
      onThrottled: (hashKey, atMs) => this.#scaling.onThrottled?.(hashKey, atMs),
    });
  }

  async run(): Promise<DeliveryResult> {
    const source = this.#scaling.watching(
      kinesisPolling({ client: this.#client, streamName: STREAM, maxRecords: 10_000 }),
    );
    const reader = new TickReader(source, TICK_MS, new AbortController().signal);
    await reader.open();
    const lastMs = this.#town.endMs + DRAIN_MAX_MS;
    for (let isOver = false; !isOver && this.#clock.nowMs() < lastMs; ) {
      this.#options.signal?.throwIfAborted();
      this.#clock.advance(TICK_MS);
      const nowMs = this.#clock.nowMs();
      this.#happen(nowMs);
      await this.#writer.write(nowMs);
      const isAtTip = await reader.tick(nowMs, (records) => this.#take(records, nowMs));
      await this.#scale(nowMs);
      const isRead = this.#book.figures().events >= this.#writer.counters.records;
      isOver = nowMs >= this.#town.endMs && this.#writer.waiting === 0 && isAtTip && isRead;
    }
    reader.close();
    return this.#result();
  }

  #happen(nowMs: number): void {
    const events = this.#town.until(nowMs);
    for (const { type, amountCents } of events) {
      if (type !== 'created') continue;
      this.#truth.created++;
      this.#truth.amountCents += amountCents;
    }
    this.#writer.add(events);
  }

  #take(records: Parameters<DeliveryBook['take']>[0], nowMs: number): void {
    for (const { data } of records) this.#bytesOut += data.length;
    for (const { eventTimeMs } of this.#book.take(records)) this.#delays.observe(eventTimeMs, nowMs);
  }

  async #scale(nowMs: number): Promise<void> {
    if ((nowMs - this.#startMs) % COUNT_MS === 0) await this.#countShards();
    const { written, bytes, records } = this.#writer.counters;
    await this.#scaling.tick({
      recordsIn: written,
      bytesIn: (bytes * written) / Math.max(1, records),
      bytesOut: this.#bytesOut,
      openShards: this.#shards.last,
    });
  }

  async #countShards(): Promise<void> {
    const { size: open } = await listOpenShards(this.#client, STREAM);
    this.#shardMs += open * COUNT_MS;
    const { least, most } = this.#shards;
    this.#shards = { least: Math.min(least, open), most: Math.max(most, open), last: open };
  }

  #result(): DeliveryResult {
    const { records, throttledRecords } = this.#writer.counters;
    const figures = this.#book.figures();
    const { created, amountCents } = this.#truth;
    return {
      policy: this.#options.policy,
      records,
      throttledPercent: (100 * throttledRecords) / records,
      delayMs: this.#delays.all(),
      phases: this.#delays.phases(),
      shardHours: this.#shardMs / 3_600_000,
      shards: this.#shards,
      lost: records - figures.events,
      outOfOrder: figures.outOfOrder,
      duplicates: figures.duplicates,
      operations: this.#scaling.operations(),
      raceSeconds: (this.#clock.nowMs() - this.#startMs) / 1_000,
      figures,
      agrees: figures.orders.stages.created.reached === created && figures.amountCents === amountCents,
    };
  }
}
