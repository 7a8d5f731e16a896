import { Batch, type BatchRecord, encodeBatch } from './batch.js';
import type { HashRange } from './hash-range.js';
import { batchKey, firstNumberOf } from './keys.js';
import { SequenceNumbers } from './sequence.js';
import type { ShardRates } from './shard-rates.js';
import type { Store, StoreOperation } from './store.js';

/** What is stored of a shard, beside its records. */
export interface ShardRecord {
  index: number;
  createdAtMs: number;
  range: HashRange;
  /** Index of the shard that was split, or of the one that was merged. */
  parent?: number;
  /** Index of the other shard of a merge. */
  adjacentParent?: number;
  /** Set once closed: one more than the number of the last record. */
  endNumber?: number;
  /** When its children took over. */
  closedAtMs?: number;
  /** Records below it were trimmed; keeps numbers from being given out again when a shard is empty. */
  horizon: number;
}

export function shardIdOf(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}

/** A record as the caller gave it, admitted and routed, not yet numbered. */
export type NewRecord = Omit<BatchRecord, 'sequenceNumber'>;

export interface Appended {
  sequenceNumbers: string[];
  operation: StoreOperation;
  /** To be called when the operation is durable. */
  commit(): void;
}

export interface ReadResult {
  /** JSON of the records, in order; join with commas. */
  json: Buffer[];
  count: number;
  payloadBytes: number;
  /** Number of the record to read next. */
  next: number;
  /** Arrival of the last record returned, else of nothing. */
  lastArrivedAtMs: number | undefined;
}

/** Numbers start at 1; 0 is the shard's StartingSequenceNumber. */
const FIRST_NUMBER = 1;

/**
 * The log of one shard. Numbers are given out in memory in the order of the calls, and the store keeps that order, so a
 * reader that sees a record has all before it.
 */
export class Shard {
  readonly id: string;
  readonly sequence: SequenceNumbers;
  readonly record: ShardRecord;
  readonly rates: ShardRates;
  readonly #store: Store;
  readonly #streamId: number;
  readonly #watchers = new Set<() => void>();
  #nextNumber: number;
  /** One more than the last number that readers can see. */
  #visibleEnd: number;
  /** The end of a closed shard is stored: only then may a reader leave it for its children. */
  #endVisible: boolean;
  /** Arrival of the oldest record that is not trimmed; undefined = not looked up, or there is none. */
  #oldestAtMs: number | undefined;

  constructor(store: Store, streamId: number, record: ShardRecord, rates: ShardRates) {
    this.#store = store;
    this.#streamId = streamId;
    this.record = record;
    this.rates = rates;
    this.id = shardIdOf(record.index);
    this.sequence = new SequenceNumbers(record);
    const last = this.#lastBatchBefore(Number.MAX_SAFE_INTEGER);
    this.#nextNumber = Math.max(record.horizon, last === undefined ? 0 : last.firstNumber + last.batch.count);
    this.#visibleEnd = this.#nextNumber;
    this.#endVisible = !this.isOpen;
  }

  /** A shard that nothing was ever put into. */
  static fresh(
    index: number,
    createdAtMs: number,
    range: HashRange,
    parent?: number,
    adjacentParent?: number,
  ): ShardRecord {
    return { index, createdAtMs, range, parent, adjacentParent, horizon: FIRST_NUMBER };
  }

  get isOpen(): boolean {
    return this.record.endNumber === undefined;
  }

  /** Number that the next record will have: where LATEST points. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  get horizon(): number {
    return this.record.horizon;
  }

  /** Whether a reader at `next` has everything of a closed shard. */
  isEnd(next: number): boolean {
    return this.#endVisible && next >= this.record.endNumber!;
  }

  /** Whether a reader at `next` would be told something new now. */
  hasNews(next: number): boolean {
    return next < this.#visibleEnd || this.isEnd(next);
  }

  /** Calls back whenever records become visible, and at the end; returns what stops that. */
  watch(onNews: () => void): () => void {
    this.#watchers.add(onNews);
    return () => this.#watchers.delete(onNews);
  }

  /** Numbers the records; the caller writes the operation, possibly with those of other shards, then commits. */
  append(records: readonly NewRecord[], arrivedAtMs: number): Appended {
    const firstNumber = this.#nextNumber;
    this.#nextNumber += records.length;
    const numbered = records.map((record, i) => ({ ...record, sequenceNumber: this.sequence.format(firstNumber + i) }));
    return {
      sequenceNumbers: numbered.map((record) => record.sequenceNumber),
      operation: { key: this.#keyOf(firstNumber), put: encodeBatch(numbered, arrivedAtMs) },
      commit: () => {
        this.#visibleEnd = Math.max(this.#visibleEnd, firstNumber + records.length);
        this.#tellWatchers();
      },
    };
  }

  /** No record is taken any more. The caller stores the change, then calls `commitEnd`. */
  close(atMs: number): void {
    this.record.endNumber = this.#nextNumber;
    this.record.closedAtMs = atMs;
  }

  /** To be called when the end is durable. */
  commitEnd(): void {
    this.#endVisible = true;
    this.#tellWatchers();
  }

  /** Records from `next` on within both bounds; the first always fits. Trimmed ones are skipped, as AWS does. */
  read(next: number, countMax: number, bytesMax: number): ReadResult {
    const result: ReadResult = {
      json: [],
      count: 0,
      payloadBytes: 0,
      next: Math.max(next, this.horizon),
      lastArrivedAtMs: undefined,
    };
    if (result.next >= this.#visibleEnd) return result;
    const from = this.#lastBatchBefore(result.next + 1)?.firstNumber ?? result.next;
    for (const { key, value } of this.#store.range(this.#keyOf(from), this.#keyOf(this.#visibleEnd))) {
      const batch = new Batch(value);
      const firstNumber = firstNumberOf(key);
      const index = Math.max(0, result.next - firstNumber);
      if (index >= batch.count) continue;
      const part = batch.take(index, countMax - result.count, bytesMax - result.payloadBytes);
      if (part.count > 0) {
        result.json.push(part.json);
        result.count += part.count;
        result.payloadBytes += part.payloadBytes;
        result.next = firstNumber + index + part.count;
        result.lastArrivedAtMs = batch.arrivedAtMs;
      }
      if (index + part.count < batch.count || result.count >= countMax) break;
    }
    return result;
  }

  /** How far a reader at `next` is behind: age of what it read last, or of what it will read next; 0 at the tip. */
  behindMs(next: number, lastArrivedAtMs: number | undefined, nowMs: number): number {
    if (next >= this.#visibleEnd) return 0;
    const arrivedAtMs = lastArrivedAtMs ?? this.#lastBatchBefore(next + 1)?.batch.arrivedAtMs ?? nowMs;
    return Math.max(0, Math.round(nowMs - arrivedAtMs));
  }

  /** Number of the first record that arrived at or after that time: bisection, as arrivals never go back. */
  seek(atMs: number): number {
    let low = this.horizon;
    let high = this.#visibleEnd;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.#lastBatchBefore(middle + 1);
      if (found === undefined || found.batch.arrivedAtMs < atMs) {
        low = Math.max(middle + 1, found === undefined ? 0 : found.firstNumber + found.batch.count);
      } else high = Math.min(middle, found.firstNumber);
    }
    return Math.max(low, this.horizon);
  }

  /** Moves the horizon past what arrived before that time; the store is cleared later, by `trim`. */
  expire(beforeMs: number): void {
    this.#oldestAtMs ??= this.#oldestArrival();
    if (this.#oldestAtMs === undefined || this.#oldestAtMs >= beforeMs) return;
    this.record.horizon = this.seek(beforeMs);
    this.#oldestAtMs = this.#oldestArrival();
  }

  /** Removals of whole batches that arrived before that time, oldest first, at most `batchesMax`; moves the horizon. */
  trim(beforeMs: number, batchesMax: number): StoreOperation[] {
    const operations: StoreOperation[] = [];
    for (const { key, value } of this.#store.range(this.#keyOf(0), this.#keyOf(this.#visibleEnd), {
      limit: batchesMax,
    })) {
      const batch = new Batch(value);
      if (batch.arrivedAtMs >= beforeMs) break;
      operations.push({ key, remove: true });
      this.record.horizon = Math.max(this.record.horizon, firstNumberOf(key) + batch.count);
      this.#oldestAtMs = undefined;
    }
    return operations;
  }

  #oldestArrival(): number | undefined {
    if (this.horizon >= this.#visibleEnd) return undefined;
    return this.#lastBatchBefore(this.horizon + 1)?.batch.arrivedAtMs;
  }

  #tellWatchers(): void {
    for (const onNews of this.#watchers) onNews();
  }

  #lastBatchBefore(number: number): { firstNumber: number; batch: Batch } | undefined {
    for (const { key, value } of this.#store.range(this.#keyOf(0), this.#keyOf(number), { reverse: true, limit: 1 })) {
      return { firstNumber: firstNumberOf(key), batch: new Batch(value) };
    }
    return undefined;
  }

  #keyOf(number: number): Buffer {
    return batchKey(this.#streamId, this.record.index, number);
  }
}
