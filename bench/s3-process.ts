/** Child of the S3 bench: the local services in a folder; tells its anonymous memory when asked. */
import { readFileSync } from 'node:fs';
import { startLocalAws } from '#cloud/local/services.js';
import type { SigningKeys } from '#cloud/local/sigv4.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

const [dataDir, credentials, region] = process.argv.slice(2);
const { url } = await startLocalAws({
  dataDir,
  port: 0,
  credentials: JSON.parse(credentials) as SigningKeys,
  region,
  raceClock: wallClock,
  wallClock,
  log: silentLog,
});
process.on('message', () => {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  process.send?.(Number(kilobytes) * 1_024);
});
process.on('disconnect', () => process.exit(0));
process.send?.(url);
