/** Delivery streams on disk, race time by hand, objects into a list. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#cloud/local/json-service.js';
import { testFolder } from '../local-aws.js';
import { type Bench, BUCKET, functionArn, ObjectList, openBench, RACE_START_MS, ROLE } from './harness.js';

let folder: ReturnType<typeof testFolder>;
let bench: Bench;

beforeEach(() => {
  folder = testFolder();
});
afterEach(async () => {
  await bench.service.close();
  folder.remove();
});

const MIB = 1_048_576;
const HINTS = { SizeInMBs: 1, IntervalInSeconds: 60 };
const DELIMITED = { Enabled: true, Processors: [{ Type: 'AppendDelimiterToRecord' }] };
const open = async (options: Parameters<typeof openBench>[1] = {}) => {
  bench = await openBench(folder.path, options);
};
const delivered = (count: number) => expect.poll(() => bench.objects.all.length, { timeout: 5_000 }).toBe(count);
const lambda = (name: string, ...more: [string, string][]) => ({
  Enabled: true,
  Processors: [
    {
      Type: 'Lambda',
      Parameters: [
        { ParameterName: 'LambdaArn', ParameterValue: functionArn(name) },
        { ParameterName: 'BufferIntervalInSeconds', ParameterValue: '0' },
        ...more.map(([ParameterName, ParameterValue]) => ({ ParameterName, ParameterValue })),
      ],
    },
  ],
});

describe('delivery', () => {
  it('is by interval on the race clock, under the default prefix, with the name that AWS gives', async () => {
    await open();
    await bench.create('laps', { BufferingHints: HINTS, ProcessingConfiguration: DELIMITED });
    await bench.put('laps', 'one', 'two');
    bench.race.advance(59_999);
    await bench.put('laps', 'three');
    expect(bench.objects.all).toEqual([]);
    bench.race.advance(1);
    await delivered(1);
    const [{ bucket, key }] = bench.objects.all;
    expect([bucket, bench.objects.texts]).toEqual(['archive', ['one\ntwo\nthree\n']]);
    expect(key).toMatch(/^2026\/11\/21\/07\/laps-1-2026-11-21-07-08-09-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(bench.service.counters()).toMatchObject({ recordsIn: 3, recordsDelivered: 3, objects: 1 });
  });

  it('is by size, at once, and never cuts a record', async () => {
    await open();
    await bench.create('laps', { BufferingHints: HINTS });
    const record = 'x'.repeat(300_000);
    for (let i = 0; i < 4; i++) await bench.put('laps', record, record);
    await delivered(2);
    for (const { body } of bench.objects.all) expect(body.length % record.length).toBe(0);
    expect(Math.min(...bench.objects.all.map(({ body }) => body.length))).toBeGreaterThanOrEqual(MIB);
  });

  it('is compressed, with extension, prefix and time zone as configured', async () => {
    await open();
    await bench.create('laps', {
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
      CompressionFormat: 'GZIP',
      Prefix: "raw/!{timestamp:yyyy/MM/dd/HH'h'}/",
      ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
      CustomTimeZone: 'Asia/Tokyo',
    });
    await bench.put('laps', 'zipped');
    await delivered(1);
    expect(bench.objects.texts).toEqual(['zipped']);
    expect(bench.objects.all[0].key).toMatch(/^raw\/2026\/11\/21\/16h\/laps-1-.*\.gz$/);
    await bench.create('other', { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 }, FileExtension: '.jsonl' });
    await bench.put('other', '{}');
    await delivered(2);
    expect(bench.objects.all[1].key).toMatch(/\.jsonl$/);
  });

  it('is tried again under the same name when S3 refuses, and given up after a day of race time', async () => {
    const objects = new ObjectList();
    objects.refuse = 1;
    await open({ objects });
    await bench.create('laps', { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } });
    await bench.put('laps', 'kept');
    await delivered(1);
    expect(bench.service.counters()).toMatchObject({ objectsRetried: 1, recordsExpired: 0 });
    expect(objects.tried).toEqual([objects.all[0].key, objects.all[0].key]);
    objects.refuse = 1;
    bench.race.advance(24 * 3_600_000);
    const putting = bench.put('laps', 'old');
    bench.race.advance(24 * 3_600_000);
    await putting;
    await expect.poll(() => bench.service.counters().recordsExpired).toBe(1);
    expect(bench.objects.all).toHaveLength(1);
  });

  it('goes on after a restart with what was accepted before it, also before the first start', async () => {
    await open({ isStarted: false });
    await bench.create('laps', { BufferingHints: HINTS });
    await bench.put('laps', 'a');
    await bench.service.close();
    await open();
    await bench.put('laps', 'b');
    bench.race.advance(60_000);
    await delivered(1);
    expect(bench.objects.texts).toEqual(['ab']);
    await bench.service.close();
    await open();
    bench.race.advance(120_000);
    await bench.put('laps', 'c');
    bench.race.advance(60_000);
    await delivered(1);
    expect(bench.objects.texts).toEqual(['c']);
  });

  it('by partition key puts each record where it belongs, and what has no key under the error prefix', async () => {
    await open({ limits: { activePartitionsMax: 2 } });
    await bench.create('laps', {
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      Prefix: '!{partitionKeyFromQuery:car}/!{timestamp:yyyy}/',
      ErrorOutputPrefix: 'bad/!{firehose:error-output-type}/',
      DynamicPartitioningConfiguration: { Enabled: true },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'MetadataExtraction',
            Parameters: [
              { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{car:.car}' },
              { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
            ],
          },
          { Type: 'AppendDelimiterToRecord', Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }] },
        ],
      },
    });
    const long = JSON.stringify({ car: 'x'.repeat(600) });
    await bench.put('laps', '{"car":"24"}', '{"car":5}', '{"car":"24","lap":2}', 'no json', '{"car":"9"}', long);
    bench.race.advance(60_000);
    await delivered(4);
    const by = Object.fromEntries(bench.objects.prefixes.map((prefix, i) => [prefix, bench.objects.texts[i]]));
    expect(by['24/2026/']).toBe('{"car":"24"}\n{"car":"24","lap":2}\n');
    expect(by['5/2026/']).toBe('{"car":5}\n');
    const failed = (prefix: string) => JSON.parse(by[prefix]) as JsonObject;
    const unplaced = by['bad/metadata-extraction-failed/'].trim().split('\n');
    expect(unplaced.map((line) => JSON.parse(line) as JsonObject)).toEqual(
      ['no json', long].map((text) =>
        expect.objectContaining({
          errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
          rawData: Buffer.from(text).toString('base64'),
        }),
      ),
    );
    expect(failed('bad/activePartitionExceeded/')).toMatchObject({
      rawData: Buffer.from('{"car":"9"}').toString('base64'),
    });
  });
});

describe('a function', () => {
  type Event = { records: { recordId: string; data: string }[]; deliveryStreamArn: string; region: string };
  const text = (data: string) => Buffer.from(data, 'base64').toString();
  const upper = (event: unknown) => ({
    records: (event as Event).records.map(({ recordId, data }) => {
      const result = { drop: 'Dropped', fail: 'ProcessingFailed', odd: 'Maybe' }[text(data)] ?? 'Ok';
      return { recordId, result, data: Buffer.from(text(data).toUpperCase()).toString('base64') };
    }),
  });
  const NOW = { SizeInMBs: 1, IntervalInSeconds: 0 };

  it('transforms, drops and fails records, one by one', async () => {
    await open({ functions: { upper } });
    await bench.create('laps', { BufferingHints: NOW, ProcessingConfiguration: lambda('upper'), Prefix: 'raw/' });
    await bench.put('laps', 'a', 'drop', 'fail', 'b', 'odd');
    await delivered(2);
    const index = bench.objects.prefixes.indexOf('raw/2026/11/21/07/');
    expect(bench.objects.texts[index]).toBe('AB');
    expect(bench.objects.prefixes[1 - index]).toBe('raw/processing-failed/2026/11/21/07/');
    const lines = bench.objects.texts[1 - index].trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as JsonObject)).toEqual([
      {
        attemptsMade: 1,
        arrivalTimestamp: RACE_START_MS,
        errorCode: 'Lambda.ProcessingFailedStatus',
        errorMessage: expect.any(String) as string,
        attemptEndingTimestamp: RACE_START_MS,
        rawData: Buffer.from('fail').toString('base64'),
        lambdaArn: functionArn('upper'),
      },
      expect.objectContaining({ errorCode: 'Lambda.JsonProcessingException' }),
    ]);
    expect(bench.service.counters()).toMatchObject({ recordsDropped: 1, recordsFailed: 2 });
  });

  it('that raises is tried again, then its records end under the error prefix', async () => {
    let calls = 0;
    const broken = () => {
      calls++;
      throw new Error('out of tyres');
    };
    await open({ functions: { broken } });
    await bench.create('laps', {
      BufferingHints: NOW,
      ProcessingConfiguration: lambda('broken', ['NumberOfRetries', '2']),
    });
    await bench.put('laps', 'a');
    await delivered(1);
    expect(calls).toBe(3);
    expect(JSON.parse(bench.objects.texts[0])).toMatchObject({
      attemptsMade: 3,
      errorCode: 'Lambda.FunctionError',
      errorMessage: expect.stringContaining('out of tyres') as string,
    });
  });

  it.each([
    ['returns nothing', 'Lambda.JsonProcessingException', () => undefined],
    ['forgets a record', 'Lambda.MissingRecordId', () => ({ records: [] })],
    [
      'returns a record twice',
      'Lambda.DuplicatedRecordId',
      (event: unknown) => ({ records: [...(event as Event).records, ...(event as Event).records] }),
    ],
  ])('that %s fails the record', async (_title, errorCode, handler) => {
    await open({ functions: { handler } });
    await bench.create('laps', { BufferingHints: NOW, ProcessingConfiguration: lambda('handler') });
    await bench.put('laps', 'a');
    await delivered(1);
    expect(JSON.parse(bench.objects.texts[0])).toMatchObject({ errorCode });
  });

  it('may name the partition', async () => {
    const byFirst = (event: unknown) => ({
      records: (event as Event).records.map(({ recordId, data }) => ({
        recordId,
        result: 'Ok',
        data,
        metadata: { partitionKeys: { first: text(data)[0] } },
      })),
    });
    await open({ functions: { byFirst } });
    await bench.create('laps', {
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
      Prefix: '!{partitionKeyFromLambda:first}/',
      ErrorOutputPrefix: 'bad/!{firehose:error-output-type}/',
      DynamicPartitioningConfiguration: { Enabled: true },
      ProcessingConfiguration: lambda('byFirst'),
    });
    await bench.put('laps', 'ab', 'ba', 'ac');
    await expect.poll(() => bench.service.counters().recordsIn).toBe(3);
    await expect
      .poll(() => {
        bench.race.advance(60_000);
        return bench.objects.all.length;
      })
      .toBe(2);
    expect(bench.objects.prefixes.map((prefix, i) => `${prefix}${bench.objects.texts[i]}`).sort()).toEqual([
      'a/abac',
      'b/ba',
    ]);
  });

  it('is not forgotten by a restart between its buffer and its call', async () => {
    await open({ functions: { upper } });
    const config = lambda('upper');
    config.Processors[0].Parameters[1].ParameterValue = '60';
    await bench.create('laps', { BufferingHints: NOW, ProcessingConfiguration: config });
    await bench.put('laps', 'a', 'b');
    await bench.service.close();
    await open({ functions: { upper } });
    bench.race.advance(60_000);
    await delivered(1);
    expect(bench.objects.texts).toEqual(['AB']);
  });
});

describe('what AWS refuses', () => {
  it('at the rate: records of a batch one by one, requests whole, and after a second of race time again', async () => {
    await open({ limits: { recordsPerSecond: 3, requestsPerSecond: 2, bytesPerSecond: 1_000 } });
    await bench.create('laps');
    const { FailedPutCount, RequestResponses } = await bench.put('laps', 'a', 'b', 'c', 'd');
    expect(FailedPutCount).toBe(1);
    expect((RequestResponses as JsonObject[])[3]).toEqual({
      ErrorCode: 'ServiceUnavailableException',
      ErrorMessage: 'Slow down.',
    });
    const one = { DeliveryStreamName: 'laps', Record: { Data: 'YQ==' } };
    expect(await bench.refusal('PutRecord', one)).toBe('ServiceUnavailableException');
    bench.race.advance(1_000);
    expect(await bench.refusal('PutRecord', one)).toBe('ok');
    expect(await bench.refusal('PutRecord', one)).toBe('ok');
    expect(await bench.refusal('PutRecord', one)).toBe('ServiceUnavailableException');
    bench.race.advance(1_000);
    await bench.put('laps', 'x'.repeat(900));
    bench.race.advance(500);
    const { FailedPutCount: bytes } = await bench.put('laps', 'x'.repeat(700));
    expect(bytes).toBe(1);
    expect(bench.service.counters()).toMatchObject({ recordsThrottled: 3 });
  });

  it('while more waits for S3 than may', async () => {
    await open({ limits: { backlogBytesMax: 10 } });
    await bench.create('laps');
    await bench.put('laps', 'x'.repeat(10));
    expect((await bench.put('laps', 'y')).FailedPutCount).toBe(1);
  });

  it('of sizes and counts', async () => {
    await open();
    await bench.create('laps');
    const record = (bytes: number) => ({ Data: Buffer.alloc(bytes).toString('base64') });
    const batch = (count: number, bytes: number) =>
      bench.refusal('PutRecordBatch', {
        DeliveryStreamName: 'laps',
        Records: Array.from({ length: count }, () => record(bytes)),
      });
    expect(await batch(501, 1)).toBe('ValidationException');
    expect(await batch(0, 1)).toBe('ValidationException');
    expect(await batch(5, 900_000)).toBe('InvalidArgumentException');
    expect(await batch(1, 1_024_001)).toBe('ValidationException');
    expect(await batch(4, 1_024_000)).toBe('ok');
    expect(await bench.refusal('PutRecord', { DeliveryStreamName: 'laps', Record: { Data: '???' } })).toBe(
      'SerializationException',
    );
    expect(await bench.refusal('PutRecord', { DeliveryStreamName: 'other', Record: { Data: '' } })).toBe(
      'ResourceNotFoundException',
    );
  });

  const config = (more: JsonObject) => ({
    DeliveryStreamName: 'laps',
    ExtendedS3DestinationConfiguration: { RoleARN: ROLE, BucketARN: BUCKET, ...more },
  });
  const processor = (Type: string, Parameters: JsonObject[] = []) => ({
    ProcessingConfiguration: { Enabled: true, Processors: [{ Type, Parameters }] },
  });

  it.each<[string, JsonObject, string]>([
    ['no role', { RoleARN: undefined }, 'ValidationException'],
    ['a bucket that is no ARN', { BucketARN: 'archive' }, 'ValidationException'],
    ['129 MiB', { BufferingHints: { SizeInMBs: 129, IntervalInSeconds: 60 } }, 'ValidationException'],
    ['901 s', { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 901 } }, 'ValidationException'],
    ['one hint of two', { BufferingHints: { SizeInMBs: 1 } }, 'InvalidArgumentException'],
    ['ZIP', { CompressionFormat: 'ZIP' }, 'InvalidArgumentException'],
    ['encryption', { EncryptionConfiguration: { KMSEncryptionConfig: {} } }, 'InvalidArgumentException'],
    ['conversion', { DataFormatConversionConfiguration: { Enabled: true } }, 'InvalidArgumentException'],
    ['a backup', { S3BackupMode: 'Enabled' }, 'InvalidArgumentException'],
    ['logging', { CloudWatchLoggingOptions: { Enabled: true } }, 'InvalidArgumentException'],
    ['a member that nobody knows', { Colour: 'red' }, 'InvalidArgumentException'],
    ['an expression without an error prefix', { Prefix: '!{timestamp:yyyy}/' }, 'InvalidArgumentException'],
    ['an error prefix that hides its type', { ErrorOutputPrefix: '!{timestamp:yyyy}/' }, 'InvalidArgumentException'],
    ['an error type among the good', { Prefix: '!{firehose:error-output-type}' }, 'InvalidArgumentException'],
    ['a prefix of more than 512 characters', { Prefix: 'x'.repeat(510) }, 'InvalidArgumentException'],
    ['no such time zone', { CustomTimeZone: 'Mars/Olympus' }, 'InvalidArgumentException'],
    ['partitions without keys', { DynamicPartitioningConfiguration: { Enabled: true } }, 'InvalidArgumentException'],
    ['decompression', processor('Decompression'), 'InvalidArgumentException'],
    ['a processor that is none', processor('Blender'), 'ValidationException'],
    [
      'a function that is not there',
      processor('Lambda', [{ ParameterName: 'LambdaArn', ParameterValue: functionArn('gone') }]),
      'InvalidArgumentException',
    ],
  ])('of a destination: %s', async (_title, more, code) => {
    await open();
    expect(await bench.refusal('CreateDeliveryStream', config(more))).toBe(code);
    expect(await bench.call('ListDeliveryStreams', {})).toEqual({
      DeliveryStreamNames: [],
      HasMoreDeliveryStreams: false,
    });
  });

  it.each<[string, JsonObject]>([
    ['other destinations', { S3DestinationConfiguration: undefined, HttpEndpointDestinationConfiguration: {} }],
    ['no destination', {}],
    ['other sources', { DeliveryStreamType: 'MSKAsSource' }],
    ['tags', { Tags: [{ Key: 'a' }] }],
    ['encryption', { DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' } }],
  ])('of a delivery stream: %s', async (_title, more) => {
    await open();
    expect(await bench.refusal('CreateDeliveryStream', { DeliveryStreamName: 'laps', ...more })).toBe(
      'InvalidArgumentException',
    );
  });
});

describe('the life of a delivery stream', () => {
  it('begins CREATING, is changed by version, listed in pages, and delivers what it has when it goes', async () => {
    await open({ statusDelayMs: 1_000 });
    await bench.create('b');
    await bench.create('a', { BufferingHints: HINTS, Prefix: 'old/' });
    const early = { DeliveryStreamName: 'a', Record: { Data: 'YQ==' } };
    expect(await bench.refusal('PutRecord', early)).toBe('ResourceNotFoundException');
    bench.race.advance(1_000);
    expect(
      await bench.refusal('CreateDeliveryStream', {
        DeliveryStreamName: 'a',
        S3DestinationConfiguration: { RoleARN: ROLE, BucketARN: BUCKET },
      }),
    ).toBe('ResourceInUseException');
    expect(await bench.call('ListDeliveryStreams', { Limit: 1 })).toEqual({
      DeliveryStreamNames: ['a'],
      HasMoreDeliveryStreams: true,
    });
    expect(await bench.call('ListDeliveryStreams', { ExclusiveStartDeliveryStreamName: 'a' })).toEqual({
      DeliveryStreamNames: ['b'],
      HasMoreDeliveryStreams: false,
    });
    const update = (version: string) => ({
      DeliveryStreamName: 'a',
      CurrentDeliveryStreamVersionId: version,
      DestinationId: 'destinationId-000000000001',
      ExtendedS3DestinationUpdate: { Prefix: 'new/' },
    });
    await bench.call('UpdateDestination', update('1'));
    expect(await bench.refusal('UpdateDestination', update('1'))).toBe('ConcurrentModificationException');
    const { DeliveryStreamDescription } = await bench.call('DescribeDeliveryStream', { DeliveryStreamName: 'a' });
    expect(DeliveryStreamDescription).toMatchObject({
      DeliveryStreamARN: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/a',
      DeliveryStreamStatus: 'ACTIVE',
      DeliveryStreamType: 'DirectPut',
      VersionId: '2',
      Destinations: [
        { ExtendedS3DestinationDescription: { Prefix: 'new/', BucketARN: BUCKET, BufferingHints: HINTS } },
      ],
    });
    await bench.put('a', 'last words');
    await bench.call('DeleteDeliveryStream', { DeliveryStreamName: 'a' });
    await delivered(1);
    expect(bench.objects.all[0].key).toMatch(/^new\/2026\/11\/21\/07\/a-2-/);
    await expect
      .poll(() => bench.refusal('DescribeDeliveryStream', { DeliveryStreamName: 'a' }))
      .toBe('ResourceNotFoundException');
    await bench.service.close();
    await open();
    expect(await bench.call('ListDeliveryStreams', {})).toMatchObject({ DeliveryStreamNames: ['b'] });
  });
});
