import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '#cloud/local/services.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { SourceProcess } from '../../helpers/source-process.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const region = 'us-east-1';
export const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test-secret' };

/** For tests of something else, on a clock that stands still: no table is ever asked for too much. */
export const UNTHROTTLED = {
  partitionWriteUnits: 1e9,
  partitionReadUnits: 1e9,
  onDemandWriteUnits: 1e9,
  onDemandReadUnits: 1e9,
};

/** A folder of one test; removed by `remove`. */
export function testFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'pitwall-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function startIn(dataDir: string, options: Partial<LocalAwsOptions> = {}): Promise<LocalAws> {
  return startLocalAws({
    dataDir,
    port: 0,
    credentials,
    region,
    raceClock: wallClock,
    wallClock,
    log: silentLog,
    ...options,
  });
}

/** The same in a process of its own, to be killed; `options` are those that JSON can say. */
export async function startToBeKilled(
  dataDir: string,
  options: Partial<LocalAwsOptions> = {},
): Promise<{ url: string; kill(): Promise<void> }> {
  const server = new SourceProcess(CHILD, dataDir, JSON.stringify(options));
  const [url] = await server.printed(1);
  return { url, kill: () => server.kill() };
}

const CHILD = fileURLToPath(new URL('./server-child.ts', import.meta.url));

/** Stock clients: nothing but endpoint and keys. One attempt, so that a test sees each refusal. */
export function stockClients(
  url: string,
  keys = credentials,
): { kinesis: KinesisClient; dynamodb: DynamoDBClient; dynamodbStreams: DynamoDBStreamsClient; destroy(): void } {
  const common = { region, credentials: keys, endpoint: url, maxAttempts: 1 };
  const kinesis = new KinesisClient(common);
  const dynamodb = new DynamoDBClient(common);
  const dynamodbStreams = new DynamoDBStreamsClient(common);
  return {
    kinesis,
    dynamodb,
    dynamodbStreams,
    destroy: () => {
      kinesis.destroy();
      dynamodb.destroy();
      dynamodbStreams.destroy();
    },
  };
}

/** Name of the AWS error that a call ends with; 'ok' when it does not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    return (error as Error).name;
  }
}
