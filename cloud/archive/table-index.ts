import { constants, gunzipSync } from 'node:zlib';
import { errorCode } from '#wire/errors.js';
import { type Range, RangeSet } from '#wire/ranges.js';
import type { ArchiveObjects } from './objects.js';
import { decodeLine, isEnd, type TableLine } from './table-line.js';

/** What cannot be read of an object; the rest of it is. */
export interface TableDamage {
  key: string;
  what: string;
  /** Lines that are no changes; 0 when the object as a whole cannot be read. */
  lines: number;
}

export interface TableObjectsOptions {
  store: ArchiveObjects;
  /** Of Firehose's objects of one table's stream, and of nothing else. */
  prefix: string;
  onDamage?(damage: TableDamage): void;
}

/** What one object has of one shard. */
export interface Part {
  key: string;
  from: number;
  to: number;
}

/** What Firehose's objects have of one shard. */
export interface ShardIndex {
  parents: string[];
  numbers: RangeSet;
  parts: Part[];
  /** Sequence number of the record with the greatest running number. */
  last: { number: number; sequence: string };
  /** Running number of the line that says that the shard has ended. */
  end: number | undefined;
}

/** Which lines of which shards are in which objects; each object is read once, whenever it is first seen. */
export class TableIndex {
  readonly shards = new Map<string, ShardIndex>();
  bytes = 0;
  readonly #options: TableObjectsOptions;
  readonly #seen = new Set<string>();

  constructor(options: TableObjectsOptions) {
    this.#options = options;
  }

  get objects(): number {
    return this.#seen.size;
  }

  /** Adds the objects that came since. */
  async look(): Promise<void> {
    const { store, prefix, onDamage } = this.#options;
    for await (const { key, bytes } of store.list(prefix)) {
      if (this.#seen.has(key)) continue;
      for (const line of await readLines(store, key, onDamage)) this.#add(key, line);
      this.#seen.add(key);
      this.bytes += bytes;
    }
  }

  #add(key: string, line: TableLine): void {
    const { shard: shardId, parents, number } = line;
    let shard = this.shards.get(shardId);
    if (!shard) {
      shard = { parents, numbers: new RangeSet(), parts: [], last: { number: 0, sequence: '' }, end: undefined };
      this.shards.set(shardId, shard);
    }
    if (isEnd(line)) {
      shard.end = number;
      return;
    }
    shard.numbers.add(number);
    if (number > shard.last.number) shard.last = { number, sequence: line.sequence };
    const part = shard.parts.at(-1);
    if (part?.key === key) {
      part.from = Math.min(part.from, number);
      part.to = Math.max(part.to, number);
    } else {
      shard.parts.push({ key, from: number, to: number });
    }
  }
}

/**
 * Running numbers that are missing, from the lowest that is there: what is before it may have been deleted since by the
 * bucket's lifecycle.
 */
export function holesOf({ numbers, last, end }: ShardIndex): Range[] {
  const ranges = numbers.toJSON();
  const holes = ranges.slice(1).map(([from], i): Range => [ranges[i][1] + 1, from - 1]);
  if (end !== undefined && end > last.number + 1) holes.push([last.number + 1, end - 1]);
  return holes;
}

export async function readLines(
  store: ArchiveObjects,
  key: string,
  onDamage?: (damage: TableDamage) => void,
): Promise<TableLine[]> {
  const bytes = await store.get(key);
  if (!bytes) {
    onDamage?.({ key, what: 'It is not there.', lines: 0 });
    return [];
  }
  const lines: TableLine[] = [];
  let damaged = 0;
  for (const text of textOf(key, bytes, onDamage).split('\n')) {
    if (text === '') continue;
    try {
      lines.push(decodeLine(text));
    } catch {
      damaged++;
    }
  }
  if (damaged > 0) onDamage?.({ key, what: `${damaged} lines are no changes of a table.`, lines: damaged });
  return lines;
}

/** Of a gzip that was cut short, as much as there is. */
function textOf(key: string, bytes: Buffer, onDamage?: (damage: TableDamage) => void): string {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8');
  } catch (error) {
    onDamage?.({ key, what: `It cannot be unpacked: ${errorCode(error)}.`, lines: 0 });
    return '';
  }
}
