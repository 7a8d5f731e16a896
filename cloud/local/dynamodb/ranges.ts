import { Readable } from 'node:stream';
import type { RangeOptions } from './engine.js';

/** Sorts after every character of a key. */
export const AFTER = '\xff';
const READ_AHEAD = 100;

/** Bounds of a range inside a prefix, as Level takes them. */
export function within(prefix: string, { gt, gte, lt, lte, reverse, limit }: RangeOptions) {
  const from = gte !== undefined ? { gte: prefix + gte } : { gt: prefix + (gt ?? '') };
  const to = lte !== undefined ? { lte: prefix + lte } : { lt: prefix + (lt ?? AFTER) };
  return { ...from, ...to, reverse, limit };
}

interface Source {
  nextv(size: number): Promise<string[]>;
  close(): Promise<void>;
}

/** A stream over an iterator that fetches a page at a time: one crossing into native code for a hundred items. */
export function readAhead(source: Source, decode: (text: string) => unknown): Readable {
  return new Readable({
    objectMode: true,
    highWaterMark: READ_AHEAD,
    read() {
      source.nextv(READ_AHEAD).then(
        (page) => {
          for (const text of page) this.push(decode(text));
          if (page.length === 0) this.push(null);
        },
        (error: Error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      source.close().then(
        () => callback(error),
        (closing: Error) => callback(error ?? closing),
      );
    },
  });
}
