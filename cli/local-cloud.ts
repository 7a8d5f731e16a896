import { join } from 'node:path';
import type { CloudConfig } from '#cloud/config.js';
import { localCredentials } from '#cloud/local/credentials.js';
import type { Runtime } from './data-dir.js';

/** How AWS clients reach the local services of a data folder: its endpoints, its generated keys. */
export function localCloudConfig(dataRoot: string, endpoints: Runtime['endpoints'], region: string): CloudConfig {
  return { region, credentials: localCredentials(join(dataRoot, 'aws')), endpoints };
}
