import { hashKeyOf, parseHashKey } from '../hash-range.js';
import type { Aggregator } from '../kpl/aggregate.js';
import type { KinesisRecord } from '../kpl/format.js';
import type { Pending } from './pending.js';

/** A Kinesis record on its way, and the user records in it: the first of its lane. */
export interface Outgoing {
  lane: Lane;
  users: readonly Pending[];
  record: KinesisRecord;
  /** Data and partition key, as Kinesis counts. */
  bytes: number;
  hashKey: string;
}

/** What a user record adds to an aggregate beside its data: tags, indexes, lengths. At most, below 16 KiB of data. */
const AGGREGATE_OVERHEAD_BYTES = 12;

/**
 * The records of one partition key in the order of their puts. The first of them are with Kinesis or are tried again; none
 * behind them goes before they are settled, which is what keeps the order of a key.
 */
export class Lane {
  readonly key: string;
  readonly #queue: Pending[] = [];
  #bytes = 0;
  /** Its first records are in a call. */
  isAway = false;
  /** Failures in a row. */
  failures = 0;
  /** When it may go, wall ms. */
  dueMs = 0;

  constructor(key: string) {
    this.key = key;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** First put that is not settled. */
  get oldestMs(): number {
    return this.#queue[0]?.putMs ?? Number.POSITIVE_INFINITY;
  }

  /** About what all of it weighs in an aggregate. */
  get bytes(): number {
    return this.#bytes;
  }

  add(pending: Pending): void {
    this.#queue.push(pending);
    this.#bytes += pending.data.length + AGGREGATE_OVERHEAD_BYTES;
  }

  /** Takes out one that is not with Kinesis, which is its oldest. */
  remove(pending: Pending): void {
    if (this.#queue[0] === pending) this.drop(1);
  }

  /** Takes the first `count` out. */
  drop(count: number): void {
    for (const { data } of this.#queue.splice(0, count)) this.#bytes -= data.length + AGGREGATE_OVERHEAD_BYTES;
  }

  /** Where its first record goes, 32 hexadecimal digits. */
  get hashKey(): string {
    const explicit = this.#queue[0]?.explicitHashKey;
    return (explicit === undefined ? undefined : parseHashKey(explicit)) ?? hashKeyOf(this.key);
  }

  /** Bytes of the next record at most, or about so. */
  nextBytes(aggregateBytes: number): number {
    const first = this.#queue[0]?.data.length ?? 0;
    return Math.max(first, Math.min(this.#bytes, aggregateBytes)) + Buffer.byteLength(this.key);
  }

  /** The next record to put: as many user records as one aggregate takes, or without an aggregator the first. */
  next(aggregator: Aggregator | undefined): Outgoing {
    const { key, hashKey } = this;
    const [{ explicitHashKey }] = this.#queue;
    let [{ data }] = this.#queue;
    let count = 1;
    if (aggregator) {
      count = 0;
      for (const user of this.#queue) {
        if (user.explicitHashKey !== explicitHashKey || !aggregator.add(user)) break;
        count++;
      }
      data = aggregator.finish()?.data ?? data;
    }
    // All of it has one key, so it goes under that and not under the KPL's "a": a split can never part them, and whoever
    // looks for hot keys finds it.
    return {
      lane: this,
      users: this.#queue.slice(0, count),
      record: { partitionKey: key, explicitHashKey, data },
      bytes: data.length + Buffer.byteLength(key),
      hashKey,
    };
  }
}
