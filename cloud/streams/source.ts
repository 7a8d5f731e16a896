import type { ShardInfo, ShardPosition } from './shard-graph.js';
import type { TrimPolicy } from './trim-policy.js';

export interface StreamRecord {
  sequenceNumber: string;
  /** Its place inside a KPL aggregate; absent when it is a record of its own. */
  subSequenceNumber?: number;
  partitionKey: string;
  data: Uint8Array;
  /** When the stream took it, race-clock epoch ms. */
  arrivalMs: number;
}

/** Records that were trimmed before they were read. */
export interface StreamGap {
  shardId: string;
  /** Where the reader was. */
  behind: ShardPosition;
  /** First record after the gap; undefined when nothing of the shard is left. */
  upTo: string | undefined;
}

/** What one read of a shard gave. */
export interface ShardRead {
  /** In the shard's order; may be empty. */
  records: StreamRecord[];
  /** Age of what is still to be read, race-clock ms; 0 = all is read. */
  millisBehindLatest: number;
  /** Nothing will ever come after this read. */
  ended: boolean;
  /** Of an ended shard, where the answer names them: known before a listing shows them. */
  children: ShardInfo[];
  /** Before `records` some are missing for ever. */
  gap?: StreamGap;
}

/** One shard, read from a position on. Calls come one at a time. */
export interface ShardCursor {
  /**
   * The next read, at once or, where the stream pushes, when there is something to tell. Raises the service's own errors
   * (`actionFor` says what each means). A poll can be tried again with the same cursor unless its iterator expired;
   * after any error of a source that pushes, and after an expiry, another is opened behind the last record.
   */
  next(signal: AbortSignal): Promise<ShardRead>;
  /** Ends what the cursor holds open. */
  close(): void;
}

/**
 * One stream that is read shard by shard: Kinesis by polling or by enhanced fan-out, or a table's stream. What the
 * readers, consumers and workers know of a service.
 *
 * @example
 * const source: ShardSource = kinesisPolling({ client, streamName: 'pitwall-race', raceClock });
 * const shards = await source.list(signal);
 */
export interface ShardSource {
  /** The stream's name or ARN, for people and metrics. */
  readonly name: string;
  /** True: `next` answers at once, also when nothing is new, and whoever calls it waits between calls. */
  readonly polls: boolean;
  /** Greatest size of one read. */
  readonly readBytesMax: number;
  /** What to do when a shard that was being read is gone with its records. Default `skip`. */
  readonly trimPolicy?: TrimPolicy;
  /** It reads an archive first: may be begun at ARCHIVE_THEN_LIVE. */
  readonly hasArchive?: boolean;
  /** All shards, also closed ones that still hold records. */
  list(signal: AbortSignal): Promise<Map<string, ShardInfo>>;
  open(shardId: string, position: ShardPosition): ShardCursor;
}
