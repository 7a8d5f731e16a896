/** Child of the broker's bench: our IoT Core, policies on, rules that take everything; tells its CPU time when asked. */
import { startIotCore } from '#cloud/local/iot-core/index.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const [dataDir, caPath, certPath, keyPath] = process.argv.slice(2);
/** The bench goes past what AWS lets a connection send. */
const UNLIMITED = 1e9;

const iot = await startIotCore({
  dataDir,
  tls: { caPath, certPath, keyPath },
  mqttPort: 0,
  dataPlanePort: 0,
  operatorName: 'operator',
  rules: { ingest: () => undefined },
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  raceClock: wallClock,
  wallClock,
  random: seededRandom(1),
  log: silentLog,
  faults: { dropAfterAck: 0, duplicate: 0, reorder: 0, deliveryDuplicate: 0, deliveryReorder: 0 },
  limits: {
    publishesPerSecond: UNLIMITED,
    bytesPerSecond: UNLIMITED,
    accountPublishesPerSecond: UNLIMITED,
    accountDeliveriesPerSecond: UNLIMITED,
    slowConsumerBytes: 64 * 1024 * 1024,
    sessionQueueMessages: 100_000,
    sessionQueueBytes: 256 * 1024 * 1024,
  },
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit(0));
process.send?.(iot.mqttPort);
