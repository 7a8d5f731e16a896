import type { ShardSource, StreamRecord } from '#cloud/streams/source.js';
import type { SkippedRecord, SourceRecord } from './batch.js';

/** A stream as a mapping reads it: its shards, and what its records are to a function. */
export interface EventSource {
  arn: string;
  shards: ShardSource;
  /** Wall time between polls of a shard that has been read to its end. */
  pollMs: number;
  read(record: StreamRecord, shardId: string): SourceRecord | SkippedRecord;
}

export function toSourceRecord(
  { sequenceNumber, arrivalMs }: StreamRecord,
  orderKey: string,
  event: string,
): SourceRecord {
  return { sequenceNumber, orderKey, arrivalMs, event, bytes: Buffer.byteLength(event) };
}
