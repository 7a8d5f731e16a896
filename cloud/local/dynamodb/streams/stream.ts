/**
 * One stream of a table: its shards, and the numbers of its records.
 *
 *     stream~<table>~<label>                                   the stream and its shards, JSON
 *     change~<table>~<label>~<shard, 8 hex>~<number, 16 digits>  a record, as GetRecords answers it
 *
 * Numbers are given out in memory in the order of the writes, and the committer keeps that order. A change of the shards is
 * stored with the first record that follows it, so that no record is without its shard.
 */
import { createHash } from 'node:crypto';
import type { LevelOperation } from '../committer.js';
import type { KeySchema, StreamViewType } from '../engine.js';
import type { ItemWrite } from '../item-write.js';
import { type ChangeContext, changesNothing, renderChange } from './change.js';

export interface StreamRecord {
  arn: string;
  table: string;
  /** ISO 8601, its creation; with the table's name it is unique. */
  label: string;
  createdAtMs: number;
  viewType: StreamViewType;
  keySchema: KeySchema;
  /** Shards open at the same time: ranges of equal size of the partition key's hash. */
  slots: number;
  /** Oldest first; children come after their parents. */
  shards: ShardRecord[];
  /** Set once disabled, or its table deleted: readable until everything is trimmed. */
  disabledAtMs?: number;
}

export interface ShardRecord {
  id: string;
  index: number;
  slot: number;
  createdAtMs: number;
  parent?: string;
  /** Number before its first record; no record has it. */
  start: number;
  /** Set once closed: number after its last record; no record has it. */
  end?: number;
  closedAtMs?: number;
  /** Records below it are trimmed. */
  horizon: number;
}

/** Six hex digits of an item's key. */
const HASH_VALUES = 0x1000000;
const HASH_DIGITS = 6;

export class Stream {
  readonly record: StreamRecord;
  readonly #context: ChangeContext;
  readonly #open: ShardRecord[] = [];
  readonly #rollMs: number;
  #next: number;
  /** Records that are numbered and not settled; they settle in order. */
  #inFlight = 0;
  #settled = 0;
  /** Versions of the description: the present one, and the last that is stored. */
  #version: number;
  #stored: number;

  private constructor(record: StreamRecord, region: string, rollMs: number, next: number, isStored: boolean) {
    this.record = record;
    this.#rollMs = rollMs;
    this.#context = {
      region,
      viewType: record.viewType,
      keyNames: record.keySchema.map((key) => key.AttributeName),
      idPrefix: createHash('md5').update(record.arn).digest('hex').slice(0, 16),
    };
    this.#next = next;
    this.#version = 1;
    this.#stored = isStored ? 1 : 0;
    for (const shard of record.shards) if (shard.end === undefined) this.#open[shard.slot] = shard;
  }

  static create(record: Omit<StreamRecord, 'shards'>, region: string, rollMs: number): Stream {
    const stream = new Stream({ ...record, shards: [] }, region, rollMs, 1, false);
    for (let slot = 0; slot < record.slots; slot++) stream.#openShard(slot, record.createdAtMs);
    return stream;
  }

  /** @param lastNumber of the records in the store; 0 = none */
  static load(record: StreamRecord, region: string, rollMs: number, lastNumber: number): Stream {
    const used = record.shards.map(({ start, end = 0, horizon }) => Math.max(start, end, horizon - 1));
    return new Stream(record, region, rollMs, Math.max(0, lastNumber, ...used) + 1, true);
  }

  get isEnabled(): boolean {
    return this.record.disabledAtMs === undefined;
  }

  /** Number that the next record will have: where LATEST points. */
  get next(): number {
    return this.#next;
  }

  /** Everything below is in the store or never will be; readers see no further. */
  get settled(): number {
    return this.#inFlight === 0 ? this.#next : this.#settled;
  }

  /** Whether the shards have changed since they were stored. */
  get isDirty(): boolean {
    return this.#stored < this.#version;
  }

  find(shardId: string): ShardRecord | undefined {
    return this.record.shards.find(({ id }) => id === shardId);
  }

  /**
   * Adds the record of a write to the unit that the write is part of. Returns what must be called when that unit is settled
   * either way; undefined when the write changes nothing.
   */
  append(
    unit: LevelOperation[],
    write: ItemWrite,
    text: string | undefined,
    nowMs: number,
  ): ((isCommitted: boolean) => void) | undefined {
    if (changesNothing(write, text)) return undefined;
    const slot = Math.floor((Number.parseInt(write.key.slice(0, HASH_DIGITS), 16) * this.record.slots) / HASH_VALUES);
    this.rollDue(nowMs);
    const number = this.#take();
    const value = renderChange(this.#context, write, text, number, nowMs);
    unit.push({ type: 'put', key: changeKey(this.record, this.#open[slot].index, number), value });
    const saved = this.isDirty ? this.save(unit) : undefined;
    this.#inFlight++;
    return (isCommitted) => {
      this.#inFlight--;
      this.#settled = number + 1;
      if (isCommitted) saved?.();
    };
  }

  /** Adds the description to a unit; what it returns is to be called when that is committed. */
  save(unit: LevelOperation[]): () => void {
    const version = this.#version;
    unit.push({ type: 'put', key: streamKey(this.record), value: JSON.stringify(this.record) });
    return () => {
      this.#stored = Math.max(this.#stored, version);
    };
  }

  /** Closes every shard that is old enough, with a child in its place. */
  rollDue(nowMs: number): void {
    for (const shard of this.#open) {
      if (nowMs - shard.createdAtMs < this.#rollMs) continue;
      this.#closeShard(shard, nowMs);
      this.#openShard(shard.slot, nowMs, shard.id);
    }
  }

  disable(nowMs: number): void {
    for (const shard of this.#open) this.#closeShard(shard, nowMs);
    this.#open.length = 0;
    this.record.disabledAtMs = nowMs;
  }

  /** Records below the number are gone. */
  trim(shard: ShardRecord, horizon: number): void {
    shard.horizon = horizon;
    this.#version++;
  }

  /** A closed shard of which nothing is left. */
  drop(shard: ShardRecord): void {
    this.record.shards.splice(this.record.shards.indexOf(shard), 1);
    this.#version++;
  }

  #openShard(slot: number, createdAtMs: number, parent?: string): void {
    const index = (this.record.shards.at(-1)?.index ?? -1) + 1;
    const start = this.#take();
    const at = Math.floor(createdAtMs);
    // Sorted by id = sorted by age, which readers that page by id rely on.
    const id = `shardId-${String(at).padStart(20, '0')}-${index.toString(16).padStart(8, '0')}`;
    const shard: ShardRecord = { id, index, slot, createdAtMs: at, parent, start, horizon: start };
    this.record.shards.push(shard);
    this.#open[slot] = shard;
    this.#version++;
  }

  #closeShard(shard: ShardRecord, nowMs: number): void {
    shard.end = this.#take();
    shard.closedAtMs = nowMs;
    this.#version++;
  }

  #take(): number {
    return this.#next++;
  }
}

export const streamKey = ({ table, label }: StreamRecord): string => `stream~${table}~${label}`;

export function changeKey(record: StreamRecord, shardIndex: number, number: number): string {
  return `${changePrefix(record)}${shardIndex.toString(16).padStart(8, '0')}~${String(number).padStart(16, '0')}`;
}

/** Before all records of a stream. */
export const changePrefix = ({ table, label }: StreamRecord): string => `change~${table}~${label}~`;

/** Number of the record that is stored under a key. */
export function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('~') + 1));
}
