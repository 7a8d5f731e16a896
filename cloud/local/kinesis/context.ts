import type { Clock } from '#wire/clock.js';
import { AwsError, validation } from '../aws-error.js';
import { optionalText, text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { Catalog } from './catalog.js';
import { toDecimal } from './hash-range.js';
import type { KinesisLimits } from './limits.js';
import type { Shard } from './shard.js';
import type { Store } from './store.js';
import type { Stream } from './stream.js';

/** What every operation works on. */
export interface KinesisContext {
  catalog: Catalog;
  store: Store;
  limits: KinesisLimits;
  raceClock: Clock;
  region: string;
  accountId: string;
  counters: KinesisCounters;
}

/** Since the start. */
export interface KinesisCounters {
  recordsIn: number;
  recordsOut: number;
  /** Records refused because their shard was at its rate. */
  recordsThrottled: number;
  batchesTrimmed: number;
}

const STREAM_NAME = { max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
const STREAM_ARN = { max: 2048, pattern: /^arn:aws[^:]*:kinesis:[^:]+:\d{12}:stream\/(\S+)$/ };
const SHARD_ID = { max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };

/** StreamName, or the name in StreamARN; every operation takes either. */
export function streamNameOf(input: JsonObject): string {
  const name = optionalText(input, 'StreamName', STREAM_NAME);
  const arn = optionalText(input, 'StreamARN', STREAM_ARN);
  if (name !== undefined) return name;
  if (arn === undefined) throw validation('Either StreamName or StreamARN must be given.');
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** Throws ResourceNotFoundException, also while the stream is being created when it is meant for data. */
export function streamOf(context: KinesisContext, input: JsonObject, use: 'data' | 'control' = 'control'): Stream {
  const name = streamNameOf(input);
  const stream = context.catalog.find(name);
  if (stream === undefined || (use === 'data' && stream.status(context.raceClock.nowMs()) === 'CREATING')) {
    throw streamNotFound(context, name);
  }
  return stream;
}

export function streamNotFound(context: KinesisContext, name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Stream ${name} under account ${context.accountId} not found.`);
}

export function shardOf(context: KinesisContext, stream: Stream, input: JsonObject, member = 'ShardId'): Shard {
  const id = text(input, member, SHARD_ID);
  const shard = stream.shard(id);
  if (shard === undefined) {
    throw new AwsError(
      'ResourceNotFoundException',
      `Could not find shard ${id} in stream ${stream.name} under account ${context.accountId}.`,
    );
  }
  return shard;
}

export function arnOf({ region, accountId }: KinesisContext, stream: Stream): string {
  return `arn:aws:kinesis:${region}:${accountId}:stream/${stream.name}`;
}

/** A shard as the listing operations describe it. */
export function describeShard(stream: Stream, shard: Shard): JsonObject {
  const { parent, adjacentParent, endNumber } = shard.record;
  const idOf = (index: number | undefined) => (index === undefined ? undefined : stream.shards[index].id);
  return {
    ShardId: shard.id,
    ParentShardId: idOf(parent),
    AdjacentParentShardId: idOf(adjacentParent),
    HashKeyRange: describeRange(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: shard.sequence.format(0),
      EndingSequenceNumber: endNumber === undefined ? undefined : shard.sequence.format(endNumber),
    },
  };
}

export function describeRange(shard: Shard): JsonObject {
  const { starting, ending } = shard.record.range;
  return { StartingHashKey: toDecimal(starting), EndingHashKey: toDecimal(ending) };
}
