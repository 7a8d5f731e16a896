import { isAfter, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { ArchivedBatch, HeldShard, StreamArchive } from './stream-archive.js';
import { type Part, readLines, type ShardIndex, TableIndex, type TableObjectsOptions } from './table-index.js';
import { type ChangeLine, isEnd } from './table-line.js';

export interface TableArchiveOptions extends TableObjectsOptions {
  /** The stream's name or ARN. */
  name: string;
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
  const index = new TableIndex(options);
  return {
    name: options.name,
    shards: async () => {
      await index.look();
      return new Map([...index.shards].map(([shardId, shard]) => [shardId, heldShard(options, shardId, shard)]));
    },
  };
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
    for (const line of await readLines(options.store, part.key)) {
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
