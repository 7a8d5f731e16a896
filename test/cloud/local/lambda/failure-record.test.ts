import { expect, it } from 'vitest';
import { destinationOf } from '#cloud/local/lambda/sources/destinations.js';
import { failureRecord } from '#cloud/local/lambda/sources/failure-record.js';
import { sourceRecord } from './machine.js';

const records = [sourceRecord(5, { arrivalMs: 1_500 }), sourceRecord(9, { arrivalMs: 2_750 })];
const failure = {
  batch: { records, failures: 3, tries: 3, invocations: 3, isUnhandled: true },
  reason: 'RetryAttemptsExhausted' as const,
  shardId: 'shardId-1',
  streamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/x',
  functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  requestId: 'id',
  nowMs: 3_000,
};

it('tells of records of a table where they are, in whole seconds', () => {
  expect(failureRecord(failure)).toEqual({
    requestContext: {
      requestId: 'id',
      functionArn: failure.functionArn,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '1970-01-01T00:00:03.000Z',
    DDBStreamBatchInfo: {
      shardId: 'shardId-1',
      startSequenceNumber: '5',
      endSequenceNumber: '9',
      approximateArrivalOfFirstRecord: '1970-01-01T00:00:01Z',
      approximateArrivalOfLastRecord: '1970-01-01T00:00:02Z',
      batchSize: 2,
      streamArn: failure.streamArn,
    },
  });
});

it('has no response when the function was never called, and no error when it answered', () => {
  const { batch } = failure;
  const never = { ...failure, batch: { ...batch, invocations: 0 }, reason: 'RecordAgeExceeded' as const };
  expect(failureRecord(never)).not.toHaveProperty('responseContext');
  const answered = { ...failure, batch: { ...batch, isUnhandled: false } };
  expect(failureRecord(answered)).toHaveProperty('responseContext', { statusCode: 200, executedVersion: '$LATEST' });
});

it('goes to a queue or a topic as text; what refuses it has not got it', async () => {
  const sent: unknown[] = [];
  let isFull = false;
  const sender = (target: string) => ({
    resource: target,
    send: async (entries: object[]) => {
      sent.push([target, ...entries]);
      return [isFull ? { errorCode: 'FileFull', errorMessage: '', retriable: false } : {}];
    },
  });
  const options = { s3: () => Promise.reject(new Error('not asked for')), senders: { sqs: sender, sns: sender } };
  const discarded = { shardId: 's', record: { a: 1 }, event: '{}', nowMs: 0 } as never;
  await destinationOf('arn:aws:sqs:us-east-1:000000000000:q', options)!(discarded);
  await destinationOf('arn:aws:sns:us-east-1:000000000000:t', options)!(discarded);
  expect(sent).toEqual([
    ['arn:aws:sqs:us-east-1:000000000000:q', { messageBody: '{"a":1}' }],
    ['arn:aws:sns:us-east-1:000000000000:t', { message: '{"a":1}', messageFormat: 'RAW' }],
  ]);
  isFull = true;
  await expect(destinationOf('arn:aws:sqs:us-east-1:000000000000:q', options)!(discarded)).rejects.toThrow('FileFull');
  expect(destinationOf('arn:aws:lambda:us-east-1:000000000000:function:f', options)).toBeUndefined();
});
