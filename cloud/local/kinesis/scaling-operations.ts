import { AwsError, validation } from '../aws-error.js';
import { oneOf, optionalObject, text, whole } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { activeStream, arnOf, type KinesisContext, refuseMembers, shardOf } from './context.js';
import { parseHashKey } from './hash-range.js';
import { SHARD_COUNT_MAX } from './limits.js';
import type { Resharding, Stream, StreamMode } from './stream.js';

const DAY_MS = 24 * 3_600_000;

/** What changes how many shards a stream has, and who decides on that. All need an ACTIVE stream. */
export function scalingOperations(context: KinesisContext): Record<string, Operation> {
  const { catalog, raceClock } = context;
  return {
    SplitShard: async (input) => {
      const stream = provisionedStream(context, input);
      const shard = shardOf(context, stream, input, 'ShardToSplit');
      const starting = text(input, 'NewStartingHashKey', { max: 39, pattern: /^(0|[1-9]\d{0,38})$/ });
      catalog.checkShardQuota(1);
      const change = stream.split(shard, parseHashKey(starting) ?? '', raceClock.nowMs());
      await finish(context, 'kinesis.SplitShard', stream, change);
      return undefined;
    },
    MergeShards: async (input) => {
      const stream = provisionedStream(context, input);
      const shard = shardOf(context, stream, input, 'ShardToMerge');
      const adjacent = shardOf(context, stream, input, 'AdjacentShardToMerge');
      const change = stream.merge(shard, adjacent, raceClock.nowMs());
      await finish(context, 'kinesis.MergeShards', stream, change);
      return undefined;
    },
    UpdateShardCount: async (input) => {
      const stream = provisionedStream(context, input);
      oneOf(input, 'ScalingType', ['UNIFORM_SCALING']);
      const target = whole(input, 'TargetShardCount', 1, SHARD_COUNT_MAX);
      const current = stream.openShards.length;
      checkTarget(context, stream, current, target);
      const nowMs = raceClock.nowMs();
      stream.record.scaledAtMs = [...withinDay(stream.record.scaledAtMs, nowMs), nowMs];
      await finish(context, 'kinesis.UpdateShardCount', stream, stream.scaleTo(target, nowMs));
      return {
        StreamName: stream.name,
        StreamARN: arnOf(context, stream),
        CurrentShardCount: current,
        TargetShardCount: target,
      };
    },
    UpdateStreamMode: async (input) => {
      refuseMembers(input, 'WarmThroughputMiBps');
      const stream = activeStream(context, { StreamARN: text(input, 'StreamARN', { max: 2048 }) });
      const mode = modeOf(optionalObject(input, 'StreamModeDetails') ?? {});
      if (mode === stream.record.mode) {
        throw new AwsError('InvalidArgumentException', `Stream ${stream.name} is in ${mode} mode already.`);
      }
      const nowMs = raceClock.nowMs();
      const changes = withinDay(stream.record.modeChangedAtMs, nowMs);
      checkDaily(changes, context.limits.modeChangesPerDay, `Stream ${stream.name} may change its mode`);
      if (mode === 'ON_DEMAND') checkOnDemandQuota(context);
      stream.record.modeChangedAtMs = [...changes, nowMs];
      // The shards stay as they are; from here on they grow with the load, or by UpdateShardCount.
      stream.record.mode = mode;
      await catalog.save(stream, 'UPDATING');
      return undefined;
    },
  };
}

export function modeOf(details: JsonObject): StreamMode {
  return oneOf(details, 'StreamMode', ['PROVISIONED', 'ON_DEMAND']);
}

/** Throws LimitExceededException when the account has as many on-demand streams as it may. */
export function checkOnDemandQuota({ catalog, limits }: KinesisContext): void {
  const count = catalog.all().filter(({ record }) => record.mode === 'ON_DEMAND').length;
  if (count < limits.onDemandStreamsMax) return;
  throw new AwsError('LimitExceededException', `The account has ${count} on-demand streams already.`);
}

function provisionedStream(context: KinesisContext, input: JsonObject): Stream {
  const stream = activeStream(context, input);
  if (stream.record.mode === 'PROVISIONED') return stream;
  throw validation(`Stream ${stream.name} is in ON_DEMAND mode: its shards are not the caller's to change.`);
}

async function finish(
  { catalog, faults, raceClock }: KinesisContext,
  operation: string,
  stream: Stream,
  change: Resharding,
): Promise<void> {
  const late = faults.draw(operation, 'lateChildren');
  if (late !== undefined) stream.listLate(change.opened, raceClock.nowMs() + late.ms);
  await catalog.saveResharding(stream, change);
}

function checkTarget(context: KinesisContext, stream: Stream, current: number, target: number): void {
  const refuse = (what: string) => {
    throw new AwsError(
      'LimitExceededException',
      `UpdateShardCount cannot ${what}. Current open shard count: ${current} Target shard count: ${target}`,
    );
  };
  if (target > 2 * current) refuse('scale up over double your current open shard count');
  if (target < current / 2) refuse('scale down below half your current open shard count');
  if (target > current) context.catalog.checkShardQuota(target - current);
  const changes = withinDay(stream.record.scaledAtMs, context.raceClock.nowMs());
  checkDaily(changes, context.limits.scalingsPerDay, `Stream ${stream.name} may be scaled`);
}

function checkDaily(times: readonly number[], max: number, subject: string): void {
  if (times.length < max) return;
  throw new AwsError('LimitExceededException', `${subject} ${max} times in 24 hours.`);
}

function withinDay(times: readonly number[], nowMs: number): number[] {
  return times.filter((atMs) => nowMs - atMs < DAY_MS);
}
