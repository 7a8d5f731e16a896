import type { Clock } from '#wire/clock.js';
import { AwsError, validation } from '../aws-error.js';
import type { Faults } from '../faults.js';
import { optionalText, text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { Catalog } from './catalog.js';
import { toDecimal } from './hash-range.js';
import type { KinesisLimits } from './limits.js';
import type { Shard } from './shard.js';
import type { Store } from './store.js';
import type { Stream } from './stream.js';
import type { Subscriptions } from './subscriptions.js';

/** What every operation works on. */
export interface KinesisContext {
  catalog: Catalog;
  store: Store;
  limits: KinesisLimits;
  raceClock: Clock;
  region: string;
  accountId: string;
  counters: Omit<KinesisCounters, 'subscriptions'>;
  faults: Faults;
  subscriptions: Subscriptions;
}

/** Since the start. */
export interface KinesisCounters {
  recordsIn: number;
  recordsOut: number;
  /** Records refused because their shard was at its rate. */
  recordsThrottled: number;
  batchesTrimmed: number;
  /** Subscriptions that are open now. */
  subscriptions: number;
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

/** The stream that the input names in any of the ways; undefined when there is none. For rates, so nothing is refused. */
export function streamNamed({ catalog }: KinesisContext, input: JsonObject): Stream | undefined {
  for (const member of [input.StreamName, input.StreamARN, input.ConsumerARN]) {
    if (typeof member !== 'string') continue;
    const [, name = member] = /:stream\/([^/]+)/.exec(member) ?? [];
    return catalog.find(name);
  }
  return undefined;
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

/** A stream that may be changed now. Throws ResourceInUseException for one that is not ACTIVE. */
export function activeStream(context: KinesisContext, input: JsonObject): Stream {
  const stream = streamOf(context, input);
  const status = stream.status(context.raceClock.nowMs());
  if (status !== 'ACTIVE') {
    throw new AwsError(
      'ResourceInUseException',
      `Stream ${stream.name} under account ${context.accountId} not ACTIVE, instead in state ${status}.`,
    );
  }
  return stream;
}

/** What is not served is not ignored: throws ValidationException for the first of these members that is given. */
export function refuseMembers(input: JsonObject, ...members: string[]): void {
  const given = members.find((member) => input[member] !== undefined && input[member] !== null);
  if (given !== undefined) throw validation(`${given} is not served locally; the folder's README says why.`);
}

export function streamNotFound(context: KinesisContext, name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Stream ${name} under account ${context.accountId} not found.`);
}

export function rateExceeded({ accountId }: KinesisContext, stream: Stream, shard: Shard): AwsError {
  return new AwsError(
    'ProvisionedThroughputExceededException',
    `Rate exceeded for shard ${shard.id} in stream ${stream.name} under account ${accountId}.`,
  );
}

export function shardOf(context: KinesisContext, stream: Stream, input: JsonObject, member = 'ShardId'): Shard {
  const id = text(input, member, SHARD_ID);
  const shard = stream.shard(id);
  if (shard === undefined || stream.isExpired(shard, context.raceClock.nowMs())) {
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

/** The children of a closed shard, as its last answer tells them. */
export function describeChildren(stream: Stream, shard: Shard): JsonObject[] {
  return stream.childrenOf(shard).map((child) => ({
    ShardId: child.id,
    ParentShards: [child.record.parent, child.record.adjacentParent]
      .filter((index) => index !== undefined)
      .map((index) => stream.shards[index].id),
    HashKeyRange: describeRange(child),
  }));
}

export function describeRange(shard: Shard): JsonObject {
  const { starting, ending } = shard.record.range;
  return { StartingHashKey: toDecimal(starting), EndingHashKey: toDecimal(ending) };
}
