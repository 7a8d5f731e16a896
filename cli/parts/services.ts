import { join } from 'node:path';
import type { Identity } from '#certs/authority.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { provideCredentials } from '#cloud/local/credentials.js';
import { startIotCore } from '#cloud/local/iot-core/index.js';
import { startLocalAws } from '#cloud/local/services.js';
import { provision } from '#cloud/provision.js';
import { streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import { openOutbox } from '#rules/actions/outbox.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { OPERATOR } from '../race/identities.js';
import type { Part, PartContext } from './part.js';

export interface ServicesOptions {
  awsDir: string;
  iotDir: string;
  region: string;
  host: string;
  server: Identity;
  things: string[];
}

export interface ServicesInfo {
  mqttPort: number;
  endpoints: { kinesis: string; dynamodb: string; iotData: string };
}

/** Rule queue depth at which the race clock slows down: a share of the queue's own bound. */
const QUEUE_SHARE_BOUND = 0.5;

/** The local cloud: streams and tables, the broker with the rules in its process, everything provisioned. */
export async function startServices(options: ServicesOptions, context: PartContext): Promise<Part<ServicesInfo>> {
  const { raceClock, wallClock, random, log } = context;
  const credentials = provideCredentials(options.awsDir);
  const aws = await startLocalAws({
    dataDir: options.awsDir,
    host: '127.0.0.1',
    port: 0,
    credentials,
    region: options.region,
    raceClock,
    wallClock,
    log,
  });
  const endpoint = `http://127.0.0.1:${aws.port}`;
  const clients = await createClients(
    { region: options.region, credentials, endpoints: { kinesis: endpoint, dynamodb: endpoint } },
    ['kinesis', 'dynamodb'],
  );
  await provision(clients, { streams, tables });

  const outbox = openOutbox(join(options.iotDir, 'outbox'));
  const rules = new RuleEngine({
    catalog,
    senders: createSenders(clients, { streams, tables }),
    outbox,
    clock: raceClock,
    wallClock,
    random,
    log,
  });
  const iot = await startIotCore({
    dataDir: options.iotDir,
    tls: { caPath: options.server.caPath, certPath: options.server.certPath, keyPath: options.server.keyPath },
    host: options.host,
    mqttPort: 0,
    dataPlanePort: 0,
    operatorName: OPERATOR,
    things: new Set(options.things),
    rules,
    credentials,
    raceClock,
    wallClock,
    random,
    log,
  });

  return {
    info: {
      mqttPort: iot.mqttPort,
      endpoints: { kinesis: endpoint, dynamodb: endpoint, iotData: `http://127.0.0.1:${iot.dataPlanePort}` },
    },
    lag: () => ({ name: 'rules queue', share: rules.queueShare() / QUEUE_SHARE_BOUND }),
    methods: {
      flushRules: () => rules.flush(),
      stats: () => ({ rules: rules.stats(), iot: iot.stats(), aws: aws.stats() }),
    },
    stop: async () => {
      await iot.close();
      await rules.close();
      await outbox.close();
      closeClients(clients);
      await aws.close();
    },
  };
}
