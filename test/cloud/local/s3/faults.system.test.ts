import { CreateBucketCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { parseFaults } from '#cloud/local/faults.js';
import { startIn, testFolder } from '../local-aws.js';
import { refusalOf, stockS3 } from './helpers.js';

it('a plan slows calls down, fails them, and loses the answer to what was done', async () => {
  const folder = testFolder();
  const plan = 's3.GetObject:throttle=1,s3.HeadObject:error=1,s3.PutObject:dropAfterCommit=1';
  const faulty = await startIn(folder.path, { faults: parseFaults(plan) });
  const s3 = stockS3(faulty.url);
  const where = { Bucket: 'bucket', Key: 'k' };
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }));
  expect(await refusalOf(s3.send(new GetObjectCommand(where)))).toBe('SlowDown 503');
  expect(await refusalOf(s3.send(new HeadObjectCommand(where)))).toMatch(/ 500$/);
  await expect(s3.send(new PutObjectCommand({ ...where, Body: 'done' }))).rejects.toThrow();
  expect(faulty.stats()).toMatchObject({
    operations: { 's3.GetObject': { throttles: 1 } },
    faults: { 's3.GetObject throttle': 1, 's3.HeadObject error': 1, 's3.PutObject dropAfterCommit': 1 },
  });
  s3.destroy();
  await faulty.close();

  const sound = await startIn(folder.path);
  const after = stockS3(sound.url);
  expect(await (await after.send(new GetObjectCommand(where))).Body!.transformToString()).toBe('done');
  after.destroy();
  await sound.close();
  folder.remove();
});
