import { defaultsOf, type LimitValues, quota, timer } from '../limit.js';

const MIB = 1_048_576;

/**
 * What Kinesis refuses (Kinesis Data Streams developer guide, "Quotas and limits"; API reference of each operation). All
 * on by default; rates count on the race clock, so that a race at 10 × speed meets the limits of 1 ×.
 */
export const KINESIS_QUOTAS = {
  writeBytesPerSecond: quota(MIB, 'Bytes a second into one shard; partition keys count.'),
  writeRecordsPerSecond: quota(1_000, 'Records a second into one shard.'),
  readBytesPerSecond: quota(2 * MIB, 'Bytes a second out of one shard by GetRecords, all readers together.'),
  readCallsPerSecond: quota(5, 'GetRecords a second of one shard, all readers together.'),
  iteratorsPerSecond: quota(5, 'GetShardIterator a second of one shard.'),
  recordBytesMax: quota(MIB, 'Data of one record, before base64.'),
  putRecordsMax: quota(500, 'Records of one PutRecords.'),
  putBytesMax: quota(10 * MIB, 'Bytes of one PutRecords.'),
  getRecordsMax: quota(10_000, 'Records of one GetRecords.'),
  getBytesMax: quota(10 * MIB, 'Bytes of one GetRecords.'),
  iteratorLifeMs: quota(5 * 60_000, 'Age at which a shard iterator expires, race ms.'),
  shardsMax: quota(500, 'Open shards of the account.'),
  onDemandStreamsMax: quota(50, 'On-demand streams of the account.'),
  streamsCreatingMax: quota(5, 'Streams that are CREATING at one time.'),
  consumersMax: quota(20, 'Consumers of one stream.'),
  consumersCreatingMax: quota(5, 'Consumers of one stream that are CREATING at one time.'),
  subscriptionBytesPerSecond: quota(2 * MIB, 'Bytes a second to one consumer from one shard.'),
  subscriptionLifeMs: timer(quota(5 * 60_000, 'How long a subscription lasts, race ms.')),
  subscriptionTakeoverMs: quota(
    5_000,
    'For so long after a SubscribeToShard the next for that consumer and shard is refused, race ms; later it takes over.',
  ),
  scalingsPerDay: quota(10, 'UpdateShardCount of one stream in 24 hours of race time.'),
  modeChangesPerDay: quota(2, 'UpdateStreamMode of one stream in 24 hours of race time.'),
};

export interface KinesisLimits extends LimitValues<typeof KINESIS_QUOTAS> {
  /** Calls of each operation; absent = as many as come. */
  callRates: CallRates;
}

export interface CallRate {
  perSecond: number;
  of: 'account' | 'stream';
}

export type CallRates = Readonly<Record<string, CallRate>>;

const perAccount = (perSecond: number): CallRate => ({ perSecond, of: 'account' });
const perStream = (perSecond: number): CallRate => ({ perSecond, of: 'stream' });

/** Data operations have rates per shard, above, and SubscribeToShard has its own rule. */
export const CALL_RATES = {
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
} satisfies CallRates;

export const KINESIS_LIMITS: KinesisLimits = { ...defaultsOf(KINESIS_QUOTAS), callRates: CALL_RATES };

/** A new stream keeps records for a day; the operations that change it allow up to a year. */
export const RETENTION_HOURS_DEFAULT = 24;
export const RETENTION_HOURS_MAX = 8_760;
/** Of one stream, also by UpdateShardCount. */
export const SHARD_COUNT_MAX = 10_000;
/** An on-demand stream starts with four shards. */
export const ON_DEMAND_SHARDS = 4;
