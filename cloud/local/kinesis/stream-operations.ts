import { AwsError, validation } from '../aws-error.js';
import { optionalObject, optionalText, optionalWhole, whole } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { consumersOf } from './consumers.js';
import {
  activeStream,
  arnOf,
  describeShard,
  type KinesisContext,
  refuseMembers,
  streamNameOf,
  streamOf,
} from './context.js';
import { ON_DEMAND_SHARDS, RETENTION_HOURS_DEFAULT, RETENTION_HOURS_MAX, SHARD_COUNT_MAX } from './limits.js';
import { SHARD_ID } from './members.js';
import { checkOnDemandQuota, modeOf } from './scaling-operations.js';
import type { Stream } from './stream.js';

const DESCRIBE_SHARDS_MAX = 10_000;
const DESCRIBE_SHARDS_DEFAULT = 100;
const LIST_STREAMS_MAX = 10_000;
const LIST_STREAMS_DEFAULT = 100;

/** What makes, changes and describes streams; shards are listed by `shard-operations`. */
export function streamOperations(context: KinesisContext): Record<string, Operation> {
  const { catalog, limits, raceClock } = context;
  return {
    CreateStream: async (input) => {
      refuseMembers(input, 'Tags', 'WarmThroughputMiBps', 'MaxRecordSizeInKiB');
      const details = optionalObject(input, 'StreamModeDetails');
      const mode = details === undefined ? 'PROVISIONED' : modeOf(details);
      const shardCount = optionalWhole(input, 'ShardCount', 1, SHARD_COUNT_MAX);
      if (mode === 'PROVISIONED' && shardCount === undefined) {
        throw validation('ShardCount is required for a stream in PROVISIONED mode.');
      }
      if (mode === 'ON_DEMAND' && shardCount !== undefined) {
        throw validation('ShardCount must not be given for a stream in ON_DEMAND mode.');
      }
      checkCreating(context);
      if (mode === 'ON_DEMAND') checkOnDemandQuota(context);
      await catalog.create(streamNameOf(input), shardCount ?? ON_DEMAND_SHARDS, mode);
      return undefined;
    },
    DeleteStream: async (input) => {
      const stream = streamOf(context, input);
      if (consumersOf(context, stream).length > 0 && input.EnforceConsumerDeletion !== true) {
        throw new AwsError(
          'ResourceInUseException',
          `Stream ${stream.name} has consumers: deregister them, or set EnforceConsumerDeletion.`,
        );
      }
      await catalog.delete(stream);
      return undefined;
    },
    DescribeStreamSummary: (input) => {
      const stream = streamOf(context, input);
      return {
        StreamDescriptionSummary: {
          ...describe(context, stream),
          OpenShardCount: stream.openShards.length,
          ConsumerCount: consumersOf(context, stream).length,
        },
      };
    },
    DescribeStream: (input) => {
      const limit = optionalWhole(input, 'Limit', 1, DESCRIBE_SHARDS_MAX) ?? DESCRIBE_SHARDS_DEFAULT;
      const after = optionalText(input, 'ExclusiveStartShardId', SHARD_ID);
      const stream = streamOf(context, input);
      const shards = stream.listedShards(raceClock.nowMs()).filter((shard) => after === undefined || shard.id > after);
      return {
        StreamDescription: {
          ...describe(context, stream),
          Shards: shards.slice(0, limit).map((shard) => describeShard(stream, shard)),
          HasMoreShards: shards.length > limit,
        },
      };
    },
    ListStreams: (input) => {
      const limit = optionalWhole(input, 'Limit', 1, LIST_STREAMS_MAX) ?? LIST_STREAMS_DEFAULT;
      const after =
        optionalText(input, 'ExclusiveStartStreamName', { max: 128 }) ??
        optionalText(input, 'NextToken', { max: 1_048_576 });
      const names = catalog.names().filter((name) => after === undefined || name > after);
      const page = names.slice(0, limit);
      return {
        StreamNames: page,
        StreamSummaries: page.map((name) => summarise(context, catalog.find(name)!)),
        HasMoreStreams: names.length > limit,
        NextToken: names.length > limit ? page.at(-1) : undefined,
      };
    },
    IncreaseStreamRetentionPeriod: async (input) => setRetention(context, input, 'Increase'),
    DecreaseStreamRetentionPeriod: async (input) => setRetention(context, input, 'Decrease'),
    DescribeLimits: () => {
      const onDemand = catalog.all().filter(({ record }) => record.mode === 'ON_DEMAND');
      return {
        ShardLimit: limits.shardsMax,
        OpenShardCount: catalog.openShards,
        OnDemandStreamCount: onDemand.length,
        OnDemandStreamCountLimit: limits.onDemandStreamsMax,
      };
    },
  };
}

/** Throws LimitExceededException while as many streams as may are CREATING. */
function checkCreating({ catalog, limits, raceClock }: KinesisContext): void {
  const nowMs = raceClock.nowMs();
  const creating = catalog.all().filter((stream) => stream.status(nowMs) === 'CREATING').length;
  if (creating < limits.streamsCreatingMax) return;
  throw new AwsError('LimitExceededException', `${creating} streams are CREATING already.`);
}

async function setRetention(
  context: KinesisContext,
  input: JsonObject,
  direction: 'Increase' | 'Decrease',
): Promise<undefined> {
  const hours = whole(input, 'RetentionPeriodHours', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const stream = activeStream(context, input);
  const { retentionHours } = stream.record;
  const refuse = (what: string) => new AwsError('InvalidArgumentException', what);
  const requested = `Requested retention period (${hours} hours)`;
  if (hours < RETENTION_HOURS_DEFAULT) {
    throw refuse(`Minimum allowed retention period is ${RETENTION_HOURS_DEFAULT} hours. ${requested} is too short.`);
  }
  if (hours > RETENTION_HOURS_MAX) {
    throw refuse(`Maximum allowed retention period is ${RETENTION_HOURS_MAX} hours. ${requested} is too long.`);
  }
  if (direction === 'Increase' ? hours < retentionHours : hours > retentionHours) {
    const [bound, other] = direction === 'Increase' ? ['shorter', 'Decrease'] : ['longer', 'Increase'];
    throw refuse(
      `${requested} for stream ${stream.name} can not be ${bound} than existing retention period (${retentionHours} hours). Use ${other}RetentionPeriod API.`,
    );
  }
  stream.record.retentionHours = hours;
  await context.catalog.save(stream, 'UPDATING');
  return undefined;
}

function summarise(context: KinesisContext, stream: Stream): JsonObject {
  return {
    StreamName: stream.name,
    StreamARN: arnOf(context, stream),
    StreamStatus: stream.status(context.raceClock.nowMs()),
    StreamModeDetails: { StreamMode: stream.record.mode },
    StreamCreationTimestamp: stream.record.createdAtMs / 1000,
  };
}

function describe(context: KinesisContext, stream: Stream): JsonObject {
  return {
    ...summarise(context, stream),
    RetentionPeriodHours: stream.record.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: 'NONE',
  };
}
