import type { Clock } from '#wire/clock.js';
import { AwsError } from '../aws-error.js';
import { splitEvenly } from './hash-range.js';
import { batchesOfStream, COUNTER_KEY, STREAMS_FROM, STREAMS_TO, streamKey } from './keys.js';
import { type KinesisLimits, RETENTION_HOURS_DEFAULT } from './limits.js';
import { Shard } from './shard.js';
import { ShardRates } from './shard-rates.js';
import type { Store, StoreOperation } from './store.js';
import { type MakeShard, Stream, type StreamMode, type StreamRecord } from './stream.js';

const HOUR_MS = 3_600_000;
/** Batches removed from one shard, or from one deleted stream, in one sweep: keeps a sweep to a few milliseconds. */
const SWEEP_BATCHES_MAX = 64;

export interface CatalogOptions {
  store: Store;
  limits: KinesisLimits;
  raceClock: Clock;
  /** How long a stream is CREATING or UPDATING, race ms. AWS takes half a minute; 0 keeps `npm start` quick. */
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
    return [...this.#streams.keys()].sort();
  }

  find(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  findById(id: number): Stream | undefined {
    for (const stream of this.#streams.values()) if (stream.record.id === id) return stream;
    return undefined;
  }

  get openShards(): number {
    let count = 0;
    for (const stream of this.#streams.values()) count += stream.openShards.length;
    return count;
  }

  async create(name: string, shardCount: number, mode: StreamMode): Promise<void> {
    if (this.#streams.has(name)) {
      throw new AwsError('ResourceInUseException', `Stream ${name} already exists.`);
    }
    this.checkShardQuota(shardCount);
    const nowMs = Math.floor(this.#options.raceClock.nowMs());
    const id = ++this.#lastId;
    const record: StreamRecord = {
      id,
      name,
      createdAtMs: nowMs,
      mode,
      retentionHours: RETENTION_HOURS_DEFAULT,
      shards: splitEvenly(shardCount).map((range, index) => Shard.fresh(index, nowMs, range)),
    };
    const stream = new Stream(record, this.#makeShard);
    // Before the write: a second call for the same name must meet the first.
    this.#streams.set(name, stream);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(id);
    await this.save(stream, 'CREATING', [{ key: COUNTER_KEY, put: counter }]);
  }

  /** Stores the stream after a change; with a status, the stream has it for the configured delay. */
  async save(stream: Stream, status?: 'CREATING' | 'UPDATING', others: readonly StoreOperation[] = []): Promise<void> {
    const { statusDelayMs, raceClock, store } = this.#options;
    if (status !== undefined && statusDelayMs > 0) {
      stream.record.pending = { status, untilMs: raceClock.nowMs() + statusDelayMs };
    }
    await store.write([...others, putStream(stream)]);
  }

  /** The stream is gone at once; its records are removed by later sweeps. */
  async delete(stream: Stream): Promise<void> {
    this.#streams.delete(stream.name);
    this.#doomed.add(stream.record.id);
    await this.#options.store.write([{ key: streamKey(stream.record.id), remove: true }]);
  }

  /** Throws LimitExceededException when the account would have too many open shards. */
  checkShardQuota(more: number): void {
    const { shardsMax } = this.#options.limits;
    if (this.openShards + more > shardsMax) {
      throw new AwsError(
        'LimitExceededException',
        `This request would exceed the shard limit of ${shardsMax} for the account.`,
      );
    }
  }

  /** Removes a bounded number of records past their retention, or of streams that no longer are; returns how many batches. */
  async sweep(): Promise<number> {
    const nowMs = this.#options.raceClock.nowMs();
    let removed = 0;
    for (const stream of this.#streams.values()) {
      const beforeMs = nowMs - stream.record.retentionHours * HOUR_MS;
      const operations = stream.shards.flatMap((shard) => shard.trim(beforeMs, SWEEP_BATCHES_MAX));
      removed += operations.length;
      if (operations.length > 0) await this.#options.store.write([...operations, putStream(stream)]);
    }
    return removed + (await this.#sweepDeleted());
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
