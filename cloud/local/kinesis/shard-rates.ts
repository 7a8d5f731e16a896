import { TokenBucket } from '../token-bucket.js';
import type { KinesisLimits } from './limits.js';

/** The rates of one shard. Kept in memory only: a restart begins with full buckets. */
export class ShardRates {
  readonly #writeBytes: TokenBucket;
  readonly #writeRecords: TokenBucket;
  readonly #readBytes: TokenBucket;
  readonly #readCalls: TokenBucket;
  readonly #iterators: TokenBucket;

  constructor(limits: KinesisLimits, nowMs: number) {
    this.#writeBytes = new TokenBucket(limits.writeBytesPerSecond, nowMs);
    this.#writeRecords = new TokenBucket(limits.writeRecordsPerSecond, nowMs);
    this.#readBytes = new TokenBucket(limits.readBytesPerSecond, nowMs);
    this.#readCalls = new TokenBucket(limits.readCallsPerSecond, nowMs);
    this.#iterators = new TokenBucket(limits.iteratorsPerSecond, nowMs);
  }

  /** Admits one record, or takes nothing. */
  tryWrite(bytes: number, nowMs: number): boolean {
    // A record may be exactly as large as the burst with its key on top: then a full bucket must do.
    if (!this.#writeRecords.has(1, nowMs)) return false;
    if (!this.#writeBytes.hasOrFull(bytes, nowMs)) return false;
    this.#writeRecords.take(1, nowMs);
    this.#writeBytes.take(bytes, nowMs);
    return true;
  }

  /** Admits one GetRecords call; what it returns is charged afterwards, by `chargeRead`. */
  tryRead(nowMs: number): boolean {
    if (!this.#readCalls.has(1, nowMs) || !this.#readBytes.has(1, nowMs)) return false;
    this.#readCalls.take(1, nowMs);
    return true;
  }

  /** Admits one GetShardIterator. */
  tryIterator(nowMs: number): boolean {
    if (!this.#iterators.has(1, nowMs)) return false;
    this.#iterators.take(1, nowMs);
    return true;
  }

  chargeRead(bytes: number, nowMs: number): void {
    this.#readBytes.take(bytes, nowMs);
  }
}
