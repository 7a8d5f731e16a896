/** What no stock client sends: streamed signatures, presigned URLs, lies, and requests that are cut off. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { startIn, testFolder } from '../local-aws.js';
import { presignByHand, refusalOf, send, signByHand, stockS3 } from './helpers.js';

const EMPTY = createHash('sha256').digest('hex');
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const folder = testFolder();
let aws: LocalAws;
let s3: S3Client;

beforeAll(async () => {
  aws = await startIn(folder.path, { s3Limits: { putBytesMax: 100_000 } });
  s3 = stockS3(aws.url);
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
});
afterAll(async () => {
  s3.destroy();
  await aws.close();
  folder.remove();
});

const host = () => `127.0.0.1:${aws.port}`;
const codeIn = (text: string) => /<Code>(.*?)<\/Code>/.exec(text)?.[1];
const textOf = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key }))).Body!.transformToString();
const bodyFiles = () =>
  readdirSync(join(folder.path, 's3', 'bodies'), { recursive: true }).filter((name) => `${name}`.length > 2).length;

/** A put of a payload in two signed chunks, `damage` applied to what goes over the wire. */
async function putStreamed(key: string, payload: string, damage = (body: string) => body) {
  const path = `/bucket/${key}`;
  const headers = {
    host: host(),
    'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': String(payload.length),
  };
  const signed = signByHand({ method: 'PUT', path, headers });
  let previous = signed.signature;
  const chunkOf = (text: string) => {
    const hashed = createHash('sha256').update(text).digest('hex');
    const { amzDate, scope } = signed;
    previous = signed.sign(['AWS4-HMAC-SHA256-PAYLOAD', amzDate, scope, previous, EMPTY, hashed].join('\n'));
    return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text}\r\n`;
  };
  const body = damage([payload.slice(0, 10_000), payload.slice(10_000), ''].map(chunkOf).join(''));
  return send(aws.port, 'PUT', path, { ...signed.headers, 'content-length': String(body.length) }, body);
}

describe('a body that is signed chunk by chunk', () => {
  const payload = 'streamed '.repeat(2_000);

  it('is stored without its framing', async () => {
    expect(await putStreamed('streamed', payload)).toMatchObject({ status: 200 });
    expect(await textOf('streamed')).toBe(payload);
    const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'streamed' }));
    expect(object.ContentEncoding).toBeUndefined();
  });

  it('is refused as a whole when one byte of its last chunk differs', async () => {
    const before = bodyFiles();
    const { status, text } = await putStreamed('forged', payload, (body) =>
      body.replace(/streamed \r\n0;/, 'streameX \r\n0;'),
    );
    expect([status, codeIn(text)]).toEqual([403, 'SignatureDoesNotMatch']);
    expect(await refusalOf(textOf('forged'))).toBe('NoSuchKey 404');
    expect(bodyFiles()).toBe(before);
  });
});

describe('signatures', () => {
  const put = (
    headers: Record<string, string>,
    body: string,
    rest: { nowMs?: number; secretAccessKey?: string } = {},
  ) => {
    const all = { host: host(), 'content-length': String(Buffer.byteLength(body)), ...headers };
    return send(
      aws.port,
      'PUT',
      '/bucket/by-hand',
      signByHand({ method: 'PUT', path: '/bucket/by-hand', headers: all, ...rest }).headers,
      body,
    );
  };
  const codeOf = async (answer: ReturnType<typeof send>) => {
    const { status, text } = await answer;
    return `${codeIn(text) ?? 'ok'} ${status}`;
  };

  it('hold for the payload too, unless it is unsigned', async () => {
    const sha256 = createHash('sha256').update('payload').digest('hex');
    expect(await codeOf(put({ 'x-amz-content-sha256': sha256 }, 'payload'))).toBe('ok 200');
    expect(await codeOf(put({ 'x-amz-content-sha256': sha256 }, 'PAYLOAD'))).toBe('XAmzContentSHA256Mismatch 400');
    expect(await codeOf(put({ 'x-amz-content-sha256': UNSIGNED }, 'anything'))).toBe('ok 200');
    expect(await codeOf(put({ 'x-amz-content-sha256': 'other' }, 'x'))).toBe('InvalidArgument 400');
    const later = 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD';
    expect(await codeOf(put({ 'x-amz-content-sha256': later }, 'x'))).toBe('NotImplemented 501');
  });

  it('of another key, too old, or for fewer headers than Amazon’s are refused in S3’s words', async () => {
    const unsigned = { 'x-amz-content-sha256': UNSIGNED };
    expect(await codeOf(put(unsigned, 'x', { secretAccessKey: 'other' }))).toBe('SignatureDoesNotMatch 403');
    expect(await codeOf(put(unsigned, 'x', { nowMs: Date.now() - 16 * 60_000 }))).toBe('RequestTimeTooSkewed 403');
    expect(await codeOf(send(aws.port, 'GET', '/bucket/by-hand', {}))).toBe('AccessDenied 403');
    const { headers } = signByHand({ method: 'GET', path: '/bucket/by-hand', headers: { host: host(), ...unsigned } });
    expect(await codeOf(send(aws.port, 'GET', '/bucket/by-hand', headers))).toBe('ok 200');
    const added = { ...headers, 'x-amz-checksum-mode': 'ENABLED' };
    expect(await codeOf(send(aws.port, 'GET', '/bucket/by-hand', added))).toBe('AccessDenied 403');
    expect(await codeOf(send(aws.port, 'GET', '/bucket/by-hand', { authorization: 'AWS key:signature' }))).toBe(
      'InvalidRequest 400',
    );
  });

  it('errors are documents with code, message, resource and request', async () => {
    const { headers } = signByHand({
      method: 'GET',
      path: '/bucket/not%20there',
      headers: { host: host(), 'x-amz-content-sha256': UNSIGNED },
    });
    const answer = await send(aws.port, 'GET', '/bucket/not%20there', headers);
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'application/xml' } });
    expect(answer.text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>.+<\/Message><Key>not there<\/Key><Resource>\/bucket\/not%20there<\/Resource><RequestId>[0-9A-F]{16}<\/RequestId><\/Error>$/,
    );
    expect(answer.text).toContain(`<RequestId>${answer.headers['x-amz-request-id']}</RequestId>`);
  });

  it('are for programs that mean this machine', async () => {
    expect(await codeOf(send(aws.port, 'GET', '/bucket/x', { host: 'bucket.example' }))).toBe('AccessDenied 403');
    const page = { host: host(), origin: 'https://page.example' };
    expect(await codeOf(send(aws.port, 'GET', '/bucket/x', page))).toBe('AccessDenied 403');
  });
});

describe('a presigned URL', () => {
  const url = (path: string) => new URL(path, aws.url);

  it('gives an object to whoever has it, as long as it holds', async () => {
    await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'shared/a b', Body: 'shared' }));
    const answer = await fetch(presignByHand(url('/bucket/shared/a%20b?response-content-type=text%2Fcsv'), 'GET', 60));
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/csv',
      'shared',
    ]);
    const part = await fetch(presignByHand(url('/bucket/shared/a%20b'), 'GET', 60), {
      headers: { range: 'bytes=0-1' },
    });
    expect([part.status, await part.text()]).toEqual([206, 'sh']);
    const old = await fetch(presignByHand(url('/bucket/shared/a%20b'), 'GET', 60, Date.now() - 61_000));
    expect([old.status, await old.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
  });

  it('is good for what was signed alone', async () => {
    const signed = presignByHand(url('/bucket/shared/a%20b'), 'GET', 60);
    const codeOf = async (answer: Promise<Response>) => codeIn(await (await answer).text());
    expect(await codeOf(fetch(signed, { method: 'DELETE' }))).toBe('SignatureDoesNotMatch');
    expect(await codeOf(fetch(`${signed}&x=1`))).toBe('SignatureDoesNotMatch');
    const copy = { headers: { 'x-amz-copy-source': '/bucket/other' } };
    expect(await codeOf(fetch(signed, copy))).toBe('AccessDenied');
    expect(await codeOf(fetch(presignByHand(url('/bucket/x'), 'GET', 604_801)))).toBe(
      'AuthorizationQueryParametersError',
    );
  });

  it('takes an object', async () => {
    const put = await fetch(presignByHand(url('/bucket/given'), 'PUT', 60), { method: 'PUT', body: 'given' });
    expect(put.status).toBe(200);
    expect(await textOf('given')).toBe('given');
  });
});

describe('bodies that are not what was said', () => {
  const put = (headers: Record<string, string>, body: string | Buffer) => {
    const all = { host: host(), 'x-amz-content-sha256': UNSIGNED, ...headers };
    return send(
      aws.port,
      'PUT',
      '/bucket/odd',
      signByHand({ method: 'PUT', path: '/bucket/odd', headers: all }).headers,
      body,
    );
  };

  it('above the bound are refused before they are sent, when the client waits', async () => {
    const answer = await put({ 'content-length': '100001', expect: '100-continue' }, Buffer.alloc(100_001));
    expect([answer.status, codeIn(answer.text), answer.continued]).toEqual([400, 'EntityTooLarge', false]);
    const taken = await put({ 'content-length': '100000', expect: '100-continue' }, Buffer.alloc(100_000));
    expect([taken.status, taken.continued]).toEqual([200, true]);
  });

  it('without a length are refused', async () => {
    const answer = await put({ 'transfer-encoding': 'chunked' }, 'x');
    expect([answer.status, codeIn(answer.text)]).toEqual([411, 'MissingContentLength']);
  });

  it('that end early leave nothing', async () => {
    const before = bodyFiles();
    const { headers } = signByHand({
      method: 'PUT',
      path: '/bucket/cut',
      headers: { host: host(), 'content-length': '90000', 'x-amz-content-sha256': UNSIGNED },
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const gone = () => aws.stats().refused['client gone'] ?? 0;
    const socket = connect(aws.port, '127.0.0.1');
    socket.write(`PUT /bucket/cut HTTP/1.1\r\n${lines.join('')}\r\n${'x'.repeat(50_000)}`);
    await expect.poll(bodyFiles).toBe(before + 1);
    socket.destroy();
    await expect.poll(gone).toBe(1);
    await expect.poll(bodyFiles).toBe(before);
    expect(await refusalOf(textOf('cut'))).toBe('NoSuchKey 404');
  });
});

it('keeps objects over a restart, written through to disk when that is asked for', async () => {
  const other = testFolder();
  const options = { durability: 'disk' } as const;
  const first = await startIn(other.path, options);
  const before = stockS3(first.url);
  await before.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await before.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'over', Metadata: { a: '1' } }));
  before.destroy();
  await first.close();
  const second = await startIn(other.path, options);
  const after = stockS3(second.url);
  const { Body, Metadata } = await after.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' }));
  expect([await Body!.transformToString(), Metadata]).toEqual(['over', { a: '1' }]);
  after.destroy();
  await second.close();
  other.remove();
});
