import { constants, gunzipSync } from 'node:zlib';
import { isAfter, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { errorCode } from '#wire/errors.js';
import { RangeSet } from '#wire/ranges.js';
import type { ArchiveStore } from './objects.js';
import type { ArchivedBatch, HeldShard, StreamArchive } from './stream-archive.js';
import { type ChangeLine, decodeLine, isEnd, type TableLine } from './table-line.js';

/** What cannot be read of an object; the rest of it is. */
export interface TableDamage {
  key: string;
  what: string;
  /** Lines that are no changes; 0 when the object as a whole cannot be read. */
  lines: number;
}

export interface TableArchiveOptions {
  store: Pick<ArchiveStore, 'get' | 'list'>;
  /** Of Firehose's objects of this table's stream, and of nothing else. */
  prefix: string;
  /** The stream's name or ARN. */
  name: string;
  onDamage?(damage: TableDamage): void;
}

/** What one object has of one shard. */
interface Part {
  key: string;
  from: number;
  to: number;
}

interface ShardIndex {
  parents: string[];
  numbers: RangeSet;
  parts: Part[];
  /** Sequence number of the record with the greatest running number. */
  last: { number: number; sequence: string };
  /** Running number of the line that says that the shard has ended. */
  end: number | undefined;
}

/** Records of a batch. */
const BATCH = 500;

/**
 * A table's stream out of the objects that Firehose made of it: each line once, in the order of its shard, whatever order
 * they came in; a line that is missing is a hole, which turbo fills from the stream or tells with its bounds. An object is
 * read once for the index, and again when its lines are due; in memory is one at a time, and those that overlap it.
 *
 * @example
 * const archive = tableArchive({ store: s3Store(s3, bucket), prefix: 'tables/pitwall-laps/', name: streamArn });
 * const source = turbo({ archive, live: tableStream({ client, streamArn, raceClock, random }), raceClock, random });
 */
export function tableArchive(options: TableArchiveOptions): StreamArchive {
  const shards = new Map<string, ShardIndex>();
  const seen = new Set<string>();
  return {
    name: options.name,
    shards: async () => {
      for await (const { key } of options.store.list(options.prefix)) {
        if (seen.has(key)) continue;
        for (const line of await readLines(options, key, options.onDamage)) index(shards, key, line);
        seen.add(key);
      }
      return new Map([...shards].map(([shardId, shard]) => [shardId, heldShard(options, shardId, shard)]));
    },
  };
}

function index(shards: Map<string, ShardIndex>, key: string, line: TableLine): void {
  const { shard: shardId, parents, number } = line;
  let shard = shards.get(shardId);
  if (!shard) {
    shard = { parents, numbers: new RangeSet(), parts: [], last: { number: 0, sequence: '' }, end: undefined };
    shards.set(shardId, shard);
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

function heldShard(options: TableArchiveOptions, shardId: string, shard: ShardIndex): HeldShard {
  const { parents, last, end } = shard;
  // As it is now: more may be indexed while it is read.
  const parts = shard.parts.map((part) => ({ ...part })).sort((a, b) => a.from - b.from);
  return {
    shardId,
    parents,
    mark: last.number > 0 ? last.sequence : undefined,
    ended: end === last.number + 1,
    read: (after, signal) => read(options, { shardId, parts, upTo: last.number, after, signal }),
  };
}

interface TableRead {
  shardId: string;
  parts: readonly Part[];
  /** Running number of the last record that was there at the look. */
  upTo: number;
  after: ShardPosition | undefined;
  signal: AbortSignal;
}

async function* read(options: TableArchiveOptions, { after, ...wanted }: TableRead): AsyncGenerator<ArchivedBatch> {
  // Nothing that was passed over: then what is before the first line is not known.
  let before = after === undefined ? 0 : undefined;
  let batch: StreamRecord[] = [];
  let isBehindHole = false;
  for await (const line of inOrder(options, wanted)) {
    const isHole = line.number - 1 !== before;
    before = line.number;
    if (after !== undefined && !isAfter({ sequenceNumber: line.sequence }, after)) continue;
    if (batch.length > 0 && (isHole || batch.length === BATCH)) {
      yield { records: batch, isBehindHole };
      batch = [];
      isBehindHole = false;
    }
    isBehindHole ||= isHole;
    batch.push(recordOf(line));
  }
  if (batch.length > 0) yield { records: batch, isBehindHole };
}

/** The lines of a shard by their running numbers, each once. */
async function* inOrder(
  options: TableArchiveOptions,
  { shardId, parts, upTo, signal }: Omit<TableRead, 'after'>,
): AsyncGenerator<ChangeLine> {
  const waiting = new Map<number, ChangeLine>();
  let next = 1;
  for (const [i, part] of parts.entries()) {
    signal.throwIfAborted();
    for (const line of await readLines(options, part.key)) {
      const isWanted = !isEnd(line) && line.shard === shardId && line.number >= next && line.number <= upTo;
      if (isWanted) waiting.set(line.number, line);
    }
    // What is below the next object's first can come from none that is still to be read.
    const bound = parts[i + 1]?.from ?? upTo + 1;
    while (waiting.size > 0) {
      if (!waiting.has(next)) {
        const lowest = lowestOf(waiting);
        if (lowest >= bound) break;
        next = lowest;
      }
      const line = waiting.get(next);
      if (line) yield line;
      waiting.delete(next);
      next++;
    }
  }
}

function lowestOf(waiting: ReadonlyMap<number, unknown>): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const number of waiting.keys()) lowest = Math.min(lowest, number);
  return lowest;
}

function recordOf({ sequence, key, arrivalMs, change }: ChangeLine): StreamRecord {
  return {
    sequenceNumber: sequence,
    partitionKey: key,
    data: Buffer.from(JSON.stringify(change)),
    arrivalMs,
  };
}

async function readLines(
  { store }: TableArchiveOptions,
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
