import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { backOffMs } from '#cloud/streams/back-off.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { StoreOperation } from '../kinesis/store.js';
import type { LocalFunctions } from '../lambda/functions.js';
import { type Batch, Buffers, type Entry, type Hints } from './buffers.js';
import type { FirehoseCounters } from './counters.js';
import type { Destination } from './destination.js';
import type { Journal, NewEntry, Stage } from './journal.js';
import type { FirehoseLimits } from './limits.js';
import type { ObjectStore } from './objects.js';
import { bufferName, decodeRecords, encodeRecords, type Incoming } from './records.js';
import { objectName, Router } from './router.js';
import { type Transformed, transformRecords } from './transform.js';

export interface DeliveryContext {
  arn: string;
  name: string;
  sourceKinesisStreamArn?: string;
  region: string;
  journal: Journal;
  /** As configured now, and the version that object names carry. */
  destination(): { destination: Destination; version: number };
  functions: LocalFunctions;
  objects(): Promise<ObjectStore>;
  limits: FirehoseLimits;
  counters: FirehoseCounters;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Objects, or invocations, of one delivery stream under way at a time. */
const UNDER_WAY_MAX = 4;
const RETRY = { firstMs: 500, lastMs: 30_000 };
const NONE: ReadonlySet<string> = new Set();
const FLUSH: Hints = { sizeBytes: 0, intervalMs: Number.NEGATIVE_INFINITY };

/**
 * The way of records through one delivery stream: journal → function → journal → object. Each step is one write that takes
 * the old entries away and puts the new ones, so that whenever the process dies every record is in exactly one place;
 * only the put of an object and its entry's removal are two, and a death between them delivers the object twice.
 */
export class DeliveryStream {
  readonly #context: DeliveryContext;
  readonly #router: Router;
  readonly #toTransform = new Buffers();
  readonly #toDeliver = new Buffers();
  readonly #names = new Map<Batch, string>();
  readonly #busy = new Set<Promise<void>>();
  #isRunning = false;
  #isFlushing = false;

  constructor(context: DeliveryContext) {
    this.#context = context;
    this.#router = new Router(context);
    for (const { stage, ...entry } of context.journal.entries()) this.#keep(stage, entry, entry.arrivalMs);
  }

  /** Accepted and not delivered. */
  get backlogBytes(): number {
    return this.#toTransform.bytes + this.#toDeliver.bytes;
  }

  /** Resolves when the records are durable; `others` is written with them. */
  async accept(records: readonly Incoming[], others: readonly StoreOperation[] = []): Promise<void> {
    const { destination } = this.#context.destination();
    const { transform } = destination;
    const toTransform = transform === undefined ? [] : records.filter(({ failure }) => failure === undefined);
    const straight = transform === undefined ? records : records.filter(({ failure }) => failure !== undefined);
    await this.#store(
      {
        transform: transform === undefined ? [] : chunksOf(toTransform, transform.hints.sizeBytes).map(toEntry),
        object: this.#router.route(straight.map(outcomeOf), destination, this.#activePartitions()),
      },
      others,
    );
    this.#context.counters.recordsIn += records.length;
  }

  /** From now on what is due leaves; before, records are accepted and kept. */
  start(): void {
    this.#isRunning = true;
  }

  /** Nothing more leaves; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  /** Starts what is due; called every tick. */
  tick(): void {
    if (!this.#isRunning) return;
    const { raceClock, wallClock } = this.#context;
    const { destination } = this.#context.destination();
    const raceMs = raceClock.nowMs();
    const wallMs = wallClock.nowMs();
    const hintsOf = (hints: Hints) => (this.#isFlushing ? FLUSH : hints);
    const free = (buffers: Buffers) => UNDER_WAY_MAX - buffers.underWay;
    const transforming = hintsOf(destination.transform?.hints ?? FLUSH);
    for (const batch of this.#toTransform.take(raceMs, wallMs, transforming, free(this.#toTransform))) {
      this.#run(this.#transform(batch));
    }
    for (const batch of this.#toDeliver.take(raceMs, wallMs, hintsOf(destination.hints), free(this.#toDeliver))) {
      this.#run(this.#deliver(batch));
    }
  }

  /** From now on everything is due at once: the delivery stream is being deleted, or the service stops. */
  flush(): void {
    this.#isFlushing = true;
    this.tick();
  }

  #run(work: Promise<void>): void {
    const busy = work.finally(() => this.#busy.delete(busy));
    this.#busy.add(busy);
  }

  /** Transformed records take the place of what they were made from. */
  async #transform(batch: Batch): Promise<void> {
    const { journal, functions, arn, sourceKinesisStreamArn, region, log, name } = this.#context;
    const { destination } = this.#context.destination();
    try {
      const records = batch.entries.flatMap((entry) => decodeRecords(journal.payload(entry)));
      const { transform } = destination;
      // A function that was taken out by UpdateDestination has nothing to say any more.
      const outcomes =
        transform === undefined
          ? records.map(outcomeOf)
          : await transformRecords(records, {
              transform,
              functions,
              deliveryStreamArn: arn,
              sourceKinesisStreamArn,
              region,
              invocationId: randomUUID(),
            });
      this.#context.counters.recordsDropped += outcomes.filter(({ result }) => result === 'Dropped').length;
      const object = this.#router.route(outcomes, destination, this.#activePartitions());
      await this.#store({ transform: [], object }, journal.remove(batch.entries));
      this.#toTransform.done(batch);
    } catch (error) {
      log.error('firehose: a transformed batch could not be kept', { stream: name, cause: String(error) });
      this.#again(this.#toTransform, batch);
    }
  }

  async #deliver(batch: Batch): Promise<void> {
    const { journal, counters, limits, raceClock, log, name } = this.#context;
    const { destination } = this.#context.destination();
    try {
      const objects = await this.#context.objects();
      const payload = Buffer.concat(batch.entries.map((entry) => journal.payload(entry)));
      const body = destination.gzip ? await promisify(gzip)(payload) : payload;
      await objects.put(destination.bucket, this.#nameOf(batch), body);
      counters.objects++;
      counters.recordsDelivered += batch.records;
    } catch (error) {
      if (raceClock.nowMs() - batch.oldestMs < limits.retentionMs) {
        counters.objectsRetried++;
        log.warn('firehose: an object was not taken; it is tried again', { stream: name, error: errorCode(error) });
        this.#again(this.#toDeliver, batch);
        return;
      }
      counters.recordsExpired += batch.records;
      log.error('firehose: records are given up', { stream: name, records: batch.records, error: errorCode(error) });
    }
    await this.#forget(batch);
  }

  /** Entries that stay by an error are delivered again after the next start. */
  async #forget(batch: Batch): Promise<void> {
    const { journal, log, name } = this.#context;
    this.#names.delete(batch);
    try {
      await journal.write(journal.remove(batch.entries));
    } catch (error) {
      log.error('firehose: delivered entries stay in the journal', { stream: name, cause: String(error) });
    }
    this.#toDeliver.done(batch);
  }

  #again(buffers: Buffers, batch: Batch): void {
    const { wallClock, random } = this.#context;
    buffers.failed(batch, wallClock.nowMs() + backOffMs(batch.attempts, RETRY, random));
  }

  /** The same for each try of a batch: a put that was taken and not answered is overwritten, not doubled. */
  #nameOf(batch: Batch): string {
    let name = this.#names.get(batch);
    if (name === undefined) {
      const { destination, version } = this.#context.destination();
      const prefix = destination.prefixOf({ ...bufferName(batch.key), arrivalMs: batch.oldestMs });
      name = prefix + objectName(this.#context.name, version, batch.oldestMs, destination.fileExtension);
      this.#names.set(batch, name);
    }
    return name;
  }

  async #store(entries: Record<Stage, readonly NewEntry[]>, others: readonly StoreOperation[]): Promise<void> {
    const { journal, raceClock } = this.#context;
    const stages: Stage[] = ['transform', 'object'];
    const made = stages.flatMap((stage) => entries[stage].map((entry) => ({ stage, ...journal.put(stage, entry) })));
    await journal.write([...others, ...made.map(({ operation }) => operation)]);
    const nowMs = raceClock.nowMs();
    for (const { stage, entry } of made) this.#keep(stage, entry, nowMs);
    this.tick();
  }

  #keep(stage: Stage, entry: Entry, sinceMs: number): void {
    const { destination } = this.#context.destination();
    if (stage === 'object') this.#toDeliver.add(entry, sinceMs, destination.hints);
    else this.#toTransform.add(entry, sinceMs, destination.transform?.hints ?? FLUSH);
  }

  #activePartitions(): ReadonlySet<string> {
    if (!this.#context.destination().destination.partitioned) return NONE;
    return new Set([...this.#toDeliver.activeKeys()].filter((key) => bufferName(key).keys !== undefined));
  }
}

function outcomeOf(record: Incoming): Transformed {
  const { failure } = record;
  return failure === undefined ? { record, result: 'Ok', data: record.data } : { record, result: 'Failed', failure };
}

/** As many as fit into `bytesMax`, and one at least. */
function chunksOf(records: readonly Incoming[], bytesMax: number): Incoming[][] {
  const chunks: Incoming[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    bytes += record.data.length;
    if (bytes > bytesMax) {
      chunks.push([]);
      bytes = record.data.length;
    }
    chunks.at(-1)?.push(record);
  }
  return chunks;
}

function toEntry(records: Incoming[]): NewEntry {
  const arrivalMs = records.reduce((oldest, record) => Math.min(oldest, record.arrivalMs), Number.POSITIVE_INFINITY);
  return { key: '', records: records.length, arrivalMs, payload: encodeRecords(records) };
}
