import type { ShardInfo, ShardPosition } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';

/** What an archive holds of one shard. */
export interface ArchivedShard extends ShardInfo {
  /** Behind the last record up to which it holds all; undefined when it holds none. */
  mark: ShardPosition | undefined;
  /** The shard had nothing behind the mark. */
  ended: boolean;
}

export interface ArchivedBatch {
  /** In the shard's order. */
  records: readonly StreamRecord[];
  /** Before them some are missing: an object that is damaged, a record that was never delivered. */
  isBehindHole: boolean;
}

/** One stream's records in an archive, whoever wrote it. What turbo knows of one. */
export interface StreamArchive {
  /** As it stands now: read anew with every call. */
  shards(signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedShard>>;
  /** What it holds of a shard behind a position (undefined: from the first record on), up to the end that `shards` saw last. */
  read(shardId: string, after: ShardPosition | undefined, signal: AbortSignal): AsyncIterableIterator<ArchivedBatch>;
}
