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
  /** GetShardIterator calls. */
  iteratorsPerSecond: number;
  /** Data of one record, before base64. */
  recordBytesMax: number;
  putRecordsMax: number;
  putBytesMax: number;
  getRecordsMax: number;
  getBytesMax: number;
  iteratorLifeMs: number;
  /** Open shards of the account. */
  shardsMax: number;
  onDemandStreamsMax: number;
  /** Streams that are CREATING at one time. */
  streamsCreatingMax: number;
  /** Of one stream. */
  consumersMax: number;
  consumersCreatingMax: number;
  /** Of one consumer in one shard. */
  subscriptionBytesPerSecond: number;
  subscriptionLifeMs: number;
  /** A second SubscribeToShard within that time is refused, later it takes the subscription over. */
  subscriptionTakeoverMs: number;
  /** UpdateShardCount of one stream, in 24 hours. */
  scalingsPerDay: number;
  /** UpdateStreamMode of one stream, in 24 hours. */
  modeChangesPerDay: number;
  /** Calls of each operation; absent = as many as come. */
  callRates: CallRates;
}

export interface CallRate {
  perSecond: number;
  of: 'account' | 'stream';
}

export type CallRates = Readonly<Record<string, CallRate>>;

const MIB = 1_048_576;
const perAccount = (perSecond: number): CallRate => ({ perSecond, of: 'account' });
const perStream = (perSecond: number): CallRate => ({ perSecond, of: 'stream' });

/** Data operations have rates per shard, above, and SubscribeToShard has its own rule. */
const CALL_RATES: CallRates = {
  CreateStream: perAccount(5),
  DeleteStream: perAccount(5),
  DescribeLimits: perAccount(1),
  DescribeStream: perAccount(10),
  DescribeStreamSummary: perAccount(20),
  ListStreams: perAccount(5),
  ListShards: perStream(1_000),
  SplitShard: perAccount(5),
  MergeShards: perAccount(5),
  UpdateShardCount: perAccount(10),
  IncreaseStreamRetentionPeriod: perStream(5),
  DecreaseStreamRetentionPeriod: perStream(5),
  RegisterStreamConsumer: perAccount(5),
  DeregisterStreamConsumer: perStream(5),
  DescribeStreamConsumer: perStream(20),
  ListStreamConsumers: perStream(5),
};

export const KINESIS_LIMITS: KinesisLimits = {
  writeBytesPerSecond: MIB,
  writeRecordsPerSecond: 1_000,
  readBytesPerSecond: 2 * MIB,
  readCallsPerSecond: 5,
  iteratorsPerSecond: 5,
  recordBytesMax: MIB,
  putRecordsMax: 500,
  putBytesMax: 10 * MIB,
  getRecordsMax: 10_000,
  getBytesMax: 10 * MIB,
  iteratorLifeMs: 5 * 60_000,
  shardsMax: 500,
  onDemandStreamsMax: 50,
  streamsCreatingMax: 5,
  consumersMax: 20,
  consumersCreatingMax: 5,
  subscriptionBytesPerSecond: 2 * MIB,
  subscriptionLifeMs: 5 * 60_000,
  subscriptionTakeoverMs: 5_000,
  scalingsPerDay: 10,
  modeChangesPerDay: 2,
  callRates: CALL_RATES,
};

/** A new stream keeps records for a day; the operations that change it allow up to a year. */
export const RETENTION_HOURS_DEFAULT = 24;
export const RETENTION_HOURS_MAX = 8_760;
/** Of one stream, also by UpdateShardCount. */
export const SHARD_COUNT_MAX = 10_000;
/** An on-demand stream starts with four shards. */
export const ON_DEMAND_SHARDS = 4;
