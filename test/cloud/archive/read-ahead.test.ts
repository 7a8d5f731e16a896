import { expect, test } from 'vitest';
import type { ArchiveObject } from '#cloud/archive/manifest.js';
import { readAhead } from '#cloud/archive/read-ahead.js';

function objectOf(n: number, bytes = 1_000): ArchiveObject {
  const place = { firstSequence: `${n}`, lastSequence: `${n}`, fromMs: 0, toMs: 0 };
  return { key: `segment-${n}`, bytes, sha256: '', records: 1, runningFrom: n, ...place };
}

/** A bucket whose answers come in no order; counts what is under way. */
function slowBucket() {
  const bucket = {
    underWay: 0,
    most: 0,
    asked: [] as string[],
    get: async (key: string) => {
      bucket.asked.push(key);
      bucket.underWay++;
      bucket.most = Math.max(bucket.most, bucket.underWay);
      await new Promise((resolve) => setTimeout(resolve, key.endsWith('3') ? 10 : 1));
      bucket.underWay--;
      if (key === 'segment-15') throw new Error('no answer');
      return key === 'segment-7' ? undefined : Buffer.from(key);
    },
  };
  return bucket;
}

test('objects come in their order, eight under way at most; one that is not there is in its place', async () => {
  const bucket = slowBucket();
  const wanted = Array.from({ length: 14 }, (_, i) => objectOf(i + 1));
  const read: (string | undefined)[] = [];
  for await (const { object, bytes } of readAhead(bucket, wanted)) {
    expect(bytes?.toString()).toBe(object.key === 'segment-7' ? undefined : object.key);
    read.push(object.key);
  }
  expect(read).toEqual(wanted.map(({ key }) => key));
  expect(bucket.most).toBe(8);
  expect(bucket.asked).toHaveLength(14);
});

test('large objects are fetched one at a time, and whoever stops early fetches no more', async () => {
  const bucket = slowBucket();
  const wanted = Array.from({ length: 6 }, (_, i) => objectOf(i + 1, 12_000_000));
  for await (const { object } of readAhead(bucket, wanted)) if (object.key === 'segment-4') break;
  expect([bucket.most, bucket.asked.length]).toEqual([1, 4]);
});

test('what the bucket raises is raised when that object is due, not before', async () => {
  const read: string[] = [];
  const work = async () => {
    const wanted = [14, 15, 16].map((n) => objectOf(n));
    for await (const { object } of readAhead(slowBucket(), wanted)) read.push(object.key);
  };
  await expect(work()).rejects.toThrow('no answer');
  expect(read).toEqual(['segment-14']);
});
