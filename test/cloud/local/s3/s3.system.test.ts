/** Every served operation by the stock client, steered by endpoint and keys alone. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checksumOfParts } from '#cloud/local/s3/checksums.js';
import type { LocalAws } from '#cloud/local/services.js';
import { startIn, testFolder } from '../local-aws.js';
import { refusalOf, stockS3 } from './helpers.js';

const MIB = 1_048_576;
const folder = testFolder();
let aws: LocalAws;
let s3: S3Client;
/** The bucket of most tests. */
const Bucket = 'things';

beforeAll(async () => {
  aws = await startIn(folder.path);
  s3 = stockS3(aws.url);
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  s3.destroy();
  await aws.close();
  folder.remove();
});

const put = (Key: string, Body: PutObjectCommandInput['Body'], rest: Partial<PutObjectCommandInput> = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...rest }));
const get = (Key: string, rest = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...rest }));
const textOf = async (Key: string, rest = {}) => (await get(Key, rest)).Body!.transformToString();
const keysIn = async (bucket: string) =>
  (await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents?.map(({ Key }) => Key) ?? [];

describe('buckets', () => {
  it('are made, found, listed in order, and deleted when empty', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'b.two' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'b-one' }));
    // In us-east-1, and there alone, one may be made again by its owner.
    await s3.send(new CreateBucketCommand({ Bucket: 'b-one' }));
    const { Buckets, Prefix } = await s3.send(new ListBucketsCommand({ Prefix: 'b' }));
    expect([Prefix, Buckets!.map(({ Name }) => Name)]).toEqual(['b', ['b-one', 'b.two']]);
    const page = await s3.send(new ListBucketsCommand({ Prefix: 'b', MaxBuckets: 1 }));
    const next = await s3.send(new ListBucketsCommand({ Prefix: 'b', ContinuationToken: page.ContinuationToken }));
    expect(next.Buckets!.map(({ Name }) => Name)).toEqual(['b.two']);
    expect((await s3.send(new HeadBucketCommand({ Bucket: 'b-one' }))).BucketRegion).toBe('us-east-1');
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: 'b-one' }))).LocationConstraint).toBeFalsy();

    await s3.send(new PutObjectCommand({ Bucket: 'b-one', Key: 'k', Body: '' }));
    expect(await refusalOf(s3.send(new DeleteBucketCommand({ Bucket: 'b-one' })))).toBe('BucketNotEmpty 409');
    await s3.send(new DeleteObjectCommand({ Bucket: 'b-one', Key: 'k' }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'b-one' }));
    expect(await refusalOf(s3.send(new HeadBucketCommand({ Bucket: 'b-one' })))).toBe('NotFound 404');
    expect(await refusalOf(s3.send(new DeleteBucketCommand({ Bucket: 'b-one' })))).toBe('NoSuchBucket 404');
  });

  it.each(['ab', 'Upper', 'a..b', '192.168.0.1', 'xn--a', 'name-s3alias', 'a_b', '-ab'])(
    'may not be called %s',
    async (name) => {
      // The client checks nothing but emptiness.
      expect(await refusalOf(s3.send(new CreateBucketCommand({ Bucket: name })))).toBe('InvalidBucketName 400');
    },
  );

  it('that are not there take and give nothing', async () => {
    const nowhere = { Bucket: 'nowhere', Key: 'k' };
    expect(await refusalOf(s3.send(new PutObjectCommand({ ...nowhere, Body: 'x' })))).toBe('NoSuchBucket 404');
    expect(await refusalOf(s3.send(new GetObjectCommand(nowhere)))).toBe('NoSuchBucket 404');
    expect(await refusalOf(s3.send(new ListObjectsV2Command(nowhere)))).toBe('NoSuchBucket 404');
    expect(await refusalOf(s3.send(new CreateMultipartUploadCommand(nowhere)))).toBe('NoSuchBucket 404');
    expect(await refusalOf(s3.send(new DeleteObjectCommand(nowhere)))).toBe('NoSuchBucket 404');
  });
});

describe('objects', () => {
  it('come back as they went in, with their headers and metadata', async () => {
    const ContentType = 'application/x-ndjson';
    const Metadata = { car: '7', note: 'wing 6, map B' };
    const kept = { ContentType, ContentEncoding: 'gzip', CacheControl: 'no-store', ContentLanguage: 'de', Metadata };
    const { ETag } = await put('dir/one', 'hello', kept);
    expect(ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
    const object = await get('dir/one');
    expect(object).toMatchObject({ ...kept, ETag, ContentLength: 5, AcceptRanges: 'bytes' });
    expect(Math.abs(object.LastModified!.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await object.Body!.transformToString()).toBe('hello');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'dir/one' }))).toMatchObject({
      ...kept,
      ETag,
      ContentLength: 5,
    });
    expect((await get('dir/one', { ResponseContentType: 'text/plain' })).ContentType).toBe('text/plain');
  });

  it('that are not there are NoSuchKey, and deleted all the same', async () => {
    expect(await refusalOf(get('absent'))).toBe('NoSuchKey 404');
    expect(await refusalOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'absent' })))).toBe('NotFound 404');
    expect(await refusalOf(s3.send(new DeleteObjectCommand({ Bucket, Key: 'absent' })))).toBe('ok');
  });

  it('are read in part', async () => {
    await put('ranges', '0123456789');
    const part = await get('ranges', { Range: 'bytes=2-4' });
    expect(part).toMatchObject({ ContentRange: 'bytes 2-4/10', ContentLength: 3, $metadata: { httpStatusCode: 206 } });
    expect(await part.Body!.transformToString()).toBe('234');
    expect(await textOf('ranges', { Range: 'bytes=-3' })).toBe('789');
    expect(await textOf('ranges', { Range: 'bytes=7-' })).toBe('789');
    expect(await refusalOf(get('ranges', { Range: 'bytes=10-' }))).toBe('InvalidRange 416');
  });

  it('are read on conditions', async () => {
    const { ETag } = await put('conditions', 'x');
    expect(await textOf('conditions', { IfMatch: ETag })).toBe('x');
    expect(await refusalOf(get('conditions', { IfMatch: '"0"' }))).toBe('PreconditionFailed 412');
    expect(await refusalOf(get('conditions', { IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await textOf('conditions', { IfNoneMatch: '"0"' })).toBe('x');
    expect(await refusalOf(get('conditions', { IfModifiedSince: new Date(Date.now() - 1_000 + 1_000) }))).toMatch(
      /304/,
    );
  });

  it('keep any key: bytes of UTF-8, 1,024 of them at most, and none leaves the folder', async () => {
    const bucket = 'names';
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const keys = [
      ...['../../escape', '..', '.', './x', '/lead', 'a//b', 'trail/', 'sp ace', 'plus+', '%2e%2e%2f', 'q?x=1&y#z'],
      ...[
        'ü',
        '日本語',
        '😀',
        '\uffee',
        'Z',
        'a',
        '\u0001control',
        'tab\tnew\nline\rback',
        `q'"<>&*()!~`,
        'x'.repeat(1_024),
      ],
    ];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
    for (const Key of keys) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      expect(await Body!.transformToString()).toBe(Key);
    }
    const inByteOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url' }));
    expect(Contents!.map(({ Key }) => decodeURIComponent(Key!.replaceAll('+', ' ')))).toEqual(inByteOrder);
    const long = new PutObjectCommand({ Bucket: bucket, Key: 'ü'.repeat(513), Body: '' });
    expect(await refusalOf(s3.send(long))).toBe('KeyTooLongError 400');
  });

  it('of nothing are objects too', async () => {
    await put('empty', '');
    const object = await get('empty');
    expect([object.ContentLength, await object.Body!.transformToString()]).toEqual([0, '']);
    expect(await refusalOf(get('empty', { Range: 'bytes=0-' }))).toBe('InvalidRange 416');
  });

  it('are copied, with their metadata or with others', async () => {
    await put('from ü', 'copied', { Metadata: { a: '1' }, ContentType: 'text/x' });
    const CopySource = `${Bucket}/${encodeURIComponent('from ü')}`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'from ü' }));
    expect(await get('to')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/x' });
    expect(await textOf('to')).toBe('copied');
    const self = { Bucket, Key: 'to', CopySource: `${Bucket}/to` };
    expect(await refusalOf(s3.send(new CopyObjectCommand(self)))).toBe('InvalidRequest 400');
    await s3.send(new CopyObjectCommand({ ...self, MetadataDirective: 'REPLACE', Metadata: { b: '2' } }));
    expect((await get('to')).Metadata).toEqual({ b: '2' });
    expect(await textOf('to')).toBe('copied');
    expect(await refusalOf(s3.send(new CopyObjectCommand({ ...self, CopySource: `${Bucket}/none` })))).toBe(
      'NoSuchKey 404',
    );
  });

  it('are deleted many at once, quietly or not', async () => {
    for (const key of ['m1', 'm2', 'm3']) await put(key, key);
    const Objects = ['m1', 'm2', 'never'].map((Key) => ({ Key }));
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted!.map(({ Key }) => Key)).toEqual(['m1', 'm2', 'never']);
    expect(Errors).toBeUndefined();
    const quiet = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects: [{ Key: 'm3', ETag: 'wrong' }] } }),
    );
    expect(quiet.Deleted).toBeUndefined();
    expect(quiet.Errors).toMatchObject([{ Key: 'm3', Code: 'PreconditionFailed' }]);
    expect(await textOf('m3')).toBe('m3');
  });

  it('that are read while they are replaced and deleted stay whole', async () => {
    const old = Buffer.alloc(3 * MIB, 'o');
    await put('replaced', old);
    const { Body } = await get('replaced');
    await put('replaced', Buffer.alloc(3 * MIB, 'n'));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'replaced' }));
    expect(Buffer.from(await Body!.transformToByteArray()).equals(old)).toBe(true);
  });

  it('put at the same time under one key: one of them, whole', async () => {
    const bodies = Array.from({ length: 8 }, (_, i) => Buffer.alloc(300_000, i));
    await Promise.all(bodies.map((body) => put('contested', body)));
    const kept = Buffer.from(await (await get('contested')).Body!.transformToByteArray());
    expect(bodies.some((body) => body.equals(kept))).toBe(true);
  });
});

describe('conditional writes', () => {
  it('of many at once, one makes the object', async () => {
    const writers = Array.from({ length: 10 }, (_, i) => refusalOf(put('once', `writer ${i}`, { IfNoneMatch: '*' })));
    const outcomes = await Promise.all(writers);
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'PreconditionFailed 412']));
    expect(await textOf('once')).toBe(`writer ${outcomes.indexOf('ok')}`);
  });

  it('replace or delete what they have seen, nothing else', async () => {
    const { ETag } = await put('seen', '1');
    await put('seen', '2', { IfMatch: ETag });
    expect(await refusalOf(put('seen', '3', { IfMatch: ETag }))).toBe('PreconditionFailed 412');
    expect(await refusalOf(put('unseen', '3', { IfMatch: ETag }))).toBe('NoSuchKey 404');
    expect(await refusalOf(put('seen', '3', { IfNoneMatch: '"0"' }))).toBe('NotImplemented 501');
    const stale = new DeleteObjectCommand({ Bucket, Key: 'seen', IfMatch: ETag });
    expect(await refusalOf(s3.send(stale))).toBe('PreconditionFailed 412');
    expect(await textOf('seen')).toBe('2');
  });

  it('whose object is deleted under them are in conflict', async () => {
    const { ETag } = await put('deleted under', '1');
    let goOn = () => {};
    const deleted = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const body = async function* () {
      yield Buffer.alloc(10_000);
      await deleted;
      yield Buffer.alloc(10_000);
    };
    const files = () => readdirSync(join(folder.path, 's3', 'bodies'), { recursive: true }).length;
    const before = files();
    const slow = refusalOf(put('deleted under', Readable.from(body()), { ContentLength: 20_000, IfMatch: ETag }));
    // The server has seen that the condition holds, and is taking the body.
    await expect.poll(files).toBe(before + 1);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'deleted under' }));
    goOn();
    expect(await slow).toBe('ConditionalRequestConflict 409');
  });
});

describe('checksums', () => {
  const served = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff));

  it.each(served)(
    '%s: of a buffer in a header, of a stream in a trailer; both are kept and given back',
    async (name) => {
      const whole = await put('sum', body, { ChecksumAlgorithm: name });
      const chunks = [body.subarray(0, 20_000), body.subarray(20_000, 90_000), body.subarray(90_000)];
      const streamed = await put('sum streamed', Readable.from(chunks), {
        ChecksumAlgorithm: name,
        ContentLength: body.length,
        ContentEncoding: 'gzip',
      });
      expect(streamed[`Checksum${name}`]).toBe(whole[`Checksum${name}`]);
      // The client compares body and checksum itself.
      const object = await get('sum streamed', { ChecksumMode: 'ENABLED' });
      expect(object[`Checksum${name}`]).toBe(whole[`Checksum${name}`]);
      expect([object.ContentEncoding, object.ChecksumType]).toEqual(['gzip', 'FULL_OBJECT']);
      expect(Buffer.from(await object.Body!.transformToByteArray()).equals(body)).toBe(true);
      expect((await get('sum', { ChecksumMode: 'ENABLED', Range: 'bytes=0-1' }))[`Checksum${name}`]).toBeUndefined();
    },
  );

  it('that are wrong are BadDigest, and nothing is stored', async () => {
    const { ChecksumCRC32 } = await put('sum', 'right');
    expect(await refusalOf(put('wrong', 'wrong', { ChecksumCRC32 }))).toBe('BadDigest 400');
    const ContentMD5 = createHash('md5').update('right').digest('base64');
    expect(await refusalOf(put('wrong', 'wrong', { ContentMD5 }))).toBe('BadDigest 400');
    expect(await refusalOf(put('wrong', 'wrong', { ContentMD5: 'eHh4' }))).toBe('InvalidDigest 400');
    expect(await refusalOf(get('wrong'))).toBe('NoSuchKey 404');
    await put('right', 'right', { ContentMD5 });
  });

  it('of other algorithms are refused', async () => {
    const others = Object.values(ChecksumAlgorithm).filter((name) => !served.includes(name as 'CRC32'));
    expect(others).toContain('XXHASH64');
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'other' }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'other', UploadId }));
    for (const name of others) {
      const start = new CreateMultipartUploadCommand({ Bucket, Key: 'other', ChecksumAlgorithm: name });
      expect(await refusalOf(s3.send(start))).toBe('NotImplemented 501');
    }
  });
});

describe('listing', () => {
  const bucket = 'lists';
  const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/4', 'f'];
  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }));
  });
  const list = (rest: object) => s3.send(new ListObjectsV2Command({ Bucket: bucket, ...rest }));

  it('counts common prefixes among the page', async () => {
    const first = await list({ Delimiter: '/', MaxKeys: 2 });
    expect(first).toMatchObject({ KeyCount: 2, MaxKeys: 2, IsTruncated: true, Delimiter: '/' });
    expect([first.Contents!.map(({ Key }) => Key), first.CommonPrefixes]).toEqual([['a'], [{ Prefix: 'b/' }]]);
    const second = await list({ Delimiter: '/', MaxKeys: 2, ContinuationToken: first.NextContinuationToken });
    expect([second.Contents!.map(({ Key }) => Key), second.CommonPrefixes]).toEqual([['d'], [{ Prefix: 'e/' }]]);
    const third = await list({ Delimiter: '/', MaxKeys: 2, ContinuationToken: second.NextContinuationToken });
    expect(third).toMatchObject({ KeyCount: 1, IsTruncated: false });
  });

  it('by prefix, after a key, with owner, sizes and ETags', async () => {
    expect((await list({ Prefix: 'b/', Delimiter: '/' })).CommonPrefixes).toEqual([{ Prefix: 'b/c/' }]);
    const { Contents } = await list({ StartAfter: 'b/c/3', FetchOwner: true });
    expect(Contents!.map(({ Key }) => Key)).toEqual(['d', 'e/4', 'f']);
    expect(Contents![1]).toMatchObject({
      Size: 3,
      ETag: `"${createHash('md5').update('e/4').digest('hex')}"`,
      StorageClass: 'STANDARD',
      Owner: { ID: expect.any(String) },
    });
    expect((await list({})).Contents![0].Owner).toBeUndefined();
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  it('refuses a token that it never gave', async () => {
    expect(await refusalOf(list({ ContinuationToken: 'made up' }))).toBe('InvalidArgument 400');
  });
});

describe('multipart', () => {
  const start = async (Key: string, rest = {}) =>
    (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...rest }))).UploadId!;
  const part = async (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string, rest = {}) => {
    const { $metadata, ...result } = await s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...rest }),
    );
    return { ...result, PartNumber };
  };
  const complete = (Key: string, UploadId: string, Parts: { PartNumber: number; ETag?: string }[], rest = {}) =>
    s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...rest }));
  const five = Buffer.alloc(5 * MIB, '5');

  it('parts become one object with the ETag of their ETags; parts left out and replaced are gone', async () => {
    const id = await start('big', { Metadata: { race: '24h' }, ContentType: 'application/x' });
    const first = await part('big', id, 2, five);
    await part('big', id, 5, 'replaced');
    const last = await part('big', id, 5, 'end');
    await part('big', id, 9, 'left out');
    expect(await refusalOf(get('big'))).toBe('NoSuchKey 404');
    const md5s = [five, 'end'].map((body) => createHash('md5').update(body).digest());
    const etag = `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2"`;
    const done = await complete('big', id, [first, last]);
    expect(done).toMatchObject({ ETag: etag, Bucket, Key: 'big', ChecksumType: 'FULL_OBJECT' });
    const object = await get('big');
    expect(object).toMatchObject({ ETag: etag, Metadata: { race: '24h' }, ContentType: 'application/x' });
    expect(
      Buffer.from(await object.Body!.transformToByteArray()).equals(Buffer.concat([five, Buffer.from('end')])),
    ).toBe(true);
    expect(await textOf('big', { Range: `bytes=${5 * MIB - 2}-${5 * MIB}` })).toBe('55e');
    expect(await get('big', { PartNumber: 2 })).toMatchObject({ ContentLength: 3, PartsCount: 2 });
    // A client whose answer was lost asks again.
    expect((await complete('big', id, [first, last])).ETag).toBe(etag);
    expect(await refusalOf(part('big', id, 1, 'x'))).toBe('NoSuchUpload 404');
  });

  it('refuses small parts within, other parts, another order, other numbers', async () => {
    const id = await start('refused');
    const small = await part('refused', id, 1, 'small');
    const other = await part('refused', id, 2, 'other');
    expect(await refusalOf(complete('refused', id, [small, other]))).toBe('EntityTooSmall 400');
    expect(await refusalOf(complete('refused', id, [other, small]))).toBe('InvalidPartOrder 400');
    expect(await refusalOf(complete('refused', id, [{ ...small, ETag: other.ETag }]))).toBe('InvalidPart 400');
    expect(await refusalOf(complete('refused', id, [{ ...small, PartNumber: 3 }]))).toBe('InvalidPart 400');
    expect(await refusalOf(complete('refused', id, []))).toBe('MalformedXML 400');
    expect(await refusalOf(complete('refused', id, [small], { MpuObjectSize: 6 }))).toBe('InvalidRequest 400');
    expect(await refusalOf(part('refused', id, 10_001, 'x'))).toBe('InvalidArgument 400');
    expect(await refusalOf(part('refused', id, 0, 'x'))).toBe('InvalidArgument 400');
    expect(await refusalOf(complete('refused', 'unknown', [small]))).toBe('NoSuchUpload 404');
    // It is still there and can be completed.
    await complete('refused', id, [small], { MpuObjectSize: 5 });
    expect(await textOf('refused')).toBe('small');
  });

  it('completes on a condition', async () => {
    await put('guarded', 'there');
    const id = await start('guarded');
    const only = await part('guarded', id, 1, 'new');
    expect(await refusalOf(complete('guarded', id, [only], { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    expect(await textOf('guarded')).toBe('there');
    const { ETag } = await get('guarded');
    await complete('guarded', id, [only], { IfMatch: ETag });
    expect(await textOf('guarded')).toBe('new');
  });

  it.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('%s of the parts’ %s', async (name) => {
    const id = await start('composite', { ChecksumAlgorithm: name });
    const parts = [await part('composite', id, 1, five, { ChecksumAlgorithm: name })];
    parts.push(await part('composite', id, 2, 'tail', { ChecksumAlgorithm: name }));
    const [{ ETag, PartNumber }] = parts;
    expect(await refusalOf(complete('composite', id, [{ ETag, PartNumber }]))).toBe('InvalidRequest 400');
    const done = await complete('composite', id, parts);
    expect(done.ChecksumType).toBe('COMPOSITE');
    expect(done[`Checksum${name}`]).toMatch(/=*-2$/);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'composite', ChecksumMode: 'ENABLED' }));
    expect(head[`Checksum${name}`]).toBe(done[`Checksum${name}`]);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s of the whole, from those of its parts', async (name) => {
    const id = await start('full', { ChecksumAlgorithm: name, ChecksumType: 'FULL_OBJECT' });
    const rest = { ChecksumAlgorithm: name };
    const parts = [await part('full', id, 1, five, rest), await part('full', id, 2, 'tail', rest)];
    const wrong = { [`Checksum${name}`]: parts[0][`Checksum${name}`] };
    expect(await refusalOf(complete('full', id, parts, wrong))).toBe('BadDigest 400');
    const { value } = checksumOfParts(
      name,
      'FULL_OBJECT',
      parts.map((each, i) => ({ bytes: i === 0 ? 5 * MIB : 4, checksum: each[`Checksum${name}`]! })),
    );
    await complete('full', id, parts, { [`Checksum${name}`]: value });
    // The client compares.
    const object = await get('full', { ChecksumMode: 'ENABLED' });
    expect(object[`Checksum${name}`]).toBeDefined();
    expect((await object.Body!.transformToByteArray()).length).toBe(5 * MIB + 4);
  });

  it('takes parts from other objects, whole or a range of bytes', async () => {
    await put('source', '0123456789');
    const id = await start('of copies');
    const where = { Bucket, Key: 'of copies', UploadId: id, CopySource: `${Bucket}/source` };
    const copy = (PartNumber: number, rest = {}) =>
      s3.send(new UploadPartCopyCommand({ ...where, PartNumber, ...rest }));
    expect(await refusalOf(copy(1, { CopySourceRange: 'bytes=5-10' }))).toBe('InvalidArgument 400');
    expect(await refusalOf(copy(1, { CopySourceRange: 'bytes=5-' }))).toBe('InvalidArgument 400');
    expect(await refusalOf(copy(1, { CopySourceIfMatch: '"0"' }))).toBe('PreconditionFailed 412');
    expect(await refusalOf(copy(1, { CopySource: `${Bucket}/none` }))).toBe('NoSuchKey 404');
    const { CopyPartResult } = await copy(1, { CopySourceRange: 'bytes=2-4' });
    expect(CopyPartResult!.ETag).toBe(`"${createHash('md5').update('234').digest('hex')}"`);
    await complete('of copies', id, [{ PartNumber: 1, ETag: CopyPartResult!.ETag }]);
    expect(await textOf('of copies')).toBe('234');
  });

  it('refuses a part with another checksum than the upload has, and types that cannot be', async () => {
    const id = await start('types', { ChecksumAlgorithm: 'SHA256' });
    expect(await refusalOf(part('types', id, 1, 'x', { ChecksumAlgorithm: 'CRC32' }))).toBe('InvalidRequest 400');
    const impossible = { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' };
    expect(await refusalOf(start('types', impossible))).toBe('InvalidRequest 400');
  });

  it('uploads and parts are listed in pages, and aborted', async () => {
    const bucket = 'uploads';
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    const uploads: { key: string; id: string }[] = [];
    for (const key of ['a', 'b', 'b', 'p/1', 'p/2', 'q']) {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
      uploads.push({ key, id: UploadId! });
    }
    const listed: string[] = [];
    let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
    for (let truncated = true; truncated; ) {
      const page = await s3.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, MaxUploads: 2, Delimiter: '/', ...marker }),
      );
      listed.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => `${Key} ${UploadId}`));
      listed.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => `${Prefix}`));
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker || undefined };
      truncated = page.IsTruncated === true;
    }
    const expected = uploads.filter(({ key }) => !key.startsWith('p/')).map(({ key, id }) => `${key} ${id}`);
    expect(listed.sort()).toEqual([...expected, 'p/'].sort());

    const where = { Bucket: bucket, Key: 'q', UploadId: uploads[5].id };
    for (const PartNumber of [1, 3, 7]) await s3.send(new UploadPartCommand({ ...where, PartNumber, Body: 'x' }));
    const first = await s3.send(new ListPartsCommand({ ...where, MaxParts: 2 }));
    expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '3' });
    const second = await s3.send(new ListPartsCommand({ ...where, PartNumberMarker: first.NextPartNumberMarker }));
    expect([...first.Parts!, ...second.Parts!].map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [3, 1],
      [7, 1],
    ]);
    await s3.send(new AbortMultipartUploadCommand(where));
    expect(await refusalOf(s3.send(new ListPartsCommand(where)))).toBe('NoSuchUpload 404');
    expect(await keysIn(bucket)).toEqual([]);
    // Unfinished uploads do not keep a bucket.
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  });
});

it('refuses loudly what it does not serve', async () => {
  expect(await refusalOf(s3.send(new GetBucketAclCommand({ Bucket })))).toBe('NotImplemented 501');
  expect(await refusalOf(s3.send(new ListObjectsCommand({ Bucket })))).toBe('NotImplemented 501');
  expect(await refusalOf(put('x', 'x', { ServerSideEncryption: 'aws:kms' }))).toBe('NotImplemented 501');
  expect(await refusalOf(put('x', 'x', { ACL: 'public-read' }))).toBe('NotImplemented 501');
  expect(await refusalOf(put('x', 'x', { Tagging: 'a=b' }))).toBe('NotImplemented 501');
  expect(await refusalOf(put('x', 'x', { StorageClass: 'GLACIER' }))).toBe('NotImplemented 501');
  expect(await refusalOf(get('x', { VersionId: 'v' }))).toBe('NotImplemented 501');
  expect(await refusalOf(put('x', 'x', { ExpectedBucketOwner: '111111111111' }))).toBe('AccessDenied 403');
  expect(await refusalOf(put('x', 'x', { Metadata: { m: 'x'.repeat(2_048) } }))).toBe('MetadataTooLarge 400');
});
