import type { Clock } from '#wire/clock.js';
import { AwsError, validation } from '../../aws-error.js';
import { oneOf, optionalObject, optionalText, optionalWhole, text } from '../../input.js';
import { EncodedJson, type JsonObject, type Operation } from '../../json-service.js';
import { TokenBucket } from '../../token-bucket.js';
import type { LevelDb } from '../committer.js';
import type { StreamCatalog } from './catalog.js';
import { changeBytes } from './change.js';
import { formatIterator, parseIterator, type ShardIterator } from './iterator.js';
import type { TableStreamLimits } from './limits.js';
import { formatSequence, parseSequence } from './sequence.js';
import { changeKey, numberOf, type ShardRecord, type Stream } from './stream.js';

export interface StreamsContext {
  db: LevelDb;
  catalog: StreamCatalog;
  limits: TableStreamLimits;
  raceClock: Clock;
}

const PAGE_MAX = 100;
const ARN = { min: 37, max: 1024 };
const SHARD_ID = { min: 28, max: 65 };
const TABLE_NAME = { min: 3, max: 255, pattern: /^[a-zA-Z0-9_.-]+$/ };
const SEQUENCE_NUMBER = { min: 21, max: 40 };
const ITERATOR = { max: 2048 };
const ITERATOR_TYPES = ['TRIM_HORIZON', 'LATEST', 'AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const;

/** ListStreams, DescribeStream, GetShardIterator, GetRecords. */
export function streamOperations(context: StreamsContext): Record<string, Operation> {
  const operations: Record<string, Operation> = {
    ListStreams: (input) => listStreams(context, input),
    DescribeStream: (input) => describeStream(context, input),
    GetShardIterator: (input) => getShardIterator(context, input),
    GetRecords: (input) => getRecords(context, input),
  };
  for (const [name, perSecond] of Object.entries(context.limits.callRates)) {
    operations[name] = limited(name, operations[name], perSecond, context.raceClock);
  }
  return operations;
}

function limited(name: string, run: Operation, perSecond: number, raceClock: Clock): Operation {
  const calls = new TokenBucket(perSecond, raceClock.nowMs());
  return (input) => {
    const nowMs = raceClock.nowMs();
    if (!calls.has(1, nowMs)) {
      throw new AwsError('LimitExceededException', `Rate exceeded: ${name} is served ${perSecond} times a second.`);
    }
    calls.take(1, nowMs);
    return run(input);
  };
}

function listStreams({ catalog }: StreamsContext, input: JsonObject): JsonObject {
  const table = optionalText(input, 'TableName', TABLE_NAME);
  const limit = optionalWhole(input, 'Limit', 1, PAGE_MAX) ?? PAGE_MAX;
  const after = optionalText(input, 'ExclusiveStartStreamArn', ARN) ?? '';
  const left = catalog
    .all()
    .map(({ record }) => record)
    .filter((record) => record.arn > after && (table === undefined || record.table === table));
  const page = left.slice(0, limit);
  return {
    Streams: page.map(({ arn, table: TableName, label }) => ({ StreamArn: arn, TableName, StreamLabel: label })),
    LastEvaluatedStreamArn: left.length > limit ? page.at(-1)?.arn : undefined,
  };
}

async function describeStream(context: StreamsContext, input: JsonObject): Promise<JsonObject> {
  const stream = streamOf(context, text(input, 'StreamArn', ARN));
  const limit = optionalWhole(input, 'Limit', 1, PAGE_MAX) ?? PAGE_MAX;
  const after = optionalText(input, 'ExclusiveStartShardId', SHARD_ID) ?? '';
  const parent = parentOf(input);
  await context.catalog.tend(stream);
  const { arn, table, label, createdAtMs, viewType, keySchema, shards } = stream.record;
  const left = shards.filter((shard) => shard.id > after && (parent === undefined || shard.parent === parent));
  const page = left.slice(0, limit);
  return {
    StreamDescription: {
      StreamArn: arn,
      StreamLabel: label,
      StreamStatus: stream.isEnabled ? 'ENABLED' : 'DISABLED',
      StreamViewType: viewType,
      CreationRequestDateTime: createdAtMs / 1000,
      TableName: table,
      KeySchema: keySchema,
      Shards: page.map(describeShard),
      LastEvaluatedShardId: left.length > limit ? page.at(-1)?.id : undefined,
    },
  };
}

function parentOf(input: JsonObject): string | undefined {
  const filter = optionalObject(input, 'ShardFilter');
  if (filter === undefined) return undefined;
  oneOf(filter, 'Type', ['CHILD_SHARDS']);
  return text(filter, 'ShardId', SHARD_ID);
}

function describeShard({ id, parent, start, end }: ShardRecord): JsonObject {
  return {
    ShardId: id,
    ParentShardId: parent,
    SequenceNumberRange: {
      StartingSequenceNumber: formatSequence(start),
      EndingSequenceNumber: end === undefined ? undefined : formatSequence(end),
    },
  };
}

async function getShardIterator(context: StreamsContext, input: JsonObject): Promise<JsonObject> {
  const stream = streamOf(context, text(input, 'StreamArn', ARN));
  const shardId = text(input, 'ShardId', SHARD_ID);
  const type = oneOf(input, 'ShardIteratorType', ITERATOR_TYPES);
  const sequence = optionalText(input, 'SequenceNumber', SEQUENCE_NUMBER);
  await context.catalog.tend(stream);
  const shard = stream.find(shardId);
  if (shard === undefined) throw notFound('Shard does not exist');
  const next = startOf(stream, shard, type, sequence);
  const issuedAtMs = context.raceClock.nowMs();
  return {
    ShardIterator: formatIterator({ streamArn: stream.record.arn, shardIndex: shard.index, next, issuedAtMs }),
  };
}

/** Lowest number that the first record can have. LATEST is fixed here: what comes later is not missed. */
function startOf(
  stream: Stream,
  shard: ShardRecord,
  type: (typeof ITERATOR_TYPES)[number],
  sequence: string | undefined,
): number {
  if (type === 'TRIM_HORIZON' || type === 'LATEST') {
    if (sequence !== undefined) throw validation(`SequenceNumber must not be given with ${type}`);
    return type === 'LATEST' ? (shard.end ?? stream.next) : shard.horizon;
  }
  if (sequence === undefined) throw validation(`SequenceNumber must be given with ${type}`);
  const number = parseSequence(sequence);
  if (number === undefined || number < shard.start || number > (shard.end ?? stream.next - 1)) {
    throw validation(`Invalid SequenceNumber: ${sequence} is not of shard ${shard.id}`);
  }
  const next = type === 'AT_SEQUENCE_NUMBER' ? number : number + 1;
  if (next < shard.horizon) throw trimmed();
  return next;
}

async function getRecords(context: StreamsContext, input: JsonObject): Promise<EncodedJson> {
  const { catalog, limits, raceClock } = context;
  const limit = optionalWhole(input, 'Limit', 1, Number.MAX_SAFE_INTEGER) ?? limits.getRecordsMax;
  if (limit > limits.getRecordsMax) {
    throw new AwsError('LimitExceededException', `GetRecords returns at most ${limits.getRecordsMax} records.`);
  }
  const iterator = iteratorOf(context, text(input, 'ShardIterator', ITERATOR));
  const stream = streamOf(context, iterator.streamArn);
  await catalog.tend(stream);
  const shard = stream.record.shards.find(({ index }) => index === iterator.shardIndex);
  if (shard === undefined || iterator.next < shard.horizon) throw trimmed();

  const { records, next } = await read(context, stream, shard, iterator.next, limit);
  // Absent at the end of a closed shard: the reader goes on with the children.
  const NextShardIterator =
    shard.end !== undefined && next >= shard.end
      ? undefined
      : formatIterator({ ...iterator, next, issuedAtMs: raceClock.nowMs() });
  const rest = JSON.stringify({ NextShardIterator });
  return new EncodedJson([
    Buffer.from(`{"Records":[${records.join(',')}]${rest === '{}' ? '}' : `,${rest.slice(1)}`}`),
  ]);
}

function iteratorOf({ raceClock, limits }: StreamsContext, given: string): ShardIterator {
  const iterator = parseIterator(given);
  if (iterator === undefined) throw validation('Invalid ShardIterator');
  if (raceClock.nowMs() - iterator.issuedAtMs > limits.iteratorLifeMs) {
    throw new AwsError('ExpiredIteratorException', 'Iterator is expired');
  }
  return iterator;
}

/** Records from a number on within both bounds; the first always fits. */
async function read(
  { db, limits }: StreamsContext,
  stream: Stream,
  shard: ShardRecord,
  from: number,
  countMax: number,
): Promise<{ records: string[]; next: number }> {
  const bound = Math.min(stream.settled, shard.end ?? Number.POSITIVE_INFINITY);
  const records: string[] = [];
  if (from >= bound) return { records, next: from };
  const range = { gte: changeKey(stream.record, shard.index, from), lt: changeKey(stream.record, shard.index, bound) };
  let bytes = 0;
  let next = from;
  for await (const [key, record] of db.iterator({ ...range, limit: countMax })) {
    bytes += changeBytes(record);
    if (bytes > limits.getBytesMax && records.length > 0) return { records, next };
    records.push(record);
    next = numberOf(key) + 1;
  }
  return { records, next: records.length < countMax ? bound : next };
}

function streamOf({ catalog }: StreamsContext, arn: string): Stream {
  if (!arn.startsWith('arn:')) throw validation(`Invalid StreamArn: ${arn}`);
  const stream = catalog.find(arn);
  if (stream === undefined) throw notFound(`Stream: ${arn} not found`);
  return stream;
}

const notFound = (what: string): AwsError =>
  new AwsError('ResourceNotFoundException', `Requested resource not found: ${what}`);

const trimmed = (): AwsError =>
  new AwsError(
    'TrimmedDataAccessException',
    'The operation attempted to read past the oldest stream record in a shard.',
  );
