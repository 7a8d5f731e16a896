import { pause } from '#cloud/streams/back-off.js';
import { isJsonObject } from '../json-service.js';
import type { LocalFunctions } from '../lambda/functions.js';
import type { Transform } from './processing.js';
import { base64Of, type Failure, type Incoming } from './records.js';

export type Transformed =
  | { record: Incoming; result: 'Ok'; data: Uint8Array; keys?: Record<string, string> }
  | { record: Incoming; result: 'Dropped' }
  | { record: Incoming; result: 'Failed'; failure: Failure };

export interface TransformContext {
  transform: Transform;
  functions: Pick<LocalFunctions, 'invoke'>;
  deliveryStreamArn: string;
  sourceKinesisStreamArn?: string;
  region: string;
  invocationId: string;
}

const FAILED = 'processing-failed';
/** Between tries, wall time: what is throttled needs a moment. */
const RETRY_PAUSE_MS = 50;
/** Lambda's exceptions as Firehose calls them. */
const ERROR_CODES: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'Lambda.ResourceNotFound',
  TooManyRequestsException: 'Lambda.InvokeLimitExceeded',
};

/**
 * Records through a function, with Firehose's event and status model (developer guide, "Transform source data"). Never
 * raises: what fails is said per record.
 */
export async function transformRecords(
  records: readonly Incoming[],
  context: TransformContext,
): Promise<Transformed[]> {
  const { transform, functions } = context;
  const event = JSON.stringify(eventOf(records, context));
  for (let attempt = 1; ; attempt++) {
    try {
      return outcomes(records, parse(await functions.invoke(transform.arn, event)), transform, attempt);
    } catch (error) {
      if (attempt <= transform.retries) {
        await pause(RETRY_PAUSE_MS);
        continue;
      }
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const failed = failure(transform, attempt, ERROR_CODES[name] ?? 'Lambda.FunctionError', message);
      return records.map((record) => ({ record, result: 'Failed', failure: failed }));
    }
  }
}

/** What is no JSON is an answer without records. */
function parse(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function eventOf(records: readonly Incoming[], context: TransformContext): object {
  const { invocationId, deliveryStreamArn, sourceKinesisStreamArn, region } = context;
  return {
    invocationId,
    deliveryStreamArn,
    ...(sourceKinesisStreamArn !== undefined && { sourceKinesisStreamArn }),
    region,
    records: records.map(({ data, arrivalMs, kinesis }, index) => ({
      recordId: recordId(index),
      approximateArrivalTimestamp: Math.floor(arrivalMs),
      data: base64Of(data),
      ...(kinesis !== undefined && {
        kinesisRecordMetadata: { ...kinesis, approximateArrivalTimestamp: Math.floor(arrivalMs) },
      }),
    })),
  };
}

/** Unique in its invocation, which is all that the model asks; as long as AWS's. */
const recordId = (index: number) => `49${String(index).padStart(54, '0')}`;

function outcomes(
  records: readonly Incoming[],
  answer: unknown,
  transform: Transform,
  attempts: number,
): Transformed[] {
  const returned = isJsonObject(answer) && Array.isArray(answer.records) ? answer.records : undefined;
  const byId = new Map<unknown, unknown>();
  const twice = new Set<unknown>();
  for (const each of returned ?? []) {
    const id = isJsonObject(each) ? each.recordId : undefined;
    if (byId.has(id)) twice.add(id);
    byId.set(id, each);
  }
  return records.map((record, index): Transformed => {
    const failed = (code: string, message: string): Transformed => ({
      record,
      result: 'Failed',
      failure: failure(transform, attempts, code, message),
    });
    if (returned === undefined) return failed('Lambda.JsonProcessingException', 'The answer has no list of records.');
    const id = recordId(index);
    if (twice.has(id)) return failed('Lambda.DuplicatedRecordId', 'The record was returned more than once.');
    if (!byId.has(id)) return failed('Lambda.MissingRecordId', 'The record was not returned.');
    return outcome(record, byId.get(id) as Record<string, unknown>, failed);
  });
}

function outcome(
  record: Incoming,
  { result, data, metadata }: Record<string, unknown>,
  failed: (code: string, message: string) => Transformed,
): Transformed {
  if (result === 'Dropped') return { record, result };
  if (result === 'ProcessingFailed') {
    return failed('Lambda.ProcessingFailedStatus', 'ProcessingFailed status set for record');
  }
  if (result !== 'Ok') return failed('Lambda.JsonProcessingException', `The result "${String(result)}" is none.`);
  if (typeof data !== 'string') return failed('Lambda.JsonProcessingException', 'The record has no data.');
  const keys = isJsonObject(metadata) && isJsonObject(metadata.partitionKeys) ? metadata.partitionKeys : undefined;
  return {
    record,
    result,
    data: Buffer.from(data, 'base64'),
    ...(keys && { keys: Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, String(value)])) }),
  };
}

function failure({ arn }: Transform, attemptsMade: number, errorCode: string, errorMessage: string): Failure {
  return { outputType: FAILED, attemptsMade, errorCode, errorMessage, lambdaArn: arn };
}
