/** The largest put that S3 takes goes in and out in constant memory. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { SourceProcess } from '../../../helpers/source-process.js';
import { testFolder } from '../local-aws.js';
import { refusalOf, stockS3 } from './helpers.js';

const CHILD = fileURLToPath(new URL('../server-child.ts', import.meta.url));
const GIB = 1_073_741_824;
const CHUNK = Buffer.alloc(1_048_576, 'a chunk of the largest object ');
const ANONYMOUS_BYTES_MAX = 250e6;

async function* chunks(bytes: number) {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length));
}

it('5 GiB: put, gone through by the checksum, got again, the server never above 250 MB', async () => {
  const folder = testFolder();
  const server = new SourceProcess(CHILD, folder.path, '{}');
  const [url] = await server.printed(1);
  let peakBytes = 0;
  const watch = setInterval(() => {
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
    peakBytes = Math.max(peakBytes, Number(kilobytes) * 1_024);
  }, 100);
  const s3 = stockS3(url);
  await s3.send(new CreateBucketCommand({ Bucket: 'large' }));
  const put = (bytes: number) =>
    s3.send(
      new PutObjectCommand({ Bucket: 'large', Key: 'k', Body: Readable.from(chunks(bytes)), ContentLength: bytes }),
    );
  expect(await refusalOf(put(5 * GIB + 1))).toBe('EntityTooLarge 400');
  await put(5 * GIB);
  const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: 'large', Key: 'k' }));
  expect(ContentLength).toBe(5 * GIB);
  const seen = createHash('sha1');
  for await (const chunk of Body as AsyncIterable<Buffer>) seen.update(chunk);
  const wanted = createHash('sha1');
  for await (const chunk of chunks(5 * GIB)) wanted.update(chunk);
  expect(seen.digest('hex')).toBe(wanted.digest('hex'));
  clearInterval(watch);
  s3.destroy();
  await server.kill();
  folder.remove();
  expect(peakBytes).toBeGreaterThan(0);
  expect(peakBytes).toBeLessThan(ANONYMOUS_BYTES_MAX);
});
