/**
 * Child of a bench: the local streams, tables and objects in a folder, with the options that JSON can say; sends its URL, and
 * how long its process took until then.
 */
import { type LocalAwsOptions, startLocalAws } from '#cloud/local/services.js';
import type { SigningKeys } from '#cloud/local/sigv4.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

const [dataDir, credentials, region, options = '{}'] = process.argv.slice(2);
const { url } = await startLocalAws({
  dataDir,
  port: 0,
  credentials: JSON.parse(credentials) as SigningKeys,
  region,
  raceClock: wallClock,
  wallClock,
  log: silentLog,
  ...(JSON.parse(options) as Partial<LocalAwsOptions>),
});
process.on('disconnect', () => process.exit(0));
process.send?.(url);
