import { join } from 'node:path';
import { localCredentials } from '#cloud/local/credentials.js';
import { carThing } from '#simulator/fleet/roster.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Config } from '../config/keys.js';
import {
  type DataDir,
  type LocalEndpoints,
  openDataDir,
  RUNTIME_FILE,
  type Runtime,
  readHistory,
  writeHistory,
  writeJson,
} from '../data-dir.js';
import { describeError, EXIT } from '../exit.js';
import { createLog } from '../log.js';
import { mqttHostFor } from '../mqtt-host.js';
import type { ServicesInfo } from '../parts/services.js';
import { servicesOptions } from '../parts/services-options.js';
import { startInProcess } from '../processes/handle.js';
import { type Identities, OPERATOR, provideIdentities } from '../race/identities.js';
import { systemRandom } from '../random.js';
import { requireLocal } from '../remote.js';
import { configFor } from './config.js';

interface LocalFlags {
  json?: boolean;
  things: string;
  data?: string;
  listen?: string;
  set?: string[];
  authorizer?: string;
  provisioningHook?: string;
  lambda?: string;
  eventSources?: string;
  secrets?: string;
}

/** Everything that a program needs to use the local services; docs/cli.md has it as a stable interface. */
export interface LocalReady {
  mqtt: Runtime['mqtt'];
  /** Null = not built yet. */
  endpoints: LocalEndpoints & {
    /** MQTT over WebSocket. */
    iotWebSocket: string;
    /** HTTP for devices, by their certificates. */
    iotDevices: string;
  };
  /** An operator's keys, ready for a shell. */
  env: Record<string, string>;
  things: { name: string; clientId: string; cert: string; key: string }[];
  dataDir: string;
  pid: number;
}

const THINGS_MAX = 10_000;

/** Runs the local services in this process until SIGINT or SIGTERM. */
export async function local(flags: LocalFlags): Promise<void> {
  const { config } = configFor({ ...flags });
  requireLocal(config, 'pitwall local');
  const cars = countOf(flags.things);
  // Before anything is awaited, so that a signal during the start is not lost.
  const stopped = new Promise<void>((resolve) => {
    process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
  });
  const dir = openDataDir(config.data);
  try {
    const services = await startServices(dir, config, cars);
    if (flags.json) process.stdout.write(`${JSON.stringify(services.ready)}\n`);
    else process.stdout.write(`${describe(services.ready)}\n`);
    await stopped;
    await services.stop();
  } finally {
    dir.release();
  }
  process.exit(EXIT.ok);
}

async function startServices(
  dir: DataDir,
  config: Config,
  cars: number,
): Promise<{ ready: LocalReady; stop(): Promise<void> }> {
  const log = createLog('local');
  const raceClock = new RaceClock(wallClock);
  // Never behind what an earlier race at a higher speed has stamped on its records.
  const history = readHistory(dir);
  const wallMs = wallClock.nowMs();
  raceClock.follow({ type: 'clock', wallMs, raceMs: Math.max(wallMs, history.lastRaceMs), rate: 1 });

  const wanted = Array.from({ length: cars }, (_, index) => carThing(index + 1));
  const identities = await provideIdentities(dir.certs, wanted, [config.listen], wallClock);
  const services = await startInProcess('services', servicesOptions(config, dir, identities.server), {
    raceClock,
    wallClock,
    random: systemRandom,
    log,
  });
  const ready = readyOf(dir, config, identities, services.info);
  const { mqtt, endpoints } = ready;
  const { kinesis, dynamodb, dynamodbStreams, firehose, s3, iot, iotData } = endpoints;
  const runtime: Runtime = {
    pid: process.pid,
    mqtt,
    endpoints: { kinesis, dynamodb, dynamodbStreams, firehose, s3, iot, iotData },
    screen: null,
  };
  writeJson(join(dir.root, RUNTIME_FILE), runtime);
  return {
    ready,
    stop: async () => {
      await services.stop().catch((error: unknown) => process.stderr.write(`${describeError(error, false)}\n`));
      writeHistory(dir, { ...history, lastRaceMs: raceClock.nowMs() });
    },
  };
}

function readyOf(
  dir: DataDir,
  { region, listen }: Config,
  { operator, things }: Identities,
  { mqttPort, webSocketPort, deviceHttpPort, endpoints }: ServicesInfo,
): LocalReady {
  const { accessKeyId, secretAccessKey } = localCredentials(dir.aws);
  const { kinesis, dynamodb, dynamodbStreams, firehose, s3, iot, iotData } = endpoints;
  const host = mqttHostFor(listen);
  const { caPath: ca, certPath: cert, keyPath: key } = operator;
  return {
    mqtt: { host, port: mqttPort, ca, cert, key, clientId: OPERATOR },
    endpoints: {
      kinesis,
      dynamodb,
      dynamodbStreams,
      firehose,
      s3,
      iot,
      iotData,
      iotWebSocket: `wss://${host}:${webSocketPort}/mqtt`,
      iotDevices: `https://${host}:${deviceHttpPort}`,
    },
    env: {
      AWS_REGION: region,
      // The name that boto3 reads.
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL_KINESIS: kinesis,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_DYNAMODB_STREAMS: dynamodbStreams,
      AWS_ENDPOINT_URL_FIREHOSE: firehose,
      AWS_ENDPOINT_URL_S3: s3,
      // On the port of the others.
      AWS_ENDPOINT_URL_LAMBDA: kinesis,
      AWS_ENDPOINT_URL_IOT: iot,
      AWS_ENDPOINT_URL_IOT_DATA_PLANE: iotData,
      AWS_ENDPOINT_URL_IOT_JOBS_DATA_PLANE: iotData,
    },
    things: Object.entries(things).map(([name, { certPath, keyPath }]) => ({
      name,
      clientId: name,
      cert: certPath,
      key: keyPath,
    })),
    dataDir: dir.root,
    pid: process.pid,
  };
}

/** For people: endpoints as lines that a shell takes. The secret key is among them, as in `--json`. */
function describe({ mqtt, endpoints, env, things }: LocalReady): string {
  const lines = [
    `# MQTT: mqtts://${mqtt.host}:${mqtt.port}  (--cafile ${mqtt.ca} --cert ${mqtt.cert} --key ${mqtt.key})`,
    `# MQTT over WebSocket: ${endpoints.iotWebSocket}`,
    `# HTTPS for devices: ${endpoints.iotDevices}`,
    ...Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
  ];
  if (things.length > 0) lines.push(`# things: ${things.map(({ name }) => name).join(' ')}`);
  return lines.join('\n');
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= THINGS_MAX) return count;
  throw new PitwallError('PW-USAGE-FLAG', { what: `--things is "${text}"; wanted 0 to ${THINGS_MAX}.` });
}
