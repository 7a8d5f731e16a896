import type { Store, StoreOperation } from '#cloud/local/kinesis/store.js';

/** The store contract in memory; writes become visible when told, so that tests see what is in between. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, Buffer>();

  async write(operations: readonly StoreOperation[]): Promise<void> {
    for (const operation of operations) {
      if ('put' in operation) this.#entries.set(operation.key.toString('hex'), operation.put);
      else this.#entries.delete(operation.key.toString('hex'));
    }
  }

  get(key: Buffer): Buffer | undefined {
    return this.#entries.get(key.toString('hex'));
  }

  *range(from: Buffer, to: Buffer, { reverse = false, limit = Number.POSITIVE_INFINITY } = {}) {
    const keys = [...this.#entries.keys()]
      .filter((key) => key >= from.toString('hex') && key < to.toString('hex'))
      .sort();
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit)) yield { key: Buffer.from(key, 'hex'), value: this.#entries.get(key)! };
  }

  async close(): Promise<void> {}
}
