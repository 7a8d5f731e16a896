import type { Store, StoreOperation } from '../kinesis/store.js';
import type { Entry } from './buffers.js';

/**
 * What was accepted and is not delivered, on disk. Keys: 02 | stream u32 | entry u48. Value: length u32 | entry as JSON |
 * payload. Entries of one write are there together or not at all.
 */
export class Journal {
  readonly #store: Store;
  readonly #streamId: number;
  #lastId = 0;

  constructor(store: Store, streamId: number) {
    this.#store = store;
    this.#streamId = streamId;
  }

  /** Everything that is there, in the order in which it came. */
  *entries(): Generator<Entry & { stage: Stage }> {
    for (const { key, value } of this.#store.range(entryKey(this.#streamId, 0), entryKey(this.#streamId + 1, 0))) {
      this.#lastId = key.readUIntBE(5, 6);
      yield { ...headerOf(value), id: this.#lastId };
    }
  }

  put(stage: Stage, { key, records, arrivalMs, payload }: NewEntry): { entry: Entry; operation: StoreOperation } {
    const entry = { key, records, arrivalMs, bytes: payload.length };
    const id = ++this.#lastId;
    const header = Buffer.from(JSON.stringify({ ...entry, stage }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    const put = Buffer.concat([length, header, payload]);
    return { entry: { ...entry, id }, operation: { key: entryKey(this.#streamId, id), put } };
  }

  payload({ id }: Entry): Buffer {
    const value = this.#store.get(entryKey(this.#streamId, id));
    if (value === undefined) throw new Error(`Entry ${id} of the journal of stream ${this.#streamId} is gone.`);
    return value.subarray(4 + value.readUInt32BE(0));
  }

  remove(entries: readonly Entry[]): StoreOperation[] {
    return entries.map(({ id }) => ({ key: entryKey(this.#streamId, id), remove: true }));
  }

  write(operations: readonly StoreOperation[]): Promise<void> {
    return operations.length === 0 ? Promise.resolve() : this.#store.write(operations);
  }
}

/** What an entry waits for: the function, or an object. */
export type Stage = 'transform' | 'object';

export interface NewEntry {
  key: string;
  records: number;
  arrivalMs: number;
  payload: Buffer;
}

/** First byte of its keys. */
export const ENTRY = 0x02;

function entryKey(streamId: number, id: number): Buffer {
  const key = Buffer.alloc(11);
  key[0] = ENTRY;
  key.writeUInt32BE(streamId, 1);
  key.writeUIntBE(id, 5, 6);
  return key;
}

function headerOf(value: Buffer): Omit<Entry, 'id'> & { stage: Stage } {
  return JSON.parse(value.toString('utf8', 4, 4 + value.readUInt32BE(0))) as Omit<Entry, 'id'> & { stage: Stage };
}
