/** Lambda's REST API by hand: what the stock clients send, and what they are answered. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signSigV4 } from '#cloud/local/sigv4-sign.js';
import { credentials, region, testFolder } from '../local-aws.js';
import { ACCOUNT, type Served, serve } from './source-harness.js';

const folder = testFolder();
let served: Served;

beforeAll(async () => {
  served = await serve(folder.path, {
    double: (event) => ({ twice: 2 * (event as { n: number }).n }),
    broken: () => {
      throw new TypeError('a bug');
    },
  });
  await served.createStream('laps');
});

afterAll(async () => {
  await served.close();
  folder.remove();
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const url = new URL(`/2015-03-31${path}`, served.aws.url);
  const text = body === undefined ? '' : JSON.stringify(body);
  const signed = signSigV4({ method, url, body: text }, credentials, { service: 'lambda', region }, Date.now());
  const response = await fetch(url, { method, headers: { ...signed, ...headers }, body: text || undefined });
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer === '' ? undefined : JSON.parse(answer) };
}

const ARN = `arn:aws:kinesis:${ACCOUNT}:stream/laps`;
const CREATION = { FunctionName: 'double', EventSourceArn: ARN, StartingPosition: 'LATEST' };

describe('event source mappings', () => {
  it('are made, told, listed, changed and deleted', async () => {
    const created = await call('POST', '/event-source-mappings/', { ...CREATION, Enabled: false });
    expect(created).toMatchObject({
      status: 202,
      body: {
        UUID: expect.stringMatching(/^[0-9a-f-]{36}$/),
        State: 'Creating',
        FunctionArn: `arn:aws:lambda:${ACCOUNT}:function:double`,
        EventSourceArn: ARN,
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 0,
        ParallelizationFactor: 1,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        BisectBatchOnFunctionError: false,
        TumblingWindowInSeconds: 0,
        FunctionResponseTypes: [],
        DestinationConfig: { OnFailure: {} },
        StartingPosition: 'LATEST',
        LastModified: expect.any(Number),
      },
    });
    const path = `/event-source-mappings/${created.body.UUID}`;
    expect(await call('POST', '/event-source-mappings/', CREATION)).toMatchObject({ status: 409 });
    const changes = {
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 300,
      MaximumRecordAgeInSeconds: 60,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: `arn:aws:sqs:${ACCOUNT}:failures` } },
      FilterCriteria: { Filters: [{ Pattern: '{"partitionKey":["car-7"]}' }] },
    };
    expect(await call('PUT', path, changes)).toMatchObject({ status: 202, body: { ...changes, State: 'Updating' } });
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { ...changes, State: 'Disabled' } });
    const listed = await call('GET', '/event-source-mappings/?FunctionName=double');
    expect(listed.body.EventSourceMappings).toHaveLength(1);
    expect((await call('GET', '/event-source-mappings/?FunctionName=broken')).body.EventSourceMappings).toEqual([]);
    expect(await call('DELETE', path)).toMatchObject({ status: 202, body: { State: 'Deleting' } });
    const gone = await call('GET', path);
    expect(gone.status).toBe(404);
    expect(gone.headers.get('x-amzn-errortype')).toBe('ResourceNotFoundException');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no source', { EventSourceArn: undefined }, 'ValidationException'],
    ['a queue as source', { EventSourceArn: `arn:aws:sqs:${ACCOUNT}:q` }, 'InvalidParameterValueException'],
    ['no starting position', { StartingPosition: undefined }, 'ValidationException'],
    ['a time without its position', { StartingPositionTimestamp: 1 }, 'InvalidParameterValueException'],
    [
      'a time in the stream of a table',
      {
        EventSourceArn: `arn:aws:dynamodb:${ACCOUNT}:table/items/stream/2026-11-21T00:00:00.000`,
        StartingPosition: 'AT_TIMESTAMP',
        StartingPositionTimestamp: 1,
      },
      'InvalidParameterValueException',
    ],
    ['a batch of 0', { BatchSize: 0 }, 'ValidationException'],
    ['a batch of 10,001', { BatchSize: 10_001 }, 'ValidationException'],
    ['a window of 301 s', { MaximumBatchingWindowInSeconds: 301 }, 'ValidationException'],
    ['11 lanes', { ParallelizationFactor: 11 }, 'ValidationException'],
    ['10,001 retries', { MaximumRetryAttempts: 10_001 }, 'ValidationException'],
    ['an age of 59 s', { MaximumRecordAgeInSeconds: 59 }, 'InvalidParameterValueException'],
    ['an age of more than a week', { MaximumRecordAgeInSeconds: 604_801 }, 'ValidationException'],
    ['a tumbling window of 901 s', { TumblingWindowInSeconds: 901 }, 'ValidationException'],
    [
      'windows of several lanes',
      { TumblingWindowInSeconds: 1, ParallelizationFactor: 2 },
      'InvalidParameterValueException',
    ],
    ['another response type', { FunctionResponseTypes: ['All'] }, 'ValidationException'],
    [
      'a pattern that is none',
      { FilterCriteria: { Filters: [{ Pattern: '{"a":1}' }] } },
      'InvalidParameterValueException',
    ],
    [
      'six filters',
      { FilterCriteria: { Filters: Array(6).fill({ Pattern: '{"a":[1]}' }) } },
      'InvalidParameterValueException',
    ],
    [
      'a destination that is none',
      { DestinationConfig: { OnFailure: { Destination: 'x' } } },
      'InvalidParameterValueException',
    ],
    ['a flag that is no flag', { Enabled: 'yes' }, 'SerializationException'],
    ['what is not served', { Topics: ['a'] }, 'InvalidParameterValueException'],
    ['a function that is not there', { FunctionName: 'nobody' }, 'ResourceNotFoundException'],
  ])('are refused with %s', async (_what, members, code) => {
    const { headers, body } = await call('POST', '/event-source-mappings/', { ...CREATION, ...members });
    expect(headers.get('x-amzn-errortype'), JSON.stringify(body)).toBe(code);
  });
});

describe('functions', () => {
  it('answer, raise, are queued, or are only asked for', async () => {
    const answered = await call('POST', '/functions/double/invocations', { n: 21 });
    expect(answered).toMatchObject({ status: 200, body: { twice: 42 } });
    expect(answered.headers.get('x-amz-executed-version')).toBe('$LATEST');
    const raised = await call('POST', '/functions/broken/invocations', {});
    expect(raised).toMatchObject({ status: 200, body: { errorMessage: 'a bug', errorType: 'TypeError' } });
    expect(raised.headers.get('x-amz-function-error')).toBe('Unhandled');
    const typed = (type: string, name = 'double') =>
      call('POST', `/functions/${name}/invocations`, {}, { 'x-amz-invocation-type': type });
    expect((await typed('Event')).status).toBe(202);
    expect((await typed('DryRun')).status).toBe(204);
    expect((await typed('DryRun', 'nobody')).status).toBe(404);
    expect((await typed('Event', 'nobody')).status).toBe(404);
  });

  it('are listed', async () => {
    const { body } = await call('GET', '/functions/');
    expect(body.Functions.map(({ FunctionName }: { FunctionName: string }) => FunctionName)).toEqual([
      'broken',
      'double',
    ]);
    const { body: one } = await call('GET', '/functions/double');
    expect(one.Configuration.FunctionArn).toBe(`arn:aws:lambda:${ACCOUNT}:function:double`);
  });
});

it('anything else, and a foreign signature, is refused', async () => {
  const unknown = await call('GET', '/layers');
  expect(unknown.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
  const url = new URL('/2015-03-31/functions/', served.aws.url);
  const signed = signSigV4(
    { method: 'GET', url, body: '' },
    { ...credentials, secretAccessKey: 'another' },
    { service: 'lambda', region },
    Date.now(),
  );
  const response = await fetch(url, { headers: signed });
  expect(response.status).toBe(403);
  expect(response.headers.get('x-amzn-errortype')).toBe('InvalidSignatureException');
});
