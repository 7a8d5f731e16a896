import { AwsError, validation } from '../aws-error.js';
import { oneOf, optionalObject, optionalText, optionalTimestamp, optionalWhole } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { describeShard, type KinesisContext, streamNotFound, streamOf } from './context.js';
import { formatToken, type PageToken, parseToken } from './page-token.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';

const LIST_SHARDS_MAX = 10_000;
const LIST_SHARDS_DEFAULT = 1_000;

const FILTERS = [
  'AFTER_SHARD_ID',
  'AT_TRIM_HORIZON',
  'FROM_TRIM_HORIZON',
  'AT_LATEST',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
] as const;

interface ShardsToken extends PageToken {
  afterIndex: number;
  filter: JsonObject | undefined;
}

/** ListShards, by pages and with filters. */
export function shardOperations(context: KinesisContext): Record<string, Operation> {
  return {
    ListShards: (input) => {
      const max = optionalWhole(input, 'MaxResults', 1, LIST_SHARDS_MAX) ?? LIST_SHARDS_DEFAULT;
      const nowMs = context.raceClock.nowMs();
      const given = optionalText(input, 'NextToken', { max: 1_048_576 });
      const token = given === undefined ? firstPage(context, input) : nextPage(context, input, given);
      const stream = context.catalog.findById(token.streamId);
      if (stream === undefined) throw streamNotFound(context, 'of this token');
      const wanted = filterOf(stream, token.filter, nowMs);
      const shards = stream
        .listedShards(nowMs)
        .filter((shard) => shard.record.index > token.afterIndex && wanted(shard));
      const page = shards.slice(0, max);
      return {
        Shards: page.map((shard) => describeShard(stream, shard)),
        NextToken:
          shards.length > max
            ? formatToken({ ...token, afterIndex: page.at(-1)!.record.index, issuedAtMs: nowMs })
            : undefined,
      };
    },
  };
}

function firstPage(context: KinesisContext, input: JsonObject): ShardsToken {
  if (input.StreamName === undefined && input.StreamARN === undefined) {
    throw new AwsError('InvalidArgumentException', 'Either NextToken or StreamName should be provided.');
  }
  const stream = streamOf(context, input);
  const after = optionalText(input, 'ExclusiveStartShardId', { max: 128 });
  const filter = optionalObject(input, 'ShardFilter');
  const afterIndex =
    after === undefined ? -1 : stream.shards.reduce((last, { id, record }) => (id <= after ? record.index : last), -1);
  return { streamId: stream.record.id, afterIndex, issuedAtMs: context.raceClock.nowMs(), filter };
}

function nextPage(context: KinesisContext, input: JsonObject, given: string): ShardsToken {
  if (input.StreamName !== undefined || input.ExclusiveStartShardId !== undefined) {
    throw new AwsError('InvalidArgumentException', 'NextToken and StreamName cannot be provided together.');
  }
  return parseToken<ShardsToken>(context, given);
}

/**
 * API reference, ShardFilter. "AT" = open at that time, "FROM" = open at that time or later. A shard is open from its
 * creation until its children are created. A stream that is younger than its retention has its trim horizon at its start.
 */
function filterOf(stream: Stream, filter: JsonObject | undefined, nowMs: number): (shard: Shard) => boolean {
  if (filter === undefined) return () => true;
  const type = oneOf(filter, 'Type', FILTERS);
  switch (type) {
    case 'AFTER_SHARD_ID': {
      const after = optionalText(filter, 'ShardId', { max: 128 });
      if (after === undefined) throw validation('ShardFilter AFTER_SHARD_ID needs a ShardId.');
      return (shard) => shard.id > after;
    }
    case 'AT_LATEST':
      return (shard) => shard.isOpen;
    case 'FROM_TRIM_HORIZON':
      return () => true;
    case 'AT_TRIM_HORIZON': {
      const horizonMs = Math.max(stream.trimHorizonMs(nowMs), stream.record.createdAtMs);
      return (shard) => isOpenAfter(shard, horizonMs) && shard.record.createdAtMs <= horizonMs;
    }
    case 'AT_TIMESTAMP':
    case 'FROM_TIMESTAMP': {
      const atMs = optionalTimestamp(filter, 'Timestamp');
      if (atMs === undefined) throw validation(`ShardFilter ${type} needs a Timestamp.`);
      return (shard) => isOpenAfter(shard, atMs) && (type === 'FROM_TIMESTAMP' || shard.record.createdAtMs <= atMs);
    }
  }
}

function isOpenAfter({ record: { closedAtMs = Number.POSITIVE_INFINITY } }: Shard, atMs: number): boolean {
  return closedAtMs > atMs;
}
