import { mkdirSync } from 'node:fs';
import { open } from 'lmdb';
import { PitwallError } from '#wire/errors.js';

export type StoreOperation = { key: Buffer; put: Buffer } | { key: Buffer; remove: true };

export interface StoreEntry {
  key: Buffer;
  value: Buffer;
}

/** Three calls: what a durable store must give. Keys compare as bytes. */
export interface Store {
  /** Atomic. Writes become visible in the order of the calls, and each is durable (see `Durability`) when it resolves. */
  write(operations: readonly StoreOperation[]): Promise<void>;
  get(key: Buffer): Buffer | undefined;
  /** Entries with from ≤ key < to, lazily; with `reverse` from the greatest down. */
  range(from: Buffer, to: Buffer, options?: { reverse?: boolean; limit?: number }): Iterable<StoreEntry>;
  close(): Promise<void>;
}

/**
 * What an acknowledged write survives: `process`: kill −9 of this process (the operating system has it). `disk`: loss of power
 * as well (fsync before each acknowledgement; writes that wait together share one).
 */
export type Durability = 'process' | 'disk';

/** Small on purpose: readers are iterators of this one process. */
const READERS_MAX = 64;

/** LMDB: one writer thread, so that order of calls is order of commits; readers never wait. Raises PW-LOCAL-STORE. */
export function openLmdbStore(folder: string, durability: Durability): Store {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const db = open<Buffer, Buffer>({
      path: folder,
      encoding: 'binary',
      keyEncoding: 'binary',
      maxReaders: READERS_MAX,
      noSync: durability === 'process',
      // A commit is acknowledged when it is on disk, not merely visible.
      overlappingSync: false,
    });
    // Readers of a killed process would keep its pages from being used again.
    db.readerCheck();
    return {
      write: async (operations) => {
        await db.batch(() => {
          for (const operation of operations) {
            // Their promises settle with the batch, which is awaited.
            if ('put' in operation) void db.put(operation.key, operation.put);
            else void db.remove(operation.key);
          }
        });
      },
      get: (key) => db.get(key),
      range: (from, to, { reverse = false, limit } = {}) =>
        reverse
          ? db.getRange({ start: before(to), end: before(from), reverse, limit })
          : db.getRange({ start: from, end: to, limit }),
      close: () => db.close(),
    };
  } catch (cause) {
    throw new PitwallError('PW-LOCAL-STORE', { what: `The store of streams in ${folder} cannot be opened.`, cause });
  }
}

/** Our keys have a fixed length, so the key before one is that number less one: lmdb's reverse ranges are (start ≥ key > end]. */
function before(key: Buffer): Buffer {
  const previous = Buffer.from(key);
  for (let i = previous.length - 1; i >= 0; i--) {
    if (previous[i]-- !== 0) break;
  }
  return previous;
}
