import { TokenBucket } from '../../token-bucket.js';
import type { TableLimits } from './limits.js';
import { Peak } from './peak.js';

export type Kind = 'Read' | 'Write';

/** Last part of a throttling reason: which limit refuses. */
export type ExceededLimit = 'ProvisionedThroughputExceeded' | 'KeyRangeThroughputExceeded' | 'AccountLimitExceeded';

/** Six hex digits of an item's key. */
const HASH_VALUES = 0x1000000;
/** Tables that would have more have partitions of more than their share; each that is used costs a bucket. */
const PARTITIONS_MAX = 1_024;

/** Units of one kind that a table or a global index takes. In memory only: a restart begins with full buckets. */
export class Throughput {
  readonly #kind: Kind;
  readonly #limits: TableLimits;
  readonly #isOnDemand: boolean;
  /** All partitions together. As on AWS a busy one may use what the others leave. */
  readonly #whole: TokenBucket;
  readonly #peak: Peak;
  readonly #partitions = new Map<number, TokenBucket>();
  #partitionCount = 1;

  /** @param provisioned units a second; undefined = on demand */
  constructor(kind: Kind, provisioned: number | undefined, limits: TableLimits, nowMs: number) {
    this.#kind = kind;
    this.#limits = limits;
    this.#isOnDemand = provisioned === undefined;
    this.#whole = new TokenBucket(
      provisioned ?? this.#base,
      nowMs,
      provisioned === undefined ? 1 : limits.burstSeconds,
    );
    this.#peak = new Peak(limits.peakAgeMs, nowMs);
    this.#cut();
  }

  get isOnDemand(): boolean {
    return this.#isOnDemand;
  }

  /** Of provisioned capacity. Partitions begin anew. */
  provision(perSecond: number, nowMs: number): void {
    if (perSecond === this.#whole.perSecond) return;
    this.#whole.changeRate(perSecond, nowMs);
    this.#cut();
  }

  /** The limit that so many units would exceed; undefined = they can be taken. Reads ask for the least they can need and owe the rest. */
  exceeded(units: number, hash: number, nowMs: number): ExceededLimit | undefined {
    if (this.#isOnDemand) this.#grow(nowMs);
    if (!this.#partition(hash, nowMs).hasOrFull(units, nowMs)) return 'KeyRangeThroughputExceeded';
    if (this.#whole.hasOrFull(units, nowMs)) return undefined;
    if (!this.#isOnDemand) return 'ProvisionedThroughputExceeded';
    // Until it has grown, a table on demand has no more than its partitions.
    return this.#whole.perSecond < this.#limits.onDemandUnitsMax
      ? 'KeyRangeThroughputExceeded'
      : 'AccountLimitExceeded';
  }

  take(units: number, hash: number, nowMs: number): void {
    this.#partition(hash, nowMs).take(units, nowMs);
    this.#whole.take(units, nowMs);
    if (this.#isOnDemand) this.#peak.add(units, nowMs);
  }

  get #base(): number {
    return this.#kind === 'Read' ? this.#limits.onDemandReadUnits : this.#limits.onDemandWriteUnits;
  }

  get #perPartition(): number {
    return this.#kind === 'Read' ? this.#limits.partitionReadUnits : this.#limits.partitionWriteUnits;
  }

  #grow(nowMs: number): void {
    const wanted = Math.max(this.#base, Math.min(2 * this.#peak.previous(nowMs), this.#limits.onDemandUnitsMax));
    if (wanted <= this.#whole.perSecond) return;
    this.#whole.changeRate(wanted, nowMs);
    this.#cut();
  }

  /** As many partitions as the rate needs, of equal ranges of the hash. */
  #cut(): void {
    const needed = Math.ceil(this.#whole.perSecond / this.#perPartition);
    this.#partitionCount = Math.min(PARTITIONS_MAX, Math.max(1, needed));
    this.#partitions.clear();
  }

  #partition(hash: number, nowMs: number): TokenBucket {
    const slot = Math.floor((hash * this.#partitionCount) / HASH_VALUES);
    let partition = this.#partitions.get(slot);
    if (partition === undefined) {
      partition = new TokenBucket(this.#perPartition, nowMs);
      this.#partitions.set(slot, partition);
    }
    return partition;
  }
}
