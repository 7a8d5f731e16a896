import type { Clock } from '#wire/clock.js';
import type { Committer, LevelDb, LevelOperation } from '../committer.js';
import type { Table } from '../engine.js';
import { AFTER } from '../ranges.js';
import { changeAtMs } from './change.js';
import type { TableStreamLimits } from './limits.js';
import { changeKey, changePrefix, numberOf, type ShardRecord, Stream, type StreamRecord, streamKey } from './stream.js';

export interface StreamCatalogOptions {
  db: LevelDb;
  committer: Committer;
  limits: TableStreamLimits;
  raceClock: Clock;
  region: string;
}

/** Records looked at in one step of trimming. */
const TRIM_PAGE = 1_000;
/** Creation times of records are cut to the second; none is to go before its time. */
const CREATION_GRAIN_MS = 1_000;

/** All streams of all tables, those of tables that are gone among them. */
export class StreamCatalog {
  readonly #options: StreamCatalogOptions;
  readonly #streams = new Map<string, Stream>();
  /** By table: the one that its writes go to. */
  readonly #enabled = new Map<string, Stream>();
  /** When a shard's oldest record is due, race clock: saves a look at the store in every sweep. */
  readonly #trimDueMs = new WeakMap<ShardRecord, number>();
  recordsTrimmed = 0;

  private constructor(options: StreamCatalogOptions) {
    this.#options = options;
  }

  static async load(options: StreamCatalogOptions): Promise<StreamCatalog> {
    const catalog = new StreamCatalog(options);
    const { db, region, limits } = options;
    for await (const text of db.values({ gte: 'stream~', lt: `stream~${AFTER}` })) {
      const record = JSON.parse(text) as StreamRecord;
      let lastNumber = 0;
      for (const { index, end } of record.shards) {
        if (end !== undefined) continue;
        const range = { gte: changeKey(record, index, 0), lt: changeKey(record, index + 1, 0) };
        for await (const key of db.keys({ ...range, reverse: true, limit: 1 })) {
          lastNumber = Math.max(lastNumber, numberOf(key));
        }
      }
      catalog.#add(Stream.load(record, region, limits.rollMs, lastNumber));
    }
    return catalog;
  }

  /** The stream that writes to a table go to. */
  of(table: string): Stream | undefined {
    return this.#enabled.get(table);
  }

  find(arn: string): Stream | undefined {
    return this.#streams.get(arn);
  }

  /** By ARN. */
  all(): Stream[] {
    return [...this.#streams.values()].sort((a, b) => (a.record.arn < b.record.arn ? -1 : 1));
  }

  /**
   * Brings a table's stream in line with its description, which gets the stream's names; what is to be stored is added to the
   * unit that stores the table. Returns what to call when that is committed.
   */
  follow(table: Table, unit: LevelOperation[]): () => void {
    const isWanted = table.StreamSpecification?.StreamEnabled === true && table.TableStatus !== 'DELETING';
    const current = this.#enabled.get(table.TableName);
    if (isWanted === (current !== undefined)) return () => {};
    const changed = current === undefined ? this.#create(table) : this.#disable(current);
    return changed.save(unit);
  }

  /** Rolls what is due, and stores shards that changed: what a reader is told survives a kill. */
  async tend(stream: Stream): Promise<void> {
    if (stream.isEnabled) stream.rollDue(this.#options.raceClock.nowMs());
    if (stream.isDirty) await this.#save(stream);
  }

  /** Rolls and trims every stream. */
  async sweep(): Promise<void> {
    for (const stream of this.#streams.values()) {
      await this.#trim(stream);
      await this.tend(stream);
      if (stream.record.shards.length === 0) await this.#remove(stream);
    }
  }

  #add(stream: Stream): void {
    this.#streams.set(stream.record.arn, stream);
    if (stream.isEnabled) this.#enabled.set(stream.record.table, stream);
  }

  #create(table: Table): Stream {
    const { raceClock, region, limits } = this.#options;
    let createdAtMs = Math.floor(raceClock.nowMs());
    const arnAt = (ms: number) => `${table.TableArn}/stream/${labelOf(ms)}`;
    // A stream that was switched off and on within a millisecond is another one.
    while (this.#streams.has(arnAt(createdAtMs))) createdAtMs++;
    const label = labelOf(createdAtMs);
    const arn = arnAt(createdAtMs);
    const viewType = table.StreamSpecification?.StreamViewType ?? 'KEYS_ONLY';
    const { TableName: name, KeySchema: keySchema } = table;
    const record = { arn, table: name, label, createdAtMs, viewType, keySchema, slots: limits.shards };
    const stream = Stream.create(record, region, limits.rollMs);
    this.#add(stream);
    table.LatestStreamArn = arn;
    table.LatestStreamLabel = label;
    return stream;
  }

  #disable(stream: Stream): Stream {
    stream.disable(this.#options.raceClock.nowMs());
    this.#enabled.delete(stream.record.table);
    return stream;
  }

  async #save(stream: Stream, unit: LevelOperation[] = []): Promise<void> {
    const saved = stream.save(unit);
    await this.#options.committer.commit(unit);
    saved();
  }

  async #remove({ record }: Stream): Promise<void> {
    this.#streams.delete(record.arn);
    const prefix = changePrefix(record);
    await this.#options.committer.commit([{ type: 'del', key: streamKey(record) }]);
    await this.#options.db.clear({ gte: prefix, lt: prefix + AFTER });
  }

  async #trim(stream: Stream): Promise<void> {
    const nowMs = this.#options.raceClock.nowMs();
    const beforeMs = nowMs - this.#options.limits.retentionMs;
    for (const shard of [...stream.record.shards]) {
      if (shard.closedAtMs !== undefined && shard.closedAtMs < beforeMs) await this.#dropShard(stream, shard);
      else if (nowMs >= (this.#trimDueMs.get(shard) ?? 0)) await this.#trimShard(stream, shard, beforeMs);
    }
  }

  /** Out of the readers' sight first; killed in between, the shard is found empty and goes with the next sweep. */
  async #dropShard(stream: Stream, shard: ShardRecord): Promise<void> {
    stream.drop(shard);
    const { record } = stream;
    await this.#options.db.clear({
      gte: changeKey(record, shard.index, 0),
      lt: changeKey(record, shard.index + 1, 0),
    });
  }

  async #trimShard(stream: Stream, shard: ShardRecord, beforeMs: number): Promise<void> {
    const { db, limits } = this.#options;
    const { record } = stream;
    const lt = changeKey(record, shard.index + 1, 0);
    for (;;) {
      const gte = changeKey(record, shard.index, shard.horizon);
      const old: string[] = [];
      let oldestMs = beforeMs + limits.retentionMs;
      for await (const [key, value] of db.iterator({ gte, lt, limit: TRIM_PAGE })) {
        const atMs = changeAtMs(value) + CREATION_GRAIN_MS;
        if (atMs >= beforeMs) {
          oldestMs = atMs;
          break;
        }
        old.push(key);
      }
      const last = old.at(-1);
      if (last !== undefined) {
        stream.trim(shard, numberOf(last) + 1);
        await this.#save(
          stream,
          old.map((key) => ({ type: 'del', key })),
        );
        this.recordsTrimmed += old.length;
      }
      if (old.length < TRIM_PAGE) {
        this.#trimDueMs.set(shard, oldestMs + limits.retentionMs);
        return;
      }
    }
  }
}

/** As AWS writes it: no zone. */
function labelOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}
