import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { RecordStore } from '../record-store.js';
import { reject, type ShadowOutcome, type ShadowRecord } from './core.js';
import type { ShadowLimits } from './limits.js';
import { ShadowRejection, tokenIfReadable } from './request.js';
import { ShadowTable, shadowKey } from './table.js';
import { ShadowThrottle } from './throttle.js';
import type { ShadowAddress } from './topics.js';

export interface ShadowServiceOptions {
  /** Folder of the records. */
  path: string;
  /** Timestamps in documents are race time (decision 9). */
  raceClock: Clock;
  log: Log;
  limits?: Partial<ShadowLimits>;
}

/** The Device Shadow service: the table of shadows, made durable. What it answers as accepted is on disk. */
export class ShadowService {
  readonly #table: ShadowTable;
  readonly #store: RecordStore<ShadowRecord>;
  readonly #raceClock: Clock;
  readonly #log: Log;
  readonly #throttle: ShadowThrottle;

  private constructor(table: ShadowTable, store: RecordStore<ShadowRecord>, { raceClock, log }: ShadowServiceOptions) {
    this.#table = table;
    this.#store = store;
    this.#throttle = new ShadowThrottle(table.limits);
    this.#raceClock = raceClock;
    this.#log = log;
  }

  static async open(options: ShadowServiceOptions): Promise<ShadowService> {
    const store = await RecordStore.open<ShadowRecord>(options.path);
    const table = new ShadowTable(options.limits);
    for await (const [key, record] of store.entries()) table.restore(key, record);
    return new ShadowService(table, store, options);
  }

  /** Answers a request; resolves when what it accepted is durable. A disk that fails is answered as AWS does, with 500. */
  async handle(address: ShadowAddress, payload: Uint8Array): Promise<ShadowOutcome> {
    const nowMs = this.#raceClock.nowMs();
    const at = Math.floor(nowMs / 1000);
    const { thing } = address;
    const refuse = (status: number, message: string) =>
      reject(address, new ShadowRejection(status, message, tokenIfReadable(payload)), at);
    const tooMany = this.#throttle.enter(thing, nowMs);
    if (tooMany !== undefined) return refuse(429, tooMany);
    try {
      const outcome = this.#table.apply(address, payload, at);
      if (outcome.record) await this.#store.put(shadowKey(address), outcome.record);
      return outcome;
    } catch (error) {
      this.#log.error('A shadow could not be kept.', { topic: shadowKey(address), error: errorCode(error) });
      return refuse(500, 'Internal service failure');
    } finally {
      this.#throttle.leave(thing);
    }
  }

  /** Names of a thing's named shadows, sorted. */
  names(thing: string): string[] {
    return this.#table.names(thing);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
