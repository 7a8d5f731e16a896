/** kill −9 in the middle of writing, and a start after it. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { SourceProcess } from '../../../helpers/source-process.js';
import { startIn, testFolder } from '../local-aws.js';
import { stockS3 } from './helpers.js';

const CHILD = fileURLToPath(new URL('../server-child.ts', import.meta.url));
const Bucket = 'bucket';
const BODY_BYTES = 400_000;

const bodyOf = (i: number) => Buffer.alloc(BODY_BYTES, `body ${i} `);
const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

/** What was acknowledged: the number of each key's body; undefined = deleted. */
type Acknowledged = Map<string, number | undefined>;

/** Puts, replaces, copies and deletes until the server is gone. */
async function write(s3: S3Client, name: string, acknowledged: Acknowledged, unsure: Set<string>): Promise<void> {
  for (let i = 0; ; i++) {
    const Key = `${name}/${i % 5}`;
    const copy = `${name}/copy ${i % 3}`;
    unsure.add(Key);
    const half = bodyOf(i).subarray(0, BODY_BYTES / 2);
    const Body = i % 2 === 0 ? bodyOf(i) : Readable.from([half, bodyOf(i).subarray(BODY_BYTES / 2)]);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: BODY_BYTES }));
    unsure.delete(Key);
    acknowledged.set(Key, i);
    if (i % 4 === 1) {
      unsure.add(copy);
      await s3.send(new CopyObjectCommand({ Bucket, Key: copy, CopySource: encodeURI(`${Bucket}/${Key}`) }));
      unsure.delete(copy);
      acknowledged.set(copy, i);
    }
    if (i % 7 === 6) {
      unsure.add(Key);
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      unsure.delete(Key);
      acknowledged.set(Key, undefined);
    }
  }
}

/** Parts of one upload that were acknowledged. */
async function upload(s3: S3Client, uploadId: string, parts: number[]): Promise<void> {
  for (let PartNumber = 1; ; PartNumber++) {
    const where = { Bucket, Key: 'upload', UploadId: uploadId };
    await s3.send(new UploadPartCommand({ ...where, PartNumber, Body: bodyOf(PartNumber) }));
    parts.push(PartNumber);
  }
}

it('has what it acknowledged, whole, and nothing that was half done, on disk either', async () => {
  const folder = testFolder();
  const child = new SourceProcess(CHILD, folder.path, '{}');
  const [url] = await child.printed(1);
  const s3 = stockS3(url);
  await s3.send(new CreateBucketCommand({ Bucket }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' }));
  const acknowledged: Acknowledged = new Map();
  const unsure = new Set<string>();
  const parts: number[] = [];
  const writers = Promise.allSettled([
    ...['a', 'b', 'c'].map((name) => write(s3, name, acknowledged, unsure)),
    upload(s3, UploadId!, parts),
  ]);
  await expect.poll(() => parts.length, { timeout: 30_000 }).toBeGreaterThan(25);
  await child.kill();
  await writers;
  s3.destroy();

  const aws = await startIn(folder.path);
  const after = stockS3(aws.url);
  const { Contents = [] } = await after.send(new ListObjectsV2Command({ Bucket }));
  const listed = new Map(Contents.map(({ Key, ETag }) => [Key!, ETag!]));
  for (const [Key, ETag] of listed) {
    const { Body } = await after.send(new GetObjectCommand({ Bucket, Key }));
    expect(etagOf(Buffer.from(await Body!.transformToByteArray()))).toBe(ETag);
  }
  const sure = [...acknowledged].filter(([key]) => !unsure.has(key));
  expect(sure.length).toBeGreaterThan(10);
  for (const [key, i] of sure) expect(listed.get(key)).toBe(i === undefined ? undefined : etagOf(bodyOf(i)));
  // What nobody was sure of is one of the two.
  for (const key of listed.keys()) expect(acknowledged.has(key) || unsure.has(key)).toBe(true);

  const where = { Bucket, Key: 'upload', UploadId };
  const { Parts = [] } = await after.send(new ListPartsCommand(where));
  expect(Parts.map(({ PartNumber }) => PartNumber).slice(0, parts.length)).toEqual(parts);
  const files = () =>
    readdirSync(join(folder.path, 's3', 'bodies'), { recursive: true }).filter((name) => `${name}`.length > 2).length;
  expect(files()).toBe(listed.size + Parts.length);

  // And it goes on: the first part alone, which is the last of its object, becomes one.
  const [{ PartNumber, ETag }] = Parts;
  await after.send(
    new CompleteMultipartUploadCommand({ ...where, MultipartUpload: { Parts: [{ PartNumber, ETag }] } }),
  );
  expect((await after.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined();
  await expect.poll(files).toBe(listed.size + 1);
  after.destroy();
  await aws.close();
  folder.remove();
});
