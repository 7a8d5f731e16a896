import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { backOffMs, pause } from './back-off.js';
import { type DeadLetter, type DeadLetterStore, placeOf } from './dead-letters.js';
import { isRecordsFault } from './record-faults.js';
import type { StreamRecord } from './source.js';

export interface PoisonGuardOptions {
  stream: string;
  shardId: string;
  /** Without it nothing is put aside: a batch is tried until it is done. */
  deadLetters?: DeadLetterStore;
  /** How often a batch, and at last a single record, is tried before it counts as poison. Default 5. */
  tries?: number;
  /** Some records of a batch, in order. May be called again with the same ones, or with a part of them. */
  process(records: StreamRecord[]): Promise<void>;
  /** A record is in the dead letters: it counts as processed. */
  onPutAside?(record: StreamRecord): void;
  /** Ends all waiting. */
  signal: AbortSignal;
  /** Counted in, when several guards count together. */
  counters?: PoisonCounters;
  log: Log;
  random: Random;
}

export interface PoisonCounters {
  /** Times that records were processed again. */
  retries: number;
  /** Records that went to the dead letters. */
  putAside: number;
  /** Of these, the ones that their store could not take either. */
  unstored: number;
}

export function noPoison(): PoisonCounters {
  return { retries: 0, putAside: 0, unstored: 0 };
}

const RETRY = { firstMs: 100, lastMs: 5_000 };
export const POISON_TRIES = 5;

/**
 * Processes batches so that no record blocks its shard for ever: one that fails for the records' own fault is tried again,
 * then halved until the poison is found, which goes to the dead letters; all others are processed. What fails for another
 * reason (a service away, a lease lost) is tried until it is done.
 */
export class PoisonGuard {
  readonly counters: PoisonCounters;
  readonly #options: PoisonGuardOptions;
  readonly #tries: number;

  constructor(options: PoisonGuardOptions) {
    this.#options = options;
    this.counters = options.counters ?? noPoison();
    this.#tries = options.deadLetters ? (options.tries ?? POISON_TRIES) : Number.POSITIVE_INFINITY;
  }

  /** False when the signal fired before all of it was processed or put aside. */
  async process(records: StreamRecord[]): Promise<boolean> {
    const { signal } = this.#options;
    const fault = await this.#try(records, this.#tries);
    if (fault) await this.#narrow(records, fault.error);
    return !signal.aborted;
  }

  /** Undefined when they are processed, or the signal fired. */
  async #try(records: StreamRecord[], tries: number): Promise<{ error: unknown } | undefined> {
    const { process, signal, log, random, stream, shardId } = this.#options;
    let faults = 0;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await process(records);
        return undefined;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (isRecordsFault(error)) faults++;
        if (faults >= tries) return { error };
        this.counters.retries++;
        const { sequenceNumber } = records[0];
        const place = { stream, shard: shardId, from: sequenceNumber, records: records.length };
        log.warn('Records could not be processed; they are tried again.', {
          ...place,
          failures,
          code: errorCode(error),
        });
        await pause(backOffMs(failures, RETRY, random), signal);
      }
    }
    return undefined;
  }

  /** @param records fail together */
  async #narrow(records: StreamRecord[], error: unknown): Promise<void> {
    if (records.length === 1) return await this.#putAside(records[0], error);
    const half = records.length >> 1;
    for (const part of [records.slice(0, half), records.slice(half)]) {
      const fault = await this.#try(part, part.length === 1 ? this.#tries : 1);
      if (this.#options.signal.aborted) return;
      if (fault) await this.#narrow(part, fault.error);
    }
  }

  async #putAside(record: StreamRecord, error: unknown): Promise<void> {
    const { deadLetters, stream, shardId, onPutAside } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    const letter = { stream, shardId, record, reason: errorCode(error), message, tries: this.#tries };
    this.#options.log.error('A record cannot be processed; it is put aside.', placeOf(letter));
    if (!(await putAside(letter, { ...this.#options, deadLetters, counters: this.counters }))) return;
    onPutAside?.(record);
  }
}

export interface PutAsideOptions {
  deadLetters?: DeadLetterStore;
  /** How often the store is asked to take it. Default 5. */
  tries?: number;
  /** Ends all waiting. */
  signal: AbortSignal;
  counters: Pick<PoisonCounters, 'putAside' | 'unstored'>;
  log: Log;
  random: Random;
}

/**
 * One record to the dead letters, counted. A store that cannot take it is asked again, then the record is passed over: it is
 * in the log with its place, and in the stream until its retention ends. False when the signal fired before.
 */
export async function putAside(letter: DeadLetter, options: PutAsideOptions): Promise<boolean> {
  const { deadLetters, tries = POISON_TRIES, signal, counters, log, random } = options;
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await deadLetters?.put(letter);
      break;
    } catch (failure) {
      log.warn('A dead letter could not be stored.', {
        ...placeOf(letter),
        code: errorCode(failure),
        failures,
      });
      if (failures >= tries) {
        counters.unstored++;
        break;
      }
      await pause(backOffMs(failures, RETRY, random), signal);
    }
  }
  if (signal.aborted) return false;
  counters.putAside++;
  return true;
}
