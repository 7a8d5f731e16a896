import type { ClassicLevel } from 'classic-level';

export type LevelOperation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

export type LevelDb = ClassicLevel<string, string>;

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit: units that are ready in the same turn of the event loop, e.g. the 25 items of a BatchWriteItem, go to disk
 * as one batch. A unit is never torn: an item, its index entries (and its stream record, once there are streams) are
 * there together or not at all.
 */
export class Committer {
  readonly #db: LevelDb;
  readonly #sync: boolean;
  #operations: LevelOperation[] = [];
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(db: LevelDb, sync: boolean) {
    this.#db = db;
    this.#sync = sync;
  }

  /** Resolves when the unit is durable. */
  commit(unit: readonly LevelOperation[]): Promise<void> {
    this.#operations.push(...unit);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => void this.#write());
    });
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    while (this.#scheduled || this.#inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  async #write(): Promise<void> {
    const operations = this.#operations;
    const waiting = this.#waiting;
    this.#operations = [];
    this.#waiting = [];
    this.#scheduled = false;
    this.#inFlight++;
    try {
      await this.#db.batch(operations, { sync: this.#sync });
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    } finally {
      this.#inFlight--;
    }
  }
}
