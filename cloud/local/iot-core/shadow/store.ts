import { ClassicLevel } from 'classic-level';
import type { ShadowRecord } from './core.js';

/**
 * Shadow records on disk. One batch is under way at a time and takes all that has come meanwhile, so records of one
 * shadow are written in the order of their versions. Survives kill −9 of the process (no fsync: decision 15).
 */
export class ShadowStore {
  readonly #level: ClassicLevel<string, ShadowRecord>;
  #waiting = new Map<string, ShadowRecord>();
  /** The batch that will take what is waiting now; undefined when nothing waits. */
  #nextBatch: Promise<void> | undefined;
  #lastBatch: Promise<void> = Promise.resolve();

  private constructor(level: ClassicLevel<string, ShadowRecord>) {
    this.#level = level;
  }

  static async open(path: string): Promise<ShadowStore> {
    const level = new ClassicLevel<string, ShadowRecord>(path, { valueEncoding: 'json' });
    await level.open();
    return new ShadowStore(level);
  }

  /** Every record that was kept. */
  entries(): AsyncIterable<[string, ShadowRecord]> {
    return this.#level.iterator();
  }

  /** Resolves when the record will outlive the process. A record that could not be written is tried with the next batch. */
  put(key: string, record: ShadowRecord): Promise<void> {
    this.#waiting.set(key, record);
    if (!this.#nextBatch) {
      this.#nextBatch = this.#lastBatch.then(() => this.#writeWaiting());
      // A failed batch must not keep the next from trying.
      this.#lastBatch = this.#nextBatch.catch(() => {});
    }
    return this.#nextBatch;
  }

  async close(): Promise<void> {
    await this.#lastBatch;
    await this.#level.close();
  }

  async #writeWaiting(): Promise<void> {
    const records = this.#waiting;
    this.#waiting = new Map();
    this.#nextBatch = undefined;
    try {
      await this.#level.batch([...records].map(([key, value]) => ({ type: 'put', key, value })));
    } catch (error) {
      for (const [key, record] of records) if (!this.#waiting.has(key)) this.#waiting.set(key, record);
      throw error;
    }
  }
}
