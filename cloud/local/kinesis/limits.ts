/**
 * What Kinesis refuses (Kinesis Data Streams developer guide, "Quotas and limits"; API reference of each operation). All
 * on by default; rates count on the race clock, so that a race at 10 × speed meets the limits of 1 ×.
 */
export interface KinesisLimits {
  /** Per shard. Partition keys count. */
  writeBytesPerSecond: number;
  writeRecordsPerSecond: number;
  readBytesPerSecond: number;
  /** GetRecords calls, all readers of the shard together. */
  readCallsPerSecond: number;
  /** Data of one record, before base64. */
  recordBytesMax: number;
  putRecordsMax: number;
  putBytesMax: number;
  getRecordsMax: number;
  getBytesMax: number;
  iteratorLifeMs: number;
  /** Open shards of the account. */
  shardsMax: number;
}

const MIB = 1_048_576;

export const KINESIS_LIMITS: KinesisLimits = {
  writeBytesPerSecond: MIB,
  writeRecordsPerSecond: 1_000,
  readBytesPerSecond: 2 * MIB,
  readCallsPerSecond: 5,
  recordBytesMax: MIB,
  putRecordsMax: 500,
  putBytesMax: 10 * MIB,
  getRecordsMax: 10_000,
  getBytesMax: 10 * MIB,
  iteratorLifeMs: 5 * 60_000,
  shardsMax: 500,
};

/** A new stream keeps records for a day; the operations that change it allow up to a year. */
export const RETENTION_HOURS_DEFAULT = 24;
export const RETENTION_HOURS_MAX = 8_760;
/** An on-demand stream starts with four shards. */
export const ON_DEMAND_SHARDS = 4;
