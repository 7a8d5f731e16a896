import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { parseHashKey } from '../hash-range.js';
import { identityBytes, NAME_BYTES_MAX, withIdentity } from '../identity-header.js';
import { AGGREGATE_BYTES_MAX } from '../kpl/aggregate.js';
import { Hand } from './hand.js';
import { Numbering } from './numbering.js';
import type { PutResult } from './pending.js';
import { Sender } from './sender.js';
import { slotHashKeys } from './slots.js';
import { Counters, type ProducerStats } from './stats.js';

export interface ProducerOptions {
  client: KinesisClient;
  streamName: string;
  /** Many user records of one key in one of Kinesis. Only where every reader opens them. Default false. */
  aggregate?: boolean;
  /** Of one aggregate. Default 51,200, as the KPL. */
  aggregateBytes?: number;
  /** How long a record waits for company, wall ms. Default 100 with aggregates, as the KPL; else 20. */
  lingerMs?: number;
  /** A record that could not be written within it is given back as PW-STREAM-PUT, wall ms. Default 30,000. */
  ttlMs?: number;
  /** An answer that takes longer counts as none, wall ms. Default 6,000. */
  callTimeoutMs?: number;
  /** PutRecords at a time. Default 4. */
  maxCalls?: number;
  /** Bound on what is taken in to be written; beyond it a `put` waits for room: await it. Default 8 MiB. */
  maxPendingBytes?: number;
  /** Puts that may wait for room; beyond it they are refused as PW-STREAM-FULL. Default 16,384. */
  maxWaiting?: number;
  /** Keys that get a hash key of their own instead of their MD5, see `slotHashKeys`. Default none. */
  slots?: readonly string[];
  /**
   * One life of this producer, unique. With it each record gets its identity in front (`readIdentity`), so that readers can
   * drop what a time-out has written twice. For records that carry none in their payload.
   */
  boot?: string;
  /** Told of each record that a shard refused as too fast: hash key, race clock. Feeds a `LoadBook`. */
  onThrottled?(hashKey: string, atMs: number): void;
  log: Log;
  wallClock: Clock;
  /** The clock by which the stream counts its limits. */
  raceClock: Clock;
  random: Random;
}

export interface PutOptions {
  /** Decimal number below 2¹²⁸ that routes instead of the key. Records of one key keep their order within a shard only. */
  explicitHashKey?: string;
}

export interface Producer {
  /**
   * Resolves when the stream has the record; records of one key are written in the order of the calls. `data` must not change
   * until then. Settles within `ttlMs` and one call: raises PW-STREAM-PUT (a `PutError`, with its attempts), PW-STREAM-FULL,
   * PW-STREAM-CLOSED, or PW-KPL-RECORD for keys that Kinesis does not take. A time-out may have written it all the same:
   * readers drop duplicates by identity.
   */
  put(partitionKey: string, data: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** Resolves when everything put before it is written or given back; what waits for company goes at once. */
  flush(): Promise<void>;
  /** Takes nothing more and flushes. */
  close(): Promise<void>;
  stats(): ProducerStats;
}

/** Kinesis: a record is at most 1 MiB, key included (without UpdateMaxRecordSize). */
const RECORD_BYTES_MAX = 1_024 * 1_024;
/** What a record in hand takes beside its data: bookkeeping, promise, who waits for it (Node 20: 0.9 KB, 1.2 KB with a key of its own). */
export const RECORD_OVERHEAD_BYTES = 1_280;
const KEY_LENGTH_MAX = 256;
/** Keys whose numbers are remembered, where records get an identity. */
const NUMBERED_KEYS_MAX = 100_000;

/**
 * A writer that keeps the order of each key: at most one Kinesis record of a key is on its way, because PutRecords keeps no
 * order between a record that failed and a later one that went through. Batches, aggregates, paces itself by shard, tries
 * again, and holds no more than it is allowed.
 *
 * @example
 * const producer = createProducer({ client, streamName: 'pitwall-race', log, wallClock, raceClock, random });
 * await producer.put('car-24', Buffer.from(JSON.stringify(lapChannels)));
 * await producer.close();
 */
export function createProducer(options: ProducerOptions): Producer {
  return new StreamProducer(options);
}

class StreamProducer implements Producer {
  readonly #options: ProducerOptions;
  readonly #maxPendingBytes: number;
  readonly #maxWaiting: number;
  readonly #ttlMs: number;
  readonly #slots: ReadonlyMap<string, string>;
  readonly #numbering = new Numbering(NUMBERED_KEYS_MAX);
  readonly #counters = new Counters();
  readonly #hand: Hand;
  readonly #sender: Sender;
  #isClosed = false;

  constructor(options: ProducerOptions) {
    if (Buffer.byteLength(options.boot ?? '') > NAME_BYTES_MAX) {
      throw new PitwallError('PW-KPL-RECORD', { what: `A boot of more than ${NAME_BYTES_MAX} bytes.` });
    }
    const { aggregate = false, aggregateBytes = AGGREGATE_BYTES_MAX, ttlMs = 30_000 } = options;
    this.#options = options;
    this.#maxPendingBytes = options.maxPendingBytes ?? 8 * 1_024 * 1_024;
    this.#maxWaiting = options.maxWaiting ?? 16_384;
    this.#ttlMs = ttlMs;
    this.#slots = slotHashKeys(options.slots ?? []);
    this.#hand = new Hand({
      maxBytes: this.#maxPendingBytes,
      onAdmitted: (pending) => this.#sender.add(pending),
    });
    this.#sender = new Sender(
      {
        ...options,
        aggregateBytes: aggregate ? aggregateBytes : 0,
        lingerMs: options.lingerMs ?? (aggregate ? 100 : 20),
        ttlMs,
        callTimeoutMs: options.callTimeoutMs ?? 6_000,
        maxCalls: options.maxCalls ?? 4,
        onThrottled: (hashKey, atMs) => options.onThrottled?.(hashKey, atMs),
      },
      this.#hand,
      this.#counters,
    );
  }

  async put(partitionKey: string, data: Uint8Array, { explicitHashKey }: PutOptions = {}): Promise<PutResult> {
    this.#check(partitionKey, explicitHashKey);
    const bytes = this.#weigh(partitionKey, data);
    const record = this.#identified(partitionKey, data);
    const putMs = this.#options.wallClock.nowMs();
    return new Promise((resolve, reject) => {
      this.#hand.take({
        partitionKey,
        explicitHashKey: explicitHashKey ?? this.#slots.get(partitionKey),
        data: record,
        bytes,
        putMs,
        deadlineMs: putMs + this.#ttlMs,
        ordinal: this.#hand.nextOrdinal(),
        attempts: [],
        tries: 0,
        resolve,
        reject,
      });
    });
  }

  async flush(): Promise<void> {
    const flushed = this.#hand.flushed();
    this.#sender.hurry();
    await flushed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  stats(): ProducerStats {
    const { errors, buffering, expired, refused, ...counts } = this.#counters;
    const { records, bytes, bytesMax, waiting, waits } = this.#hand;
    return {
      ...counts,
      failed: expired + refused,
      expired,
      refused,
      errors: { ...errors },
      listings: this.#sender.listings,
      pendingRecords: records,
      pendingBytes: bytes,
      pendingBytesMax: bytesMax,
      waiting,
      waits,
      bufferingMs: { p50: buffering.quantile(0.5), p99: buffering.quantile(0.99) },
      shares: this.#sender.shares,
    };
  }

  #check(partitionKey: string, explicitHashKey: string | undefined): void {
    const { streamName, boot } = this.#options;
    if (this.#isClosed)
      throw new PitwallError('PW-STREAM-CLOSED', { what: `The producer of ${streamName} is closed.` });
    if (partitionKey.length < 1 || partitionKey.length > KEY_LENGTH_MAX) {
      const what = `A partition key of ${partitionKey.length} characters; wanted 1 to ${KEY_LENGTH_MAX}.`;
      throw new PitwallError('PW-KPL-RECORD', { what });
    }
    if (boot !== undefined && Buffer.byteLength(partitionKey) > NAME_BYTES_MAX) {
      const what = `A partition key of more than ${NAME_BYTES_MAX} bytes; an identity holds no more.`;
      throw new PitwallError('PW-KPL-RECORD', { what });
    }
    if (explicitHashKey !== undefined && parseHashKey(explicitHashKey) === undefined) {
      const what = `The explicit hash key "${explicitHashKey.slice(0, 64)}"; wanted a decimal number below 2^128.`;
      throw new PitwallError('PW-KPL-RECORD', { what });
    }
    if (this.#hand.waiting < this.#maxWaiting) return;
    this.#counters.refusedFull++;
    const what = `${this.#hand.waiting} puts wait for room in the producer of ${streamName}; no more may.`;
    throw new PitwallError('PW-STREAM-FULL', { what, fix: 'Await each put before the next.', retriable: true });
  }

  #identified(partitionKey: string, data: Uint8Array): Uint8Array {
    const { boot } = this.#options;
    if (boot === undefined) return data;
    return withIdentity({ thing: partitionKey, boot, seq: this.#numbering.next(partitionKey) }, data);
  }

  /** Raises PW-STREAM-FULL for a record that could never be taken in or written. */
  #weigh(partitionKey: string, data: Uint8Array): number {
    const { boot } = this.#options;
    const headerBytes = boot === undefined ? 0 : identityBytes(partitionKey, boot);
    const bytes = headerBytes + data.length + Buffer.byteLength(partitionKey);
    const maxBytes = Math.min(RECORD_BYTES_MAX, this.#maxPendingBytes - RECORD_OVERHEAD_BYTES);
    if (bytes <= maxBytes) return bytes + RECORD_OVERHEAD_BYTES;
    const what = `A record of ${bytes} bytes; at most ${maxBytes} are taken.`;
    throw new PitwallError('PW-STREAM-FULL', { what });
  }
}
