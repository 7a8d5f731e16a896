import type { ClassicLevel } from 'classic-level';

export type LevelOperation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

export type LevelDb = ClassicLevel<string, string>;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit: units that are ready in the same turn of the event loop, e.g. the 25 items of a BatchWriteItem, or that came
 * while a batch was being written, go to disk as one batch. A unit is never torn: an item, its index entries and its stream
 * record are there together or not at all. One batch at a time: what a killed process leaves is a beginning of the
 * calls in their order, and a stream's reader never sees a record whose predecessor is still on its way.
 */
export class Committer {
  readonly #db: LevelDb;
  readonly #sync: boolean;
  #operations: LevelOperation[] = [];
  #waiting: Waiting[] = [];
  #running = false;

  constructor(db: LevelDb, sync: boolean) {
    this.#db = db;
    this.#sync = sync;
  }

  /** Resolves when the unit is durable; promises of several calls settle in the order of the calls. */
  commit(unit: readonly LevelOperation[]): Promise<void> {
    for (const operation of unit) this.#operations.push(operation);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#running) return;
      this.#running = true;
      setImmediate(() => void this.#drain());
    });
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    while (this.#running) await new Promise((resolve) => setImmediate(resolve));
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const operations = this.#operations;
      const waiting = this.#waiting;
      this.#operations = [];
      this.#waiting = [];
      try {
        await this.#db.batch(operations, { sync: this.#sync });
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#running = false;
  }
}
