import type { Clock } from '#wire/clock.js';
import { AwsError } from '../aws-error.js';
import { splitEvenly } from './hash-range.js';
import { batchesOfStream, COUNTER_KEY, STREAMS_FROM, STREAMS_TO, streamKey } from './keys.js';
import { type KinesisLimits, RETENTION_HOURS_DEFAULT } from './limits.js';
import { growthOf } from './on-demand.js';
import { Shard } from './shard.js';
import { ShardRates } from './shard-rates.js';
import type { Store, StoreOperation } from './store.js';
import { type MakeShard, type Resharding, Stream, type StreamMode, type StreamRecord } from './stream.js';

/** Batches removed from one shard, or from one deleted stream, in one sweep: keeps a sweep to a few milliseconds. */
const SWEEP_BATCHES_MAX = 64;

export interface CatalogOptions {
  store: Store;
  limits: KinesisLimits;
  raceClock: Clock;
  /** For messages. */
  region: string;
  accountId: string;
  /** How long streams and consumers are CREATING, UPDATING or DELETING, race ms; AWS takes half a minute. */
  statusDelayMs: number;
}

/** All streams, in memory and in the store. */
export class Catalog {
  readonly #options: CatalogOptions;
  readonly #streams = new Map<string, Stream>();
  /** Ids of deleted streams that may still have records in the store. */
  readonly #doomed = new Set<number>();
  #lastId: number;

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#lastId = options.store.get(COUNTER_KEY)?.readUInt32BE(0) ?? 0;
    for (const { value } of options.store.range(STREAMS_FROM, STREAMS_TO)) {
      const record = JSON.parse(value.toString('utf8')) as StreamRecord;
      this.#streams.set(record.name, new Stream(record, this.#makeShard));
    }
    const alive = new Set([...this.#streams.values()].map((stream) => stream.record.id));
    for (let id = 1; id <= this.#lastId; id++) if (!alive.has(id)) this.#doomed.add(id);
  }

  /** Names in order. */
  names(): string[] {
    return [...this.#streams.keys()].filter((name) => this.find(name) !== undefined).sort();
  }

  find(name: string): Stream | undefined {
    const stream = this.#streams.get(name);
    return stream?.isGone(this.#options.raceClock.nowMs()) ? undefined : stream;
  }

  findById(id: number): Stream | undefined {
    for (const stream of this.#streams.values()) if (stream.record.id === id) return this.find(stream.name);
    return undefined;
  }

  /** In no order. */
  all(): Stream[] {
    return this.names().map((name) => this.#streams.get(name)!);
  }

  get openShards(): number {
    return this.all().reduce((count, stream) => count + stream.openShards.length, 0);
  }

  async create(name: string, shardCount: number, mode: StreamMode): Promise<void> {
    const nowMs = Math.floor(this.#options.raceClock.nowMs());
    if (this.find(name) !== undefined) {
      throw new AwsError(
        'ResourceInUseException',
        `Stream ${name} under account ${this.#options.accountId} already exists.`,
      );
    }
    this.checkShardQuota(shardCount);
    // A deleted stream of that name that no sweep has met yet.
    const forgotten = this.#forget(this.#streams.get(name));
    const id = ++this.#lastId;
    const record: StreamRecord = {
      id,
      name,
      createdAtMs: nowMs,
      mode,
      retentionHours: RETENTION_HOURS_DEFAULT,
      shards: splitEvenly(shardCount).map((range, index) => Shard.fresh(index, nowMs, range)),
      consumers: [],
      scaledAtMs: [],
      modeChangedAtMs: [],
    };
    const stream = new Stream(record, this.#makeShard);
    // Before the write: a second call for the same name must meet the first.
    this.#streams.set(name, stream);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(id);
    await this.save(stream, 'CREATING', [...forgotten, { key: COUNTER_KEY, put: counter }]);
  }

  /** Stores the stream after a change; with a status, the stream has it for the configured delay. */
  async save(
    stream: Stream,
    status?: 'CREATING' | 'UPDATING' | 'DELETING',
    others: readonly StoreOperation[] = [],
  ): Promise<void> {
    if (status !== undefined) stream.record.pending = { status, untilMs: this.delayedMs() };
    await this.#options.store.write([...others, putStream(stream)]);
  }

  /** Stores a change of shards; only then do readers leave the closed ones. */
  async saveResharding(stream: Stream, { closed }: Resharding): Promise<void> {
    await this.save(stream, 'UPDATING');
    for (const shard of closed) shard.commitEnd();
  }

  /** When a change of status that begins now is over. */
  delayedMs(): number {
    return this.#options.raceClock.nowMs() + this.#options.statusDelayMs;
  }

  /** DELETING first, if there is a delay, then gone; its records are removed by later sweeps. */
  async delete(stream: Stream): Promise<void> {
    await this.save(stream, 'DELETING');
  }

  /** What takes a stream off the store's list. */
  #forget(stream: Stream | undefined): StoreOperation[] {
    if (stream === undefined) return [];
    this.#streams.delete(stream.name);
    this.#doomed.add(stream.record.id);
    return [{ key: streamKey(stream.record.id), remove: true }];
  }

  /** Throws LimitExceededException when the account would have too many open shards. */
  checkShardQuota(more: number): void {
    const { limits, region, accountId } = this.#options;
    const { shardsMax } = limits;
    if (this.openShards + more > shardsMax) {
      throw new AwsError(
        'LimitExceededException',
        `This request would exceed the shard limit for the account ${accountId} in ${region}. Current shard count for the account: ${this.openShards}. Limit: ${shardsMax}. Number of additional shards that would have resulted from this request: ${more}. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.`,
      );
    }
  }

  /** Removes a bounded number of records past their retention, or of streams that no longer are; returns how many batches. */
  async sweep(): Promise<number> {
    const nowMs = this.#options.raceClock.nowMs();
    let removed = 0;
    for (const stream of [...this.#streams.values()]) {
      if (stream.isGone(nowMs)) {
        await this.#options.store.write(this.#forget(stream));
        continue;
      }
      const beforeMs = stream.trimHorizonMs(nowMs);
      const operations = stream.shards.flatMap((shard) => shard.trim(beforeMs, SWEEP_BATCHES_MAX));
      removed += operations.length;
      if (operations.length > 0) await this.#options.store.write([...operations, putStream(stream)]);
      await this.#grow(stream, nowMs);
    }
    return removed + (await this.#sweepDeleted());
  }

  /** On-demand streams follow what is written into them. */
  async #grow(stream: Stream, nowMs: number): Promise<void> {
    const { limits } = this.#options;
    const written = stream.written.take(nowMs);
    const count = growthOf(stream.record, stream.openShards.length, written, limits, nowMs);
    const more = count - stream.openShards.length;
    if (more <= 0 || this.openShards + more > limits.shardsMax) return;
    stream.record.grownAtMs = nowMs;
    await this.saveResharding(stream, stream.scaleTo(count, nowMs));
  }

  async #sweepDeleted(): Promise<number> {
    const [id] = this.#doomed;
    if (id === undefined) return 0;
    const { store } = this.#options;
    const operations: StoreOperation[] = [];
    for (const { key } of store.range(batchesOfStream(id), batchesOfStream(id + 1), { limit: SWEEP_BATCHES_MAX })) {
      operations.push({ key, remove: true });
    }
    if (operations.length === 0) this.#doomed.delete(id);
    else await store.write(operations);
    return operations.length;
  }

  readonly #makeShard: MakeShard = (streamId, record) =>
    new Shard(
      this.#options.store,
      streamId,
      record,
      new ShardRates(this.#options.limits, this.#options.raceClock.nowMs()),
    );
}

function putStream(stream: Stream): StoreOperation {
  return { key: streamKey(stream.record.id), put: Buffer.from(JSON.stringify(stream.record)) };
}
