import { afterAll, beforeAll } from 'vitest';
import type { LocalAws, LocalAwsOptions } from '#cloud/local/services.js';
import { STORM_LIMITS } from '../../local/kinesis/storm.js';
import { startIn, testFolder } from '../../local/local-aws.js';
import { Crew, type WorkerTimes } from './crew.js';

/** Local services for the tests of a file, and crews on streams of their own. */
export function crews(
  options: Partial<LocalAwsOptions> = {},
): (name: string, times: WorkerTimes, shards?: number) => Promise<Crew> {
  const folder = testFolder();
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await startIn(folder.path, { limits: STORM_LIMITS, ...options });
  });
  afterAll(async () => {
    await aws.close();
    folder.remove();
  });
  return async (streamName, times, shards = 4) => {
    const crew = new Crew({ streamName, kinesisUrl: aws.url, dynamodbUrl: aws.url, ...times });
    await crew.createStream(shards);
    return crew;
  };
}
