import { type KinesisClient, PutRecordsCommand, type PutRecordsResultEntry } from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';

export interface ProducerOptions {
  client: KinesisClient;
  streamName: string;
  /** Bound on what is taken in to be written; beyond it a `put` waits for room: await it. Default 8 MiB. */
  maxPendingBytes?: number;
  /** How long a record waits for company, wall ms. Default 20. */
  lingerMs?: number;
  /** A record that could not be written within it is given back as PW-STREAM-PUT, wall ms. Default 30,000. */
  ttlMs?: number;
  log: Log;
  wallClock: Clock;
  random: Random;
}

export interface PutResult {
  shardId: string;
  sequenceNumber: string;
  attempts: number;
}

export interface ProducerStats {
  written: number;
  calls: number;
  /** Records given back to the queue by a throttle or a fault. */
  retried: number;
  /** Records whose `put` was rejected. */
  failed: number;
  pendingRecords: number;
  pendingBytes: number;
}

export interface Producer {
  /**
   * Resolves when the stream has the record; records of one key are written in the order of the calls. Raises
   * PW-STREAM-PUT, PW-STREAM-FULL or PW-STREAM-CLOSED. A time-out may have written it all the same: readers drop
   * duplicates by identity.
   */
  put(partitionKey: string, data: Uint8Array): Promise<PutResult>;
  /** Resolves when everything put before it is written or given back. */
  flush(): Promise<void>;
  close(): Promise<void>;
  stats(): ProducerStats;
}

interface Pending {
  partitionKey: string;
  data: Uint8Array;
  bytes: number;
  deadlineMs: number;
  attempts: number;
  resolve(result: PutResult): void;
  reject(error: PitwallError): void;
}

/** PutRecords takes 500 records and 10 MiB; half of that keeps a retry cheap. */
const MAX_CALL_RECORDS = 500;
const MAX_CALL_BYTES = 5 * 1024 * 1024;
/** Kinesis: a record is at most 1 MiB, key included (without UpdateMaxRecordSize). */
const MAX_RECORD_BYTES = 1024 * 1024;
const RETRY = { firstMs: 50, lastMs: 2_000 };

/**
 * A small batching writer: one PutRecords in flight, at most one record of a key in it. PutRecords keeps no order between
 * a record that failed and a later one that went through; with one per key there is no later one.
 *
 * @example
 * const producer = createProducer({ client, streamName: 'pitwall-race', log, wallClock, random });
 * await producer.put('car-24', Buffer.from(JSON.stringify(lapChannels)));
 * await producer.close();
 */
export function createProducer(options: ProducerOptions): Producer {
  return new BatchingProducer(options);
}

class BatchingProducer implements Producer {
  readonly #options: Required<ProducerOptions>;
  #queue: Pending[] = [];
  #pendingBytes = 0;
  /** Beyond the bound, in order; their callers wait, which is what bounds it. */
  readonly #waiting: Pending[] = [];
  #running: Promise<void> | undefined;
  #failures = 0;
  #closed = false;
  readonly #counters = { written: 0, calls: 0, retried: 0, failed: 0 };

  constructor(options: ProducerOptions) {
    this.#options = { maxPendingBytes: 8 * 1024 * 1024, lingerMs: 20, ttlMs: 30_000, ...options };
  }

  async put(partitionKey: string, data: Uint8Array): Promise<PutResult> {
    const { streamName, maxPendingBytes, ttlMs, wallClock } = this.#options;
    const bytes = data.length + Buffer.byteLength(partitionKey);
    const maxBytes = Math.min(MAX_RECORD_BYTES, maxPendingBytes);
    if (bytes > maxBytes) {
      throw new PitwallError('PW-STREAM-FULL', { what: `A record of ${bytes} bytes; at most ${maxBytes} are taken.` });
    }
    if (this.#closed) throw new PitwallError('PW-STREAM-CLOSED', { what: `The producer of ${streamName} is closed.` });
    const deadlineMs = wallClock.nowMs() + ttlMs;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partitionKey, data, bytes, deadlineMs, attempts: 0, resolve, reject });
      this.#admit();
      this.#running ??= this.#run();
    });
  }

  async flush(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  stats(): ProducerStats {
    return { ...this.#counters, pendingRecords: this.#queue.length, pendingBytes: this.#pendingBytes };
  }

  async #run(): Promise<void> {
    await pause(this.#options.lingerMs);
    while (this.#queue.length > 0) {
      const batch = this.#pick();
      const failed = await this.#call(batch);
      this.#giveBackExpired();
      // Where some records went through the stream is alive: the others need a moment, not patience.
      this.#failures = failed === batch.length ? this.#failures + 1 : 1;
      if (failed > 0 && this.#queue.length > 0) await pause(backOffMs(this.#failures, RETRY, this.#options.random));
    }
    this.#running = undefined;
  }

  /** The oldest record of each key, as many as one call takes. */
  #pick(): Pending[] {
    const keys = new Set<string>();
    const picked: Pending[] = [];
    let bytes = 0;
    for (const pending of this.#queue) {
      if (keys.has(pending.partitionKey)) continue;
      if (picked.length === MAX_CALL_RECORDS || bytes + pending.bytes > MAX_CALL_BYTES) break;
      keys.add(pending.partitionKey);
      picked.push(pending);
      bytes += pending.bytes;
    }
    return picked;
  }

  /** Number of records that were not written. */
  async #call(batch: Pending[]): Promise<number> {
    const { client, streamName, log } = this.#options;
    this.#counters.calls++;
    for (const pending of batch) pending.attempts++;
    try {
      const answer = await client.send(
        new PutRecordsCommand({
          StreamName: streamName,
          Records: batch.map(({ partitionKey, data }) => ({ PartitionKey: partitionKey, Data: data })),
        }),
      );
      const results = answer.Records ?? [];
      let failed = 0;
      for (let i = 0; i < batch.length; i++) if (!this.#settle(batch[i], results[i])) failed++;
      this.#counters.retried += failed;
      return failed;
    } catch (cause) {
      const code = errorCode(cause);
      log.warn('Records could not be put.', { stream: streamName, records: batch.length, code });
      const action = actionFor(cause);
      if (action === 'giveUp' || action === 'gone') for (const pending of batch) this.#giveBack(pending, code, cause);
      else this.#counters.retried += batch.length;
      return batch.length;
    }
  }

  #settle(pending: Pending, result: PutRecordsResultEntry | undefined): boolean {
    if (!result?.SequenceNumber || result.ErrorCode) return false;
    this.#remove(pending);
    this.#counters.written++;
    const { attempts } = pending;
    pending.resolve({ shardId: result.ShardId ?? '', sequenceNumber: result.SequenceNumber, attempts });
    return true;
  }

  #giveBackExpired(): void {
    const nowMs = this.#options.wallClock.nowMs();
    for (const pending of this.#queue.filter(({ deadlineMs }) => deadlineMs < nowMs)) {
      this.#giveBack(pending, `not written within ${this.#options.ttlMs} ms`);
    }
  }

  #giveBack(pending: Pending, why: string, cause?: unknown): void {
    this.#remove(pending);
    this.#counters.failed++;
    pending.reject(
      new PitwallError('PW-STREAM-PUT', {
        what: `A record for ${this.#options.streamName} was not written after ${pending.attempts} tries: ${why}.`,
        retriable: cause === undefined,
        cause,
      }),
    );
  }

  #remove(pending: Pending): void {
    const index = this.#queue.indexOf(pending);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#pendingBytes -= pending.bytes;
    this.#admit();
  }

  /** Moves waiting records into the queue while there is room, first come first. */
  #admit(): void {
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      if (this.#pendingBytes + first.bytes > this.#options.maxPendingBytes) return;
      this.#waiting.shift();
      this.#pendingBytes += first.bytes;
      this.#queue.push(first);
    }
  }
}
