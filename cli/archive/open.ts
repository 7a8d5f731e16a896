import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ArchiveStore, s3Store } from '#cloud/archive/objects.js';
import { closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { startLocalAws } from '#cloud/local/services.js';
import { targetNames } from '#cloud/topic-rules.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { configFor } from '../commands/config.js';
import type { Config } from '../config/keys.js';
import { LOCAL } from '../contexts.js';
import { openDataDir } from '../data-dir.js';
import { ACCOUNT_ID } from '../parts/enrolments.js';
import { cloudOf } from '../remote.js';

export interface ArchiveFlags {
  bucket?: string;
  data?: string;
}

export interface OpenArchive {
  store: ArchiveStore;
  bucket: string;
  close(): Promise<void>;
}

/**
 * The bucket of the running system or of the AWS context in use; of a data folder where nothing runs, its objects are served
 * for this command alone. Raises PW-CONFIG-NOT-RUNNING where there is no folder, PW-USAGE-FLAG without a bucket on AWS.
 */
export async function openArchive(flags: ArchiveFlags): Promise<OpenArchive> {
  const { config } = configFor({ data: flags.data });
  const bucket = flags.bucket ?? bucketOf(config);
  const { cloud, close } = await cloudWithObjects(config);
  const clients = await createClients(cloud, ['s3']);
  return {
    store: s3Store(clients.s3, bucket),
    bucket,
    close: async () => {
      closeClients(clients);
      await close();
    },
  };
}

function bucketOf({ context, region }: Config): string {
  if (context === LOCAL) return targetNames({ region, accountId: ACCOUNT_ID }).bucket('archive');
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `The context in use is "${context}", and no bucket was named.`,
    why: "A bucket's name on AWS holds the number of the account.",
    fix: 'Name it with --bucket NAME.',
  });
}

async function cloudWithObjects(config: Config): Promise<{ cloud: CloudConfig; close(): Promise<void> }> {
  try {
    return { cloud: await cloudOf(config), close: async () => {} };
  } catch (error) {
    const isAway = error instanceof PitwallError && error.code === 'PW-CONFIG-NOT-RUNNING';
    if (!isAway || !existsSync(join(resolve(config.data), 'aws'))) throw error;
  }
  const dir = openDataDir(config.data);
  const credentials = localCredentials(dir.aws);
  const { region } = config;
  const raceClock = new RaceClock(wallClock);
  const shared = { credentials, region, raceClock, wallClock, log: silentLog };
  const aws = await startLocalAws({ ...shared, dataDir: dir.aws, port: 0 }).catch((error: unknown) => {
    dir.release();
    throw error;
  });
  return {
    cloud: { region, credentials, endpoints: { s3: aws.url } },
    close: async () => {
      await aws.close();
      dir.release();
    },
  };
}
