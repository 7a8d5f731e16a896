import { AwsError, validation } from '../aws-error.js';
import { oneOf, optionalObject, text, whole } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { activeStream, arnOf, type KinesisContext, refuseMembers, shardOf } from './context.js';
import { join, parseHashKey, toDecimal } from './hash-range.js';
import { SHARD_COUNT_MAX } from './limits.js';
import { HASH_KEY, SHARD_ID } from './members.js';
import type { Shard } from './shard.js';
import type { Resharding, Stream, StreamMode } from './stream.js';

const DAY_MS = 24 * 3_600_000;

/** What changes how many shards a stream has, and who decides on that. All need an ACTIVE stream. */
export function scalingOperations(context: KinesisContext): Record<string, Operation> {
  const { catalog, raceClock } = context;
  return {
    SplitShard: async (input) => {
      const id = text(input, 'ShardToSplit', SHARD_ID);
      const starting = text(input, 'NewStartingHashKey', HASH_KEY);
      const stream = provisionedStream(context, input);
      const shard = shardOf(context, stream, id);
      catalog.checkShardQuota(1);
      const point = splitPoint(context, stream, shard, starting);
      checkOpen(context, stream, shard);
      const change = stream.split(shard, point, raceClock.nowMs());
      await finish(context, 'kinesis.SplitShard', stream, change);
      return undefined;
    },
    MergeShards: async (input) => {
      const ids = ['ShardToMerge', 'AdjacentShardToMerge'].map((member) => text(input, member, SHARD_ID));
      const stream = provisionedStream(context, input);
      const [shard, adjacent] = ids.map((id) => shardOf(context, stream, id));
      checkNeighbours(context, stream, shard, adjacent);
      for (const each of [shard, adjacent]) checkOpen(context, stream, each);
      const change = stream.merge(shard, adjacent, raceClock.nowMs());
      await finish(context, 'kinesis.MergeShards', stream, change);
      return undefined;
    },
    UpdateShardCount: async (input) => {
      oneOf(input, 'ScalingType', ['UNIFORM_SCALING']);
      const target = whole(input, 'TargetShardCount', 1, SHARD_COUNT_MAX);
      const stream = provisionedStream(context, input);
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

function checkOpen({ accountId }: KinesisContext, stream: Stream, shard: Shard): void {
  if (shard.isOpen) return;
  throw new AwsError(
    'InvalidArgumentException',
    `Shard ${shard.id} in stream ${stream.name} under account ${accountId} has already been merged or split, and thus is not eligible for merging or splitting.`,
  );
}

function checkNeighbours({ accountId }: KinesisContext, stream: Stream, shard: Shard, adjacent: Shard): void {
  if (join(shard.record.range, adjacent.record.range) !== undefined && shard !== adjacent) return;
  throw new AwsError(
    'InvalidArgumentException',
    `Shards ${shard.id} and ${adjacent.id} in stream ${stream.name} under account ${accountId} are not an adjacent pair of shards eligible for merging`,
  );
}

/** The second half begins there; AWS wants it past the first key but one, and before the last. */
function splitPoint({ accountId }: KinesisContext, stream: Stream, shard: Shard, starting: string): string {
  const { starting: first, ending: last } = shard.record.range;
  const hashKey = parseHashKey(starting);
  if (hashKey !== undefined && hashKey < last && BigInt(starting) > BigInt(toDecimal(first)) + 1n) return hashKey;
  throw new AwsError(
    'InvalidArgumentException',
    `NewStartingHashKey ${starting} used in SplitShard() on shard ${shard.id} in stream ${stream.name} under account ${accountId} is not both greater than one plus the shard's StartingHashKey ${toDecimal(first)} and less than the shard's EndingHashKey ${toDecimal(last)}.`,
  );
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
