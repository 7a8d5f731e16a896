import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientName, type Clients, closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { type LocalAws, startLocalAws } from '#cloud/local/services.js';
import { provision, provisionBucket } from '#cloud/provision.js';
import { streams, tables } from '#cloud/resources.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

const CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test-secret' };
const REGION = 'us-east-1';
const NAMES = ['kinesis', 'dynamodb', 's3'] as const satisfies ClientName[];

/** The local services with everything that a race needs in them. */
export interface LocalRaceCloud {
  aws: LocalAws;
  config: CloudConfig;
  clients: Pick<Clients, (typeof NAMES)[number]>;
  bucket: string;
  raceClock: RaceClock;
  close(): Promise<void>;
}

/** @param rate race seconds per wall second: limits of a shard count by the race clock */
export async function localRaceCloud(rate = 10): Promise<LocalRaceCloud> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pitwall-test-'));
  const raceClock = new RaceClock(wallClock);
  raceClock.follow({ ...raceClock.sync(), rate });
  const shared = { credentials: CREDENTIALS, region: REGION };
  const aws = await startLocalAws({ ...shared, dataDir, port: 0, raceClock, wallClock, log: silentLog });
  const config = { ...shared, endpoints: { kinesis: aws.url, dynamodb: aws.url, s3: aws.url } };
  const clients = await createClients(config, [...NAMES]);
  const bucket = 'pitwall-archive-test';
  await provision(clients, { streams, tables: { state: tables.state } });
  await provisionBucket(clients.s3, bucket);
  return {
    aws,
    config,
    clients,
    bucket,
    raceClock,
    close: async () => {
      closeClients(clients);
      await aws.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
