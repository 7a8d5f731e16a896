/** What streams of tables do by the clock, and what a call returns at most (DynamoDB developer guide, "Change data capture"). */
export interface TableStreamLimits {
  /** Shards that are open at the same time; AWS has one per partition, four for a new table on demand. */
  shards: number;
  /** Age at which a shard is closed and continued by a child. */
  rollMs: number;
  retentionMs: number;
  iteratorLifeMs: number;
  getRecordsMax: number;
  getBytesMax: number;
  /** Calls a second, of the account; absent = as many as come. */
  callRates: Readonly<Record<string, number>>;
}

const HOUR_MS = 3_600_000;

export const TABLE_STREAM_LIMITS: TableStreamLimits = {
  shards: 4,
  rollMs: 4 * HOUR_MS,
  retentionMs: 24 * HOUR_MS,
  iteratorLifeMs: 15 * 60_000,
  getRecordsMax: 1_000,
  getBytesMax: 1_048_576,
  callRates: { DescribeStream: 10, ListStreams: 5 },
};
