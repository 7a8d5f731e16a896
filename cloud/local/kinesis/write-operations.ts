import { AwsError, constraint, serialization } from '../aws-error.js';
import { list, optionalText, text } from '../input.js';
import { isJsonObject, type JsonObject, type Operation } from '../json-service.js';
import { type KinesisContext, rateExceeded, streamOf } from './context.js';
import { hashKeyOf, parseHashKey } from './hash-range.js';
import { HASH_KEY, PARTITION_KEY, SEQUENCE_NUMBER } from './members.js';
import { isSequenceNumber } from './sequence.js';
import type { NewRecord, Shard } from './shard.js';
import type { Stream } from './stream.js';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

type Result = { SequenceNumber: string; ShardId: string } | { ErrorCode: string; ErrorMessage: string };

/** PutRecord and PutRecords: admit by the shard's rates, number, write in one step, answer once it is durable. */
export function writeOperations(context: KinesisContext): Record<string, Operation> {
  return {
    PutRecord: async (input) => {
      const ordering = optionalText(input, 'SequenceNumberForOrdering', SEQUENCE_NUMBER);
      const record = readRecord(context, input, '');
      const stream = streamOf(context, input, 'data');
      const routed = { record, hashKey: hashKeyFor(record) };
      checkOrdering(context, stream, ordering);
      const [result] = await put(context, 'kinesis.PutRecord', stream, [routed]);
      if ('ErrorCode' in result) throw new AwsError(result.ErrorCode, result.ErrorMessage);
      return result;
    },
    PutRecords: async (input) => {
      const { putRecordsMax, putBytesMax } = context.limits;
      const given = list(input, 'Records', putRecordsMax).map((record, i) => {
        if (!isJsonObject(record)) throw serialization('Unrecognized collection type');
        return readRecord(context, record, `records.${i + 1}.member.`);
      });
      const stream = streamOf(context, input, 'data');
      const records = given.map((record) => ({ record, hashKey: hashKeyFor(record) }));
      const bytes = records.reduce((sum, { record }) => sum + record.payloadBytes, 0);
      if (bytes > putBytesMax) {
        throw new AwsError('InvalidArgumentException', `Records size exceeds ${putBytesMax} bytes: ${bytes}.`);
      }
      const results = await put(context, 'kinesis.PutRecords', stream, records);
      const FailedRecordCount = results.reduce((sum, result) => sum + ('ErrorCode' in result ? 1 : 0), 0);
      return { FailedRecordCount, Records: results };
    },
  };
}

interface GivenRecord extends NewRecord {
  explicitHashKey: string | undefined;
}

interface RoutedRecord {
  record: NewRecord;
  hashKey: string;
}

/** `inside` = where the record lies in the request, for messages. */
function readRecord(context: KinesisContext, input: JsonObject, inside: string): GivenRecord {
  const partitionKey = text(input, 'PartitionKey', PARTITION_KEY, inside);
  const explicitHashKey = optionalText(input, 'ExplicitHashKey', HASH_KEY, inside);
  const data = input.Data;
  if (typeof data !== 'string') {
    if (data === undefined || data === null) throw constraint(null, `${inside}data`, 'Member must not be null');
    throw serialization(`${typeof data} can not be converted to a Blob`);
  }
  if (data.length % 4 !== 0 || !BASE64.test(data)) throw serialization(`'${inside}data' is not base64`);
  const dataBytes = Buffer.byteLength(data, 'base64');
  const { recordBytesMax } = context.limits;
  if (dataBytes > recordBytesMax) {
    throw constraint('...', `${inside}data`, `Member must have length less than or equal to ${recordBytesMax}`);
  }
  return { data, partitionKey, payloadBytes: dataBytes + Buffer.byteLength(partitionKey), explicitHashKey };
}

function hashKeyFor({ partitionKey, explicitHashKey }: GivenRecord): string {
  const hashKey = explicitHashKey === undefined ? hashKeyOf(partitionKey) : parseHashKey(explicitHashKey);
  if (hashKey !== undefined) return hashKey;
  throw new AwsError(
    'InvalidArgumentException',
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
  );
}

/** Order per shard is the order of calls, which is all that SequenceNumberForOrdering asks for; it must be one. */
function checkOrdering({ accountId }: KinesisContext, stream: Stream, ordering: string | undefined): void {
  if (ordering === undefined || ordering === '0' || isSequenceNumber(ordering)) return;
  throw new AwsError(
    'InvalidArgumentException',
    `ExclusiveMinimumSequenceNumber ${ordering} used in PutRecord on stream ${stream.name} under account ${accountId} is invalid.`,
  );
}

async function put(
  context: KinesisContext,
  operation: 'kinesis.PutRecord' | 'kinesis.PutRecords',
  stream: Stream,
  records: readonly RoutedRecord[],
): Promise<Result[]> {
  const nowMs = context.raceClock.nowMs();
  const results = new Array<Result>(records.length);
  const admitted = new Map<Shard, { records: NewRecord[]; places: number[] }>();
  records.forEach(({ record, hashKey }, place) => {
    const shard = stream.route(hashKey);
    const isRefused = context.faults.happens(operation, 'partial');
    if (isRefused || !shard.rates.tryWrite(record.payloadBytes, nowMs)) {
      results[place] = throttled(context, stream, shard);
      return;
    }
    const group = admitted.get(shard);
    if (group === undefined) admitted.set(shard, { records: [record], places: [place] });
    else {
      group.records.push(record);
      group.places.push(place);
    }
  });
  if (admitted.size === 0) return results;

  const batches = [...admitted].map(([shard, group]) => {
    const appended = shard.append(group.records, nowMs);
    group.places.forEach((place, i) => {
      results[place] = { SequenceNumber: appended.sequenceNumbers[i], ShardId: shard.id };
    });
    context.counters.recordsIn += group.records.length;
    const bytes = group.records.reduce((sum, record) => sum + record.payloadBytes, 0);
    stream.written.add(bytes, group.records.length);
    return appended;
  });
  await context.store.write(batches.map(({ operation }) => operation));
  for (const batch of batches) batch.commit();
  return results;
}

function throttled(context: KinesisContext, stream: Stream, shard: Shard): Result {
  context.counters.recordsThrottled++;
  const { code, message } = rateExceeded(context, stream, shard);
  return { ErrorCode: code, ErrorMessage: message };
}
