import type { Clock } from '#wire/clock.js';
import { AwsError, validation } from '../aws-error.js';
import type { Faults } from '../faults.js';
import { optionalText } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { Catalog } from './catalog.js';
import { toDecimal } from './hash-range.js';
import type { KinesisLimits } from './limits.js';
import { STREAM_ARN, STREAM_NAME } from './members.js';
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

/** Undefined also while the stream is being created when it is meant for data. */
function findStream(context: KinesisContext, name: string, use: 'data' | 'control'): Stream | undefined {
  const stream = context.catalog.find(name);
  return use === 'data' && stream?.status(context.raceClock.nowMs()) === 'CREATING' ? undefined : stream;
}

/** Throws ResourceNotFoundException, also while the stream is being created when it is meant for data. */
export function streamOf(context: KinesisContext, input: JsonObject, use: 'data' | 'control' = 'control'): Stream {
  const name = streamNameOf(input);
  const stream = findStream(context, name, use);
  if (stream === undefined) throw streamNotFound(context, name);
  return stream;
}

/** For a reader: says of a stream that is not there that the shard is not. */
export function readableShard(
  context: KinesisContext,
  input: JsonObject,
  id: string,
): { stream: Stream; shard: Shard } {
  const name = streamNameOf(input);
  const stream = findStream(context, name, 'data');
  const shard = stream && findShard(context, stream, id);
  if (stream === undefined || shard === undefined) throw shardNotFound(context, name, id, 'does not exist');
  return { stream, shard };
}

/** A stream that may be changed now. Throws ResourceInUseException for one that is not ACTIVE. */
export function activeStream(context: KinesisContext, input: JsonObject): Stream {
  const stream = streamOf(context, input);
  const status = stream.status(context.raceClock.nowMs());
  if (status !== 'ACTIVE') {
    throw new AwsError(
      'ResourceInUseException',
      `Stream ${stream.name} under account ${context.accountId} not ACTIVE, instead in state ${status}`,
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

/** Throws ResourceNotFoundException. */
export function shardOf(context: KinesisContext, stream: Stream, id: string): Shard {
  const shard = findShard(context, stream, id);
  if (shard === undefined) throw shardNotFound(context, stream.name, id, 'could not find');
  return shard;
}

function findShard({ raceClock }: KinesisContext, stream: Stream, id: string): Shard | undefined {
  const shard = stream.shard(id);
  return shard === undefined || stream.isExpired(shard, raceClock.nowMs()) ? undefined : shard;
}

const WELL_FORMED = /^shardId-\d{12}$/;

/** In one of AWS's two wordings. */
function shardNotFound(
  { accountId }: KinesisContext,
  streamName: string,
  id: string,
  wording: 'could not find' | 'does not exist',
): AwsError {
  const where = `${id} in stream ${streamName} under account ${accountId}`;
  const message =
    wording === 'does not exist' && WELL_FORMED.test(id)
      ? `Shard ${where} does not exist`
      : `Could not find shard ${where}.`;
  return new AwsError('ResourceNotFoundException', message);
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

function describeRange(shard: Shard): JsonObject {
  const { starting, ending } = shard.record.range;
  return { StartingHashKey: toDecimal(starting), EndingHashKey: toDecimal(ending) };
}
