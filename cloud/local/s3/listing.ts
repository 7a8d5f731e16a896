import { successor } from './keys.js';

const ZERO = Buffer.from([0]);

/** What is listed of a sequence of keys in the order of their bytes. */
export interface ListQuery {
  prefix: string;
  /** Empty = none. */
  delimiter: string;
  /** Only positions after this one. */
  after?: Buffer;
  /** Where an earlier page ended; comes before `after`. */
  from?: Buffer;
  /** Of keys and common prefixes together. */
  max: number;
}

export interface ListEntry {
  /** What is listed. */
  key: Buffer;
  /** Where it stands in the sequence: the key, and what tells entries with the same key apart. */
  position: Buffer;
}

export interface Listed<Entry> {
  entries: Entry[];
  commonPrefixes: string[];
  /** From where the next page goes on; undefined when this is the last. */
  next: Buffer | undefined;
}

/**
 * One page. Keys that have the delimiter behind the prefix are rolled up: the keys under a common prefix are jumped over, not
 * read, so that a page costs what it shows however much is there.
 *
 * @param read entries from a position on, lazily
 */
export function listPage<Entry extends ListEntry>(
  read: (from: Buffer) => Iterable<Entry>,
  { prefix, delimiter, after, from, max }: ListQuery,
): Listed<Entry> {
  const wanted = Buffer.from(prefix);
  const separator = Buffer.from(delimiter);
  const entries: Listed<Entry>['entries'] = [];
  const commonPrefixes: string[] = [];
  let next = from ?? greater(wanted, after && Buffer.concat([after, ZERO]));
  if (max === 0) return { entries, commonPrefixes, next: undefined };

  scan: for (;;) {
    for (const entry of read(next)) {
      const { key, position } = entry;
      if (!startsWith(key, wanted)) break scan;
      if (entries.length + commonPrefixes.length === max) return { entries, commonPrefixes, next };
      const at = separator.length === 0 ? -1 : key.indexOf(separator, wanted.length);
      if (at >= 0) {
        const common = key.subarray(0, at + separator.length);
        commonPrefixes.push(common.toString('utf8'));
        next = successor(common);
        continue scan;
      }
      entries.push(entry);
      next = Buffer.concat([position, ZERO]);
    }
    break;
  }
  return { entries, commonPrefixes, next: undefined };
}

function greater(a: Buffer, b: Buffer | undefined): Buffer {
  return b !== undefined && b.compare(a) > 0 ? b : a;
}

function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.subarray(0, prefix.length).equals(prefix);
}
