import { pause } from '#cloud/streams/back-off.js';
import { TokenBucket } from '../token-bucket.js';
import { destinationOf, putPosition, type StreamRecord } from './catalog.js';
import type { FirehoseContext } from './context.js';
import { DeliveryStream } from './delivery-stream.js';
import type { Destination } from './destination.js';
import { Journal } from './journal.js';
import type { Incoming } from './records.js';

/** How often a source looks whether the backlog has room again, wall time. */
const BACKLOG_POLL_MS = 200;

/** One delivery stream with its rates, its source and its way to S3. */
export class Hose {
  readonly delivery: DeliveryStream;
  readonly #context: FirehoseContext;
  readonly #rates: Record<'records' | 'requests' | 'bytes', TokenBucket>;
  readonly #stopped = new AbortController();
  #record: StreamRecord;
  #destination: Destination;
  #source: { stop(): Promise<void> } | undefined;

  constructor(record: StreamRecord, context: FirehoseContext) {
    this.#context = context;
    this.#record = record;
    this.#destination = destinationOf(record);
    const { limits, raceClock } = context;
    const nowMs = raceClock.nowMs();
    this.#rates = {
      records: new TokenBucket(limits.recordsPerSecond, nowMs),
      requests: new TokenBucket(limits.requestsPerSecond, nowMs),
      bytes: new TokenBucket(limits.bytesPerSecond, nowMs),
    };
    this.delivery = new DeliveryStream({
      ...context,
      name: record.name,
      arn: this.arn,
      sourceKinesisStreamArn: record.source?.streamArn,
      journal: new Journal(context.store, record.id),
      destination: () => ({ destination: this.#destination, version: this.#record.version }),
      objects: () => context.neighbours().objects(),
    });
  }

  get record(): StreamRecord {
    return this.#record;
  }

  get arn(): string {
    const { region, accountId } = this.#context;
    return `arn:aws:firehose:${region}:${accountId}:deliverystream/${this.#record.name}`;
  }

  status(): 'CREATING' | 'ACTIVE' | 'DELETING' {
    const { deleting, createdAtMs } = this.#record;
    if (deleting) return 'DELETING';
    return this.#context.raceClock.nowMs() < createdAtMs + this.#context.statusDelayMs ? 'CREATING' : 'ACTIVE';
  }

  /** Delivers, and reads its stream if it has one. */
  async start(): Promise<void> {
    this.delivery.start();
    if (this.#record.deleting) this.delivery.flush();
    const { source, createdAtMs, deleting } = this.#record;
    if (source === undefined || deleting || this.#source !== undefined) return;
    const { catalog, neighbours, counters, raceClock, wallClock, random, log } = this.#context;
    // The stream's client is loaded where there is a stream to read.
    const { startKinesisSource } = await import('./kinesis-source.js');
    const client = await neighbours().kinesis();
    this.#source = startKinesisSource({
      client,
      streamName: source.streamArn.slice(source.streamArn.lastIndexOf('/') + 1),
      startMs: createdAtMs,
      positions: catalog.positions(this.#record),
      accept: async (records, shardId, position) => {
        await this.#room();
        await this.delivery.accept(records, [putPosition(this.#record, shardId, position)]);
      },
      onCorrupt: () => {
        counters.aggregatesCorrupt++;
      },
      raceClock,
      wallClock,
      random,
      log,
    });
  }

  async change(record: StreamRecord): Promise<void> {
    const [before, destination] = [this.#record, destinationOf(record)];
    // Before the write: a second change of the same version must meet the first.
    this.#record = record;
    try {
      await this.#context.catalog.save(record);
    } catch (error) {
      this.#record = before;
      throw error;
    }
    this.#destination = destination;
    if (record.deleting) {
      await this.#stopSource();
      this.delivery.flush();
    }
  }

  /** Whether one more request may come now; takes it. */
  admitRequest(): boolean {
    const nowMs = this.#context.raceClock.nowMs();
    if (!this.#rates.requests.has(1, nowMs)) return false;
    this.#rates.requests.take(1, nowMs);
    return true;
  }

  /** Whether a record of that size may come now; takes it. */
  admitRecord(bytes: number): boolean {
    const nowMs = this.#context.raceClock.nowMs();
    const { records, bytes: rate } = this.#rates;
    const hasRoom = this.delivery.backlogBytes < this.#context.limits.backlogBytesMax;
    if (!hasRoom || !records.has(1, nowMs) || !rate.hasOrFull(bytes, nowMs)) {
      this.#context.counters.recordsThrottled++;
      return false;
    }
    records.take(1, nowMs);
    rate.take(bytes, nowMs);
    return true;
  }

  accept(records: readonly Incoming[]): Promise<void> {
    return this.delivery.accept(records);
  }

  async stop(): Promise<void> {
    await this.#stopSource();
    await this.delivery.stop();
  }

  async #stopSource(): Promise<void> {
    this.#stopped.abort();
    await this.#source?.stop();
  }

  /** A source waits while S3 takes nothing; its stream keeps the records meanwhile. */
  async #room(): Promise<void> {
    while (this.delivery.backlogBytes >= this.#context.limits.backlogBytesMax) {
      await pause(BACKLOG_POLL_MS, this.#stopped.signal);
      if (this.#stopped.signal.aborted) throw new Error('The delivery stream stops.');
    }
  }
}
