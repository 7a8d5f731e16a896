import { ClassicLevel } from 'classic-level';

/**
 * Records by key, on disk. One batch is under way at a time and takes all that has come meanwhile, so what is put for one
 * key is written in order. Survives kill −9 of the process (no fsync: decision 14).
 */
export class RecordStore<R> {
  readonly #level: ClassicLevel<string, R>;
  /** By key; undefined removes. */
  #waiting = new Map<string, R | undefined>();
  /** The batch that will take what is waiting now; undefined when nothing waits. */
  #nextBatch: Promise<void> | undefined;
  #lastBatch: Promise<void> = Promise.resolve();

  private constructor(level: ClassicLevel<string, R>) {
    this.#level = level;
  }

  static async open<R>(path: string): Promise<RecordStore<R>> {
    const level = new ClassicLevel<string, R>(path, { valueEncoding: 'json' });
    await level.open();
    return new RecordStore(level);
  }

  /** Every record that was kept. */
  entries(): AsyncIterable<[string, R]> {
    return this.#level.iterator();
  }

  /** Resolves when the record will outlive the process. One that could not be written is tried with the next batch. */
  put(key: string, record: R): Promise<void> {
    return this.write([[key, record]]);
  }

  /** All or none of the changes; a record that is undefined is removed. Otherwise as `put`. */
  write(changes: Iterable<readonly [key: string, record: R | undefined]>): Promise<void> {
    for (const [key, record] of changes) this.#waiting.set(key, record);
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
      await this.#level.batch(
        [...records].map(([key, value]) =>
          value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
        ),
      );
    } catch (error) {
      for (const [key, record] of records) if (!this.#waiting.has(key)) this.#waiting.set(key, record);
      throw error;
    }
  }
}
