/**
 * S3 through the stock client: large and small puts, gets, and pages of a large bucket. The server is a process of its own.
 */
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createS3Client } from '#cloud/clients.js';
import { anonymousMb, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';

const Bucket = 'bench';
const ROUNDS = 3;
const CALLERS = 4;
const LARGE = 100;
const LARGE_BODY = Buffer.alloc(1_000_000, 'large');
const SMALL = 10_000;
const SMALL_BODY = Buffer.alloc(1_024, 'small');
/** Of the bucket whose pages are timed: those of the small puts, of all rounds. */
const PAGES = 10;

export async function s3Figures(): Promise<Figure[]> {
  const server = await startAwsServer();
  try {
    const s3 = await createS3Client({ region: REGION, credentials: CREDENTIALS, endpoints: { s3: server.url } });
    await s3.send(new CreateBucketCommand({ Bucket }));
    const figures = [
      await rate('s3 puts of 1 MB', LARGE, (i) => put(s3, `large/${i}`, LARGE_BODY)),
      await rate('s3 gets of 1 MB', LARGE, (i) => get(s3, `large/${i}`)),
      await rate('s3 puts of 1 KB', SMALL, (i, round) => put(s3, `small/${round}/${i}`, SMALL_BODY)),
      await rate('s3 gets of 1 KB', SMALL / 10, (i) => get(s3, `small/0/${i}`)),
      await pages(s3),
      { name: 's3 server memory after all that', unit: 'MB', value: round(anonymousMb(server.pid), 0), spread: 0 },
    ];
    s3.destroy();
    return figures;
  } finally {
    await server.kill();
  }
}

async function put(s3: S3Client, Key: string, Body: Buffer): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function get(s3: S3Client, Key: string): Promise<void> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  await Body?.transformToByteArray();
}

/** Calls a second, several at a time, the best of the rounds. */
async function rate(name: string, count: number, call: (i: number, round: number) => Promise<void>): Promise<Figure> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    let next = 0;
    const caller = async () => {
      while (next < count) await call(next++, round);
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    rates.push((count * 1_000) / (performance.now() - startMs));
  }
  const best = Math.max(...rates);
  return { name, unit: '/s', value: round(best, 0), spread: round((best - Math.min(...rates)) / best) };
}

async function pages(s3: S3Client): Promise<Figure> {
  const times: number[] = [];
  let ContinuationToken: string | undefined;
  for (let i = 0; i < PAGES; i++) {
    const startMs = performance.now();
    ({ NextContinuationToken: ContinuationToken } = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'small/', ContinuationToken }),
    ));
    times.push(performance.now() - startMs);
  }
  const best = Math.min(...times);
  const name = `s3 page of 1,000 of ${(ROUNDS * SMALL).toLocaleString('en')} keys`;
  return { name, unit: 'ms', value: round(best), spread: round((Math.max(...times) - best) / best) };
}
