import type { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import type { TableWrite } from '#rules/actions/senders.js';
import { readJson } from '#rules/sql/json.js';
import type { ValueObject } from '#rules/sql/values.js';

/** Clients that answer from a function: what goes in and comes out is the SDK's own shape. */
function sendersOver(answer: (input: never) => object) {
  const inputs: never[] = [];
  const client = {
    send: async ({ input }: PutRecordsCommand | BatchWriteItemCommand) => {
      inputs.push(input as never);
      return answer(input as never);
    },
  };
  const clients = {
    kinesis: client as unknown as KinesisClient,
    dynamodb: client as unknown as DynamoDBClient,
    firehose: async () => client as unknown as FirehoseClient,
    s3: async () => client as unknown as S3Client,
  };
  return { inputs, senders: createSenders(clients, { streams, tables, buckets: { archive: 'pitwall-archive-1' } }) };
}

function awsError(name: string, httpStatusCode?: number): Error {
  return Object.assign(new Error(`${name} it was`), { name, $metadata: { httpStatusCode } });
}

const records = (...keys: string[]) => keys.map((partitionKey) => ({ data: Buffer.from(partitionKey), partitionKey }));

describe('kinesis', () => {
  it('puts a batch in one call and tells which records failed', async () => {
    const { inputs, senders } = sendersOver(() => ({
      FailedRecordCount: 1,
      Records: [
        { SequenceNumber: '1', ShardId: 's' },
        { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow' },
      ],
    }));
    const sender = senders.kinesis('framesLive');
    expect(sender.resource).toBe('pitwall-frames-live');
    expect(await sender.send(records('car-1', 'car-2'))).toEqual([
      {},
      { errorCode: 'ProvisionedThroughputExceededException', errorMessage: 'slow', retriable: true },
    ]);
    expect(inputs).toEqual([
      {
        StreamName: 'pitwall-frames-live',
        Records: [
          { Data: Buffer.from('car-1'), PartitionKey: 'car-1' },
          { Data: Buffer.from('car-2'), PartitionKey: 'car-2' },
        ],
      },
    ]);
  });

  it.each([
    [awsError('ResourceNotFoundException', 400), false],
    [awsError('AccessDeniedException', 400), false],
    [awsError('ThrottlingException', 400), true],
    [awsError('InternalFailureException', 500), true],
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), true],
  ])('a call that fails whole fails each record: %s, retriable %s', async (error, retriable) => {
    const { senders } = sendersOver(() => {
      throw error;
    });
    const results = await senders.kinesis('race').send(records('a', 'b'));
    expect(results).toHaveLength(2);
    for (const result of results) expect(result).toMatchObject({ errorCode: error.name, retriable });
  });

  it('a record that the service cannot take does not take the others with it', async () => {
    const { inputs, senders } = sendersOver(({ Records }: { Records: { PartitionKey: string }[] }) => {
      if (Records.some(({ PartitionKey }) => PartitionKey === '')) throw awsError('ValidationException', 400);
      return { Records: Records.map(() => ({ SequenceNumber: '1' })) };
    });
    const keys = Array.from({ length: 64 }, (_, i) => (i === 41 ? '' : `k${i}`));
    const results = await senders.kinesis('race').send(records(...keys));
    expect(results.flatMap(({ errorCode }, i) => (errorCode ? [[i, errorCode]] : []))).toEqual([
      [41, 'ValidationException'],
    ]);
    expect(results[41].retriable).toBe(false);
    expect(inputs.length).toBeLessThanOrEqual(2 * Math.log2(64) + 1);
  });
});

describe('dynamodb', () => {
  const item = (sk: string, more: ValueObject = {}) => ({ pk: '20251121#alarm#car-1', sk, ...more });
  const put = (sk: string, more?: ValueObject): TableWrite => ({ operation: 'put', item: item(sk, more) });

  it('writes every type, numbers exactly', async () => {
    const { inputs, senders } = sendersOver(() => ({}));
    const document = readJson('{"int":9007199254740993,"half":0.5,"on":true,"no":null,"list":[1,"a"],"map":{"x":{}}}');
    await senders.dynamodb('events').send([put('1#1', document as ValueObject)]);
    expect(inputs).toEqual([
      {
        RequestItems: {
          'pitwall-events': [
            {
              PutRequest: {
                Item: {
                  pk: { S: '20251121#alarm#car-1' },
                  sk: { S: '1#1' },
                  int: { N: '9007199254740993' },
                  half: { N: '0.5' },
                  on: { BOOL: true },
                  no: { NULL: true },
                  list: { L: [{ N: '1' }, { S: 'a' }] },
                  map: { M: { x: { M: {} } } },
                },
              },
            },
          ],
        },
      },
    ]);
  });

  it('finds the unprocessed items by their keys', async () => {
    const { senders } = sendersOver(({ RequestItems }: { RequestItems: Record<string, unknown[]> }) => ({
      UnprocessedItems: { 'pitwall-events': [RequestItems['pitwall-events'][1]] },
    }));
    const results = await senders.dynamodb('events').send([put('1'), put('2'), put('3')]);
    expect(results).toEqual([{}, { errorCode: 'UnprocessedItem', retriable: true }, {}]);
  });

  it('names a write by its keys, and one without them not at all', () => {
    const { senders } = sendersOver(() => ({}));
    const sender = senders.dynamodb('events');
    const identityOf = (columns: ValueObject) => sender.identityOf({ operation: 'put', item: columns });
    expect(identityOf(item('1', { a: 1 }))).toBe(identityOf(item('1', { a: 2 })));
    expect(identityOf(item('1'))).toBe(sender.identityOf({ operation: 'delete', key: item('1') }));
    expect(identityOf(item('1'))).not.toBe(identityOf(item('2')));
    expect(identityOf({ pk: 'a' })).toBeUndefined();
    expect(identityOf({ pk: 'a', sk: '' })).toBeUndefined();
    expect(identityOf({ pk: 'a', sk: 5 })).toBeUndefined();
  });

  it('puts and deletes in one call, updates in calls of their own, and tells each its own result', async () => {
    const { inputs, senders } = sendersOver((input: object) => {
      if ('UpdateExpression' in input) throw awsError('ThrottlingException', 400);
      return {};
    });
    const results = await senders
      .dynamodb('events')
      .send([
        put('1', { payload: new Uint8Array([1, 2]) as never }),
        { operation: 'update', key: item('2'), set: { payload: { a: 1 } } },
        { operation: 'delete', key: item('3') },
      ]);
    expect(results).toEqual([
      {},
      { errorCode: 'ThrottlingException', errorMessage: expect.anything(), retriable: true },
      {},
    ]);
    const key = (sk: string) => ({ pk: { S: '20251121#alarm#car-1' }, sk: { S: sk } });
    expect(inputs).toContainEqual({
      RequestItems: {
        'pitwall-events': [
          { PutRequest: { Item: { ...key('1'), payload: { B: new Uint8Array([1, 2]) } } } },
          { DeleteRequest: { Key: key('3') } },
        ],
      },
    });
    expect(inputs).toContainEqual({
      TableName: 'pitwall-events',
      Key: key('2'),
      UpdateExpression: 'SET #c0 = :v0',
      ExpressionAttributeNames: { '#c0': 'payload' },
      ExpressionAttributeValues: { ':v0': { M: { a: { N: '1' } } } },
    });
  });
});

describe('firehose', () => {
  const data = (text: string) => ({ data: Buffer.from(text) });

  it('puts a batch in one call and tells which records failed', async () => {
    const { inputs, senders } = sendersOver(() => ({
      FailedPutCount: 1,
      RequestResponses: [{ RecordId: '1' }, { ErrorCode: 'ServiceUnavailableException', ErrorMessage: 'slow' }],
    }));
    const sender = senders.firehose!('reports')!;
    expect(sender.resource).toBe('reports');
    expect(await sender.send([data('a'), data('b')])).toEqual([
      {},
      { errorCode: 'ServiceUnavailableException', errorMessage: 'slow', retriable: true },
    ]);
    expect(inputs).toEqual([
      { DeliveryStreamName: 'reports', Records: [{ Data: Buffer.from('a') }, { Data: Buffer.from('b') }] },
    ]);
  });

  it.each([
    [awsError('ResourceNotFoundException', 400), false],
    [awsError('ServiceUnavailableException', 503), true],
  ])('%s: retriable %s', async (error, retriable) => {
    const { senders } = sendersOver(() => {
      throw error;
    });
    expect(await senders.firehose!('reports')!.send([data('a')])).toMatchObject([{ errorCode: error.name, retriable }]);
  });
});

describe('s3', () => {
  it('puts an object each, and tells each its own result', async () => {
    const { inputs, senders } = sendersOver(({ Key }: { Key: string }) => {
      if (Key === 'b') throw awsError('SlowDown', 503);
      if (Key === 'c') throw awsError('NoSuchBucket', 404);
      return {};
    });
    const sender = senders.s3!('archive')!;
    expect(sender.resource).toBe('pitwall-archive-1');
    const body = Buffer.from('x');
    const objects = [
      { key: 'a', body, cannedAcl: 'private' as const },
      { key: 'b', body },
      { key: 'c', body },
    ];
    expect(await sender.send(objects)).toEqual([
      {},
      { errorCode: 'SlowDown', errorMessage: expect.anything(), retriable: true },
      { errorCode: 'NoSuchBucket', errorMessage: expect.anything(), retriable: false },
    ]);
    expect(inputs).toEqual([
      { Bucket: 'pitwall-archive-1', Key: 'a', Body: body, ACL: 'private' },
      { Bucket: 'pitwall-archive-1', Key: 'b', Body: body },
      { Bucket: 'pitwall-archive-1', Key: 'c', Body: body },
    ]);
  });
});

it('services without a client have no sender', () => {
  const { senders } = sendersOver(() => ({}));
  expect(Object.keys(senders)).toEqual(['kinesis', 'dynamodb', 'firehose', 's3']);
  const some = createSenders({} as never, { streams, tables });
  expect(Object.keys(some)).toEqual(['kinesis', 'dynamodb']);
});
