import { AwsError } from '../aws-error.js';
import { oneOf, optionalTimestamp, optionalWhole, text } from '../input.js';
import { EncodedJson, type JsonObject, type Operation } from '../json-service.js';
import { describeRange, type KinesisContext, shardOf, streamNameOf, streamNotFound, streamOf } from './context.js';
import { formatIterator, parseIterator, type ShardIterator } from './iterator.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';

const SEQUENCE_NUMBER = { max: 129, pattern: /^(0|[1-9]\d{0,128})$/ };
const ITERATOR_TYPES = [
  'TRIM_HORIZON',
  'LATEST',
  'AT_SEQUENCE_NUMBER',
  'AFTER_SEQUENCE_NUMBER',
  'AT_TIMESTAMP',
] as const;

/** GetShardIterator and GetRecords. */
export function readOperations(context: KinesisContext): Record<string, Operation> {
  return {
    GetShardIterator: (input) => {
      const stream = streamOf(context, input, 'data');
      const shard = shardOf(context, stream, input);
      const next = startOf(context, stream, shard, input);
      const issuedAtMs = context.raceClock.nowMs();
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

/** Number of the first record that the iterator is to return. LATEST is fixed here: what comes later is not missed. */
function startOf(context: KinesisContext, stream: Stream, shard: Shard, input: JsonObject): number {
  switch (oneOf(input, 'ShardIteratorType', ITERATOR_TYPES)) {
    case 'TRIM_HORIZON':
      return shard.horizon;
    case 'LATEST':
      return shard.nextNumber;
    case 'AT_SEQUENCE_NUMBER':
      return numberIn(stream, shard, input);
    case 'AFTER_SEQUENCE_NUMBER':
      return numberIn(stream, shard, input) + 1;
    case 'AT_TIMESTAMP': {
      const atMs = optionalTimestamp(input, 'Timestamp');
      if (atMs === undefined) {
        throw new AwsError(
          'InvalidArgumentException',
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP.',
        );
      }
      if (atMs > context.raceClock.nowMs()) {
        throw new AwsError(
          'InvalidArgumentException',
          `The timestampInMillis parameter cannot be greater than the current time: ${atMs}.`,
        );
      }
      return shard.seek(atMs);
    }
  }
}

function numberIn(stream: Stream, shard: Shard, input: JsonObject): number {
  const sequence = text(input, 'StartingSequenceNumber', SEQUENCE_NUMBER);
  const number = shard.sequence.parse(sequence);
  if (
    number === undefined ||
    number >= (shard.record.endNumber ?? Number.POSITIVE_INFINITY) ||
    number > shard.nextNumber
  ) {
    throw new AwsError(
      'InvalidArgumentException',
      `StartingSequenceNumber ${sequence} used in GetShardIterator on shard ${shard.id} in stream ${stream.name} is invalid.`,
    );
  }
  return number;
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
  if (stream === undefined || shard === undefined) throw streamNotFound(context, 'of this iterator');
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
  if (!shard.rates.tryRead(nowMs)) {
    throw new AwsError(
      'ProvisionedThroughputExceededException',
      `Rate exceeded for shard ${shard.id} in stream ${stream.name} under account ${context.accountId}.`,
    );
  }
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
  const chunks: Uint8Array[] = [RECORDS_HEAD];
  json.forEach((part, i) => {
    if (i > 0) chunks.push(COMMA);
    chunks.push(part);
  });
  chunks.push(Buffer.from(`],${JSON.stringify(rest).slice(1)}`));
  return new EncodedJson(chunks);
}

const RECORDS_HEAD = Buffer.from('{"Records":[');
const COMMA = Buffer.from(',');

function describeChildren(stream: Stream, shard: Shard): JsonObject[] {
  return stream.childrenOf(shard).map((child) => ({
    ShardId: child.id,
    ParentShards: [child.record.parent, child.record.adjacentParent]
      .filter((index) => index !== undefined)
      .map((index) => stream.shards[index].id),
    HashKeyRange: describeRange(child),
  }));
}
