import {
  readableShards,
  SHARD_END,
  type ShardInfo,
  type ShardPosition,
  TRIM_HORIZON,
} from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource } from '#cloud/streams/source.js';

interface Reading {
  cursor: ShardCursor;
  dueMs: number;
}

/**
 * Reads a whole stream, parents before children, in ticks of a race clock that stands still meanwhile: what a consumer does
 * with timers of the wall clock. For runs that have to come out the same on every machine.
 */
export class TickReader {
  readonly #source: ShardSource;
  readonly #pollMs: number;
  readonly #signal: AbortSignal;
  readonly #shards = new Map<string, ShardInfo>();
  readonly #positions: Record<string, ShardPosition> = {};
  readonly #reading = new Map<string, Reading>();

  constructor(source: ShardSource, pollMs: number, signal: AbortSignal) {
    this.#source = source;
    this.#pollMs = pollMs;
    this.#signal = signal;
  }

  async open(): Promise<void> {
    for (const [shardId, shard] of await this.#source.list(this.#signal)) this.#shards.set(shardId, shard);
    this.#begin(0);
  }

  /** Reads each shard whose turn it is, and on into its children at once. True when every shard was read to its tip. */
  async tick(nowMs: number, onRecords: (records: ShardRead['records']) => void): Promise<boolean> {
    let isAtTip = true;
    for (let due = this.#due(nowMs); due.length > 0; due = this.#due(nowMs)) {
      for (const [shardId, reading] of due) {
        const read = await reading.cursor.next(this.#signal);
        onRecords(read.records);
        if (read.millisBehindLatest > 0) isAtTip = false;
        reading.dueMs = nowMs + this.#pollMs;
        if (read.ended) this.#end(shardId, read.children, nowMs);
      }
    }
    return isAtTip;
  }

  close(): void {
    for (const { cursor } of this.#reading.values()) cursor.close();
  }

  #due(nowMs: number): [string, Reading][] {
    return [...this.#reading].filter(([, { dueMs }]) => dueMs <= nowMs);
  }

  #end(shardId: string, children: readonly ShardInfo[], nowMs: number): void {
    this.#reading.get(shardId)?.cursor.close();
    this.#reading.delete(shardId);
    this.#positions[shardId] = SHARD_END;
    for (const child of children) if (!this.#shards.has(child.shardId)) this.#shards.set(child.shardId, child);
    this.#begin(nowMs);
  }

  #begin(nowMs: number): void {
    for (const shardId of readableShards(this.#shards, this.#positions, new Set(this.#reading.keys()))) {
      this.#reading.set(shardId, { cursor: this.#source.open(shardId, TRIM_HORIZON), dueMs: nowMs });
    }
  }
}
