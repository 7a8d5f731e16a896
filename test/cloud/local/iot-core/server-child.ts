/** A process to be killed: a local IoT Core over the folder that it is given. Prints its ports as one JSON line. */
import { join } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import { startIotCore } from '#cloud/local/iot-core/index.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { credentials, NO_FAULTS, OPERATOR } from './harness.js';

const [folder] = process.argv.slice(2);
const authority = await openAuthority(join(folder, 'certs'), { now: wallClock });
const { mqttPort, dataPlanePort } = await startIotCore({
  dataDir: join(folder, 'iot'),
  tls: await authority.server(),
  mqttPort: 0,
  dataPlanePort: 0,
  operatorName: OPERATOR,
  rules: { ingest: () => {} },
  credentials,
  raceClock: wallClock,
  wallClock,
  random: seededRandom(1),
  log: silentLog,
  faults: NO_FAULTS,
  // One client here writes and reads more than AWS lets a connection do.
  limits: { publishesPerSecond: 100_000, bytesPerSecond: 1e9, sessionDeliveriesPerSecond: 100_000 },
});
process.stdout.write(`${JSON.stringify({ mqttPort, dataPlanePort })}\n`);
