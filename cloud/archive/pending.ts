import type { StreamGap, StreamRecord } from '#cloud/streams/source.js';
import type { Identified, SentBy } from './identify.js';
import type { ArchiveGap } from './manifest.js';

/** What was read of one shard and is not archived yet, in its order. */
export class PendingShard {
  readonly stream: string;
  readonly shardId: string;
  readonly records: StreamRecord[] = [];
  /** Of records that somebody waits for. */
  readonly sent: SentBy[] = [];
  readonly tables = new Set<string>();
  readonly gaps: ArchiveGap[] = [];
  fromMs = Number.POSITIVE_INFINITY;
  toMs = Number.NEGATIVE_INFINITY;
  bytes = 0;
  ended = false;

  constructor(stream: string, shardId: string) {
    this.stream = stream;
    this.shardId = shardId;
  }

  add(record: StreamRecord, { eventTimeMs, sentBy }: Identified): void {
    this.records.push(record);
    this.bytes += record.data.length;
    this.fromMs = Math.min(this.fromMs, eventTimeMs);
    this.toMs = Math.max(this.toMs, eventTimeMs);
    if (sentBy) this.sent.push(sentBy);
    if (sentBy?.tableHash !== undefined) this.tables.add(sentBy.tableHash);
  }

  addGap({ behind, upTo }: StreamGap): void {
    this.gaps.push({ behind, upTo: upTo ?? null });
  }
}

/** What was read of all shards and is not archived yet. */
export class Pending {
  bytes = 0;
  /** Since when something waits, and when something came last; wall ms. */
  sinceMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  readonly #shards = new Map<string, PendingShard>();

  get isEmpty(): boolean {
    return this.#shards.size === 0;
  }

  shard(stream: string, shardId: string, nowMs: number): PendingShard {
    this.sinceMs = Math.min(this.sinceMs, nowMs);
    this.lastMs = nowMs;
    const key = `${stream} ${shardId}`;
    let shard = this.#shards.get(key);
    if (!shard) {
      shard = new PendingShard(stream, shardId);
      this.#shards.set(key, shard);
    }
    return shard;
  }

  add(shard: PendingShard, record: StreamRecord, identified: Identified): void {
    shard.add(record, identified);
    this.bytes += record.data.length;
  }

  /** All of it, by shard: ids grow with birth, so parents come before their children. */
  take(): PendingShard[] {
    const shards = [...this.#shards.values()].sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
    this.#shards.clear();
    this.bytes = 0;
    this.sinceMs = Number.POSITIVE_INFINITY;
    return shards;
  }
}
