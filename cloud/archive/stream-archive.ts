import type { ShardInfo, ShardPosition } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';

export interface ArchivedBatch {
  /** In the shard's order, at least one. */
  records: readonly StreamRecord[];
  /** Before them some are missing: an object that is damaged, a record that was never delivered. */
  isBehindHole: boolean;
}

/** One shard at the moment of a look into an archive. */
export interface HeldShard extends ShardInfo {
  /** Behind the last record of it; undefined when the archive holds none. */
  mark: ShardPosition | undefined;
  /** The shard had nothing behind the mark. */
  ended: boolean;
  /** What is held behind a position (undefined: from the first record on) and up to the mark. */
  read(after: ShardPosition | undefined, signal: AbortSignal): AsyncGenerator<ArchivedBatch>;
}

/** One stream's records in an archive, whoever wrote it: all that turbo knows of one. */
export interface StreamArchive {
  /** The stream's name, for people and metrics. */
  readonly name: string;
  /** As it stands now, read anew with every call. */
  shards(signal: AbortSignal): Promise<ReadonlyMap<string, HeldShard>>;
}
