import { AwsError } from '../aws-error.js';
import { optionalWhole, text } from '../input.js';
import { EncodedJson, type JsonObject, type Operation } from '../json-service.js';
import {
  describeChildren,
  type KinesisContext,
  rateExceeded,
  readableShard,
  streamNameOf,
  streamNotFound,
} from './context.js';
import { formatIterator, parseIterator, type ShardIterator } from './iterator.js';
import { SHARD_ID } from './members.js';
import { encodeRecords } from './records-json.js';
import type { Shard } from './shard.js';
import { ITERATOR_MEMBERS, readPosition, startOf } from './start-position.js';
import type { Stream } from './stream.js';

/** GetShardIterator and GetRecords. */
export function readOperations(context: KinesisContext): Record<string, Operation> {
  return {
    GetShardIterator: (input) => {
      const id = text(input, 'ShardId', SHARD_ID);
      const position = readPosition(input, ITERATOR_MEMBERS);
      const { stream, shard } = readableShard(context, input, id);
      const issuedAtMs = context.raceClock.nowMs();
      if (!shard.rates.tryIterator(issuedAtMs)) throw rateExceeded(context, stream, shard);
      const next = startOf(context, stream, shard, position);
      return {
        ShardIterator: formatIterator({ streamId: stream.record.id, shardIndex: shard.record.index, next, issuedAtMs }),
      };
    },
    GetRecords: (input) => {
      const limit = optionalWhole(input, 'Limit', 1, context.limits.getRecordsMax) ?? context.limits.getRecordsMax;
      const iterator = iteratorOf(context, text(input, 'ShardIterator', { max: 512 }));
      const { stream, shard } = target(context, iterator, input);
      return getRecords(context, stream, shard, iterator, limit);
    },
  };
}

function iteratorOf(context: KinesisContext, given: string): ShardIterator {
  const iterator = parseIterator(given);
  if (iterator === undefined) throw new AwsError('InvalidArgumentException', 'Invalid ShardIterator.');
  const ageMs = context.raceClock.nowMs() - iterator.issuedAtMs;
  if (ageMs > context.limits.iteratorLifeMs) {
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created ${Math.round(ageMs / 1000)} s ago, which exceeds the tolerated delay of ${context.limits.iteratorLifeMs / 1000} s.`,
    );
  }
  return iterator;
}

function target(context: KinesisContext, iterator: ShardIterator, input: JsonObject): { stream: Stream; shard: Shard } {
  const stream = context.catalog.findById(iterator.streamId);
  const shard = stream?.shards[iterator.shardIndex];
  if (stream === undefined || shard === undefined || stream.isExpired(shard, context.raceClock.nowMs()))
    throw streamNotFound(context, 'of this iterator');
  if (input.StreamARN !== undefined && streamNameOf(input) !== stream.name) {
    throw new AwsError('InvalidArgumentException', 'The iterator is not of the stream that StreamARN names.');
  }
  return { stream, shard };
}

function getRecords(
  context: KinesisContext,
  stream: Stream,
  shard: Shard,
  iterator: ShardIterator,
  limit: number,
): EncodedJson {
  const nowMs = context.raceClock.nowMs();
  if (!shard.rates.tryRead(nowMs)) throw rateExceeded(context, stream, shard);
  shard.expire(stream.trimHorizonMs(nowMs));
  const { json, count, payloadBytes, next, lastArrivedAtMs } = shard.read(
    iterator.next,
    limit,
    context.limits.getBytesMax,
  );
  shard.rates.chargeRead(payloadBytes, nowMs);
  context.counters.recordsOut += count;

  const isEnd = shard.isEnd(next);
  const rest = {
    // Absent at the end of a closed shard: the reader goes on with the children.
    NextShardIterator: isEnd ? undefined : formatIterator({ ...iterator, next, issuedAtMs: nowMs }),
    MillisBehindLatest: isEnd ? 0 : shard.behindMs(next, lastArrivedAtMs, nowMs),
    ChildShards: isEnd ? describeChildren(stream, shard) : undefined,
  };
  return new EncodedJson(encodeRecords(json, rest));
}
