import { AwsError, validation } from '../aws-error.js';
import { oneOf, optionalObject, optionalText, optionalTimestamp, optionalWhole } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { describeShard, type KinesisContext, streamNotFound, streamOf } from './context.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';

const LIST_SHARDS_MAX = 10_000;
const LIST_SHARDS_DEFAULT = 1_000;
/** A page token lives as long as a shard iterator. */
const TOKEN_LIFE_MS = 5 * 60_000;

const FILTERS = [
  'AFTER_SHARD_ID',
  'AT_TRIM_HORIZON',
  'FROM_TRIM_HORIZON',
  'AT_LATEST',
  'AT_TIMESTAMP',
  'FROM_TIMESTAMP',
] as const;

/** Where the next page of a listing begins: opaque to clients. */
interface PageToken {
  streamId: number;
  afterIndex: number;
  issuedAtMs: number;
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
      const wanted = filterOf(stream, token.filter);
      const shards = stream.shards.filter((shard) => shard.record.index > token.afterIndex && wanted(shard));
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

function firstPage(context: KinesisContext, input: JsonObject): PageToken {
  const stream = streamOf(context, input);
  const after = optionalText(input, 'ExclusiveStartShardId', { max: 128 });
  const filter = optionalObject(input, 'ShardFilter');
  const afterIndex =
    after === undefined ? -1 : stream.shards.reduce((last, { id, record }) => (id <= after ? record.index : last), -1);
  return { streamId: stream.record.id, afterIndex, issuedAtMs: context.raceClock.nowMs(), filter };
}

function nextPage(context: KinesisContext, input: JsonObject, given: string): PageToken {
  if (input.StreamName !== undefined || input.ExclusiveStartShardId !== undefined) {
    throw new AwsError(
      'InvalidArgumentException',
      'NextToken and StreamName or ExclusiveStartShardId cannot be provided together.',
    );
  }
  let token: PageToken;
  try {
    token = JSON.parse(Buffer.from(given, 'base64url').toString('utf8')) as PageToken;
  } catch {
    throw new AwsError('InvalidArgumentException', 'Invalid NextToken.');
  }
  if (context.raceClock.nowMs() - token.issuedAtMs > TOKEN_LIFE_MS) {
    throw new AwsError('ExpiredNextTokenException', 'The NextToken has expired; list again from the start.');
  }
  return token;
}

function formatToken(token: PageToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/**
 * API reference, ShardFilter. "AT" = open at that time, "FROM" = open at that time or later. A shard is open from its
 * creation until its children are created.
 */
function filterOf(stream: Stream, filter: JsonObject | undefined): (shard: Shard) => boolean {
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
    case 'AT_TRIM_HORIZON':
      return (shard) => shard.record.parent === undefined;
    case 'AT_TIMESTAMP':
    case 'FROM_TIMESTAMP': {
      const atMs = optionalTimestamp(filter, 'Timestamp');
      if (atMs === undefined) throw validation(`ShardFilter ${type} needs a Timestamp.`);
      const closedAtMs = (shard: Shard) =>
        shard.isOpen
          ? Number.POSITIVE_INFINITY
          : Math.min(...stream.childrenOf(shard).map((child) => child.record.createdAtMs));
      return (shard) => closedAtMs(shard) > atMs && (type === 'FROM_TIMESTAMP' || shard.record.createdAtMs <= atMs);
    }
  }
}
