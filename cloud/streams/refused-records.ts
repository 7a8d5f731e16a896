import { createHash } from 'node:crypto';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { type DeadLetterStore, placeOf } from './dead-letters.js';
import { putAside } from './poison.js';
import type { StreamRecord } from './source.js';

export interface RefusedRecordsOptions {
  stream: string;
  deadLetters: DeadLetterStore;
  log: Log;
  random: Random;
}

export interface RefusedCounters {
  /** Records that went to the dead letters. */
  putAside: number;
  /** Of these, the ones that their store could not take either. */
  unstored: number;
  /** The same content again: its agent was not acknowledged, and sends it until it is. */
  repeated: number;
}

/** Contents remembered; of an older one a second letter is written. */
const REMEMBERED_MAX = 1_000;

/**
 * Records that a fold has read and cannot use, on their way to the dead letters. To try them again would change nothing, so
 * each goes at once, and the same content once.
 */
export class RefusedRecords {
  readonly counters: RefusedCounters = { putAside: 0, unstored: 0, repeated: 0 };
  readonly #options: RefusedRecordsOptions;
  readonly #remembered = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: RefusedRecordsOptions) {
    this.#options = options;
  }

  /** False when it was stopped before the letter was written: then the record is still to be read. */
  async put(shardId: string, record: StreamRecord, reason: string, message: string): Promise<boolean> {
    const { stream, log } = this.#options;
    const digest = createHash('sha1').update(`${reason} ${record.partitionKey} `).update(record.data).digest('base64');
    if (this.#remembered.has(digest)) {
      this.counters.repeated++;
      return true;
    }
    const letter = { stream, shardId, record, reason, message, tries: 1 };
    const { counters } = this;
    if (!(await putAside(letter, { ...this.#options, signal: this.#stop.signal, counters }))) return false;
    const { putAside: count } = counters;
    // Once per power of two: a broken agent must not fill the log.
    if ((count & (count - 1)) === 0)
      log.warn('A record cannot be used; it is put aside.', { ...placeOf(letter), message, count });
    this.#remembered.add(digest);
    if (this.#remembered.size > REMEMBERED_MAX) {
      const [oldest] = this.#remembered;
      this.#remembered.delete(oldest);
    }
    return true;
  }

  /** Ends all waiting. */
  stop(): void {
    this.#stop.abort();
  }
}
