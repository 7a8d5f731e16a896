import { readFile } from 'node:fs/promises';
import { type Identity, openAuthority } from '#certs/authority.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { Administration } from '#cloud/local/iot-core/administration.js';
import type { CustomAuthorizer } from '#cloud/local/iot-core/custom-authorizer.js';
import { type IotCore, startIotCore } from '#cloud/local/iot-core/index.js';
import type { PreProvisioningHook } from '#cloud/local/iot-core/provisioning/hook.js';
import { type Handler, LocalFunctions } from '#cloud/local/lambda/functions.js';
import { httpPost } from '#cloud/local/rules/http.js';
import { RulesPlane } from '#cloud/local/rules/rules-plane.js';
import { startLocalAws } from '#cloud/local/services.js';
import { provision, provisionBucket, provisionDeliveryStream } from '#cloud/provision.js';
import { deliveryStreams, streams, tables } from '#cloud/resources.js';
import { targetNames } from '#cloud/topic-rules.js';
import { seededRandom } from '#wire/random.js';
import { FRAME_RULE } from '#wire/topics.js';
import type { AwsSettings } from '../config/aws-keys.js';
import type { IotCoreSettings } from '../config/iot-core-keys.js';
import type { LocalEndpoints } from '../data-dir.js';
import { OPERATOR } from '../race/identities.js';
import { ACCOUNT_ID, enrolmentsOf, provisionsOf } from './enrolments.js';
import { declareEventSources, eventSourcesOf } from './event-sources.js';
import { functionOf, functionsOf } from './functions.js';
import type { Part, PartContext } from './part.js';
import { openRules } from './rules.js';

export interface ServicesOptions {
  awsDir: string;
  iotDir: string;
  region: string;
  host: string;
  /** Runs the catalog's sampling rule. Default off. */
  sampleFrames?: boolean;
  /** Faults and delays of the local streams and tables. Default none. */
  aws?: AwsSettings;
  /** Limits, faults and deviations of the local IoT Core. Default AWS's. */
  iotCore?: IotCoreSettings;
  /** Modules of the user, or `none`; see `functionOf`. */
  authorizer?: string;
  provisioningHook?: string;
  /** Settings of the rules; see `openRules`. */
  lambda?: string;
  secrets?: string;
  /** A file of event source mappings, or `none`; see `eventSourcesOf`. */
  eventSources?: string;
  /** Folder of the local authority; whoever it gave a certificate may connect. */
  certsDir: string;
  server: Identity;
}

export interface ServicesInfo {
  mqttPort: number;
  webSocketPort: number;
  deviceHttpPort: number;
  endpoints: LocalEndpoints;
  /** Of the archive. */
  bucket: string;
}

export interface ServicesStats {
  /** Frames that reached a frame rule, and those that their stream took; both count resends. */
  framesRuled: number;
  framesStreamed: number;
  /** Everything else, for people who look closer. */
  detail: unknown;
}

/** Which rule puts frames into which stream; the rules may do more with them. */
const FRAME_LANES = [
  [FRAME_RULE.live, 'framesLive'],
  [FRAME_RULE.backfill, 'framesBackfill'],
] as const;

/** Shown and not assumed: here nobody needs a role. */
const FIREHOSE_ROLE = `arn:aws:iam::${ACCOUNT_ID}:role/pitwall-firehose`;

/** The race clock slows down when the rules' queue is this full. */
const QUEUE_SHARE_BOUND = 0.5;

/** The local cloud: streams and tables, the broker with the rules in its process, everything provisioned. */
export async function startServices(options: ServicesOptions, context: PartContext): Promise<Part<ServicesInfo>> {
  const { raceClock, wallClock, log } = context;
  const [customAuthorizer, hook, handlers, mappings] = await Promise.all([
    functionOf<CustomAuthorizer>(options.authorizer, 'authorizer'),
    functionOf<PreProvisioningHook>(options.provisioningHook, 'provisioningHook'),
    functionsOf<Handler>(options.lambda, 'lambda'),
    eventSourcesOf(options.eventSources),
  ]);
  const functions = new LocalFunctions({ functions: handlers, timeoutMs: options.aws?.functionTimeoutMs, log });
  const credentials = localCredentials(options.awsDir);
  const aws = await startLocalAws({
    dataDir: options.awsDir,
    host: '127.0.0.1',
    port: 0,
    credentials,
    region: options.region,
    functions,
    raceClock,
    wallClock,
    log,
    ...options.aws,
  });
  const endpoint = `http://127.0.0.1:${aws.port}`;
  const clients = await createClients(
    {
      region: options.region,
      credentials,
      endpoints: { kinesis: endpoint, dynamodb: endpoint, s3: endpoint, firehose: endpoint },
    },
    ['kinesis', 'dynamodb', 's3', 'firehose'],
  );
  const bucket = targetNames({ region: options.region, accountId: ACCOUNT_ID }).bucket('archive');
  await Promise.all([
    provision(clients, { streams, tables }),
    provisionBucket(clients.s3, bucket),
    ...Object.values(deliveryStreams).map((stream) =>
      provisionDeliveryStream(clients.firehose, stream, { bucket, roleArn: FIREHOSE_ROLE }),
    ),
  ]);
  await declareEventSources(aws.eventSources, mappings);

  const account = { region: options.region, accountId: ACCOUNT_ID };
  const post = httpPost({ fetch, wallClock });
  const iotEndpoint = () => `http://127.0.0.1:${iot.dataPlanePort}`;
  const running = await openRules(
    {
      ...options,
      dir: options.iotDir,
      functions,
      account,
      clients,
      cloud: () => ({
        region: options.region,
        credentials,
        endpoints: { dynamodb: endpoint, s3: endpoint, firehose: endpoint, iot: iotEndpoint(), iotData: iotEndpoint() },
      }),
      // The broker needs the rules and the rules need the broker: nothing is published or posted before both are there.
      publish: (message) => iot.publishForRule(message),
      http: { post, isEnabled: (url) => administration.destinations.isEnabled(url) },
    },
    context,
  );
  const { engine: rules, outbox } = running;
  const scope = { region: account.region, account: account.accountId };
  const authority = await openAuthority(options.certsDir, { now: wallClock });
  const enrolments = await enrolmentsOf(authority, scope);
  const administration = await Administration.open({
    dataDir: options.iotDir,
    account,
    issuer: authority,
    caPem: await readFile(authority.caPath, 'utf8'),
    enrolments,
    provisions: provisionsOf(scope, hook !== undefined),
    rules,
    targets: { streams, tables, bucket },
    postToDestination: post,
    endpoints: () => ({ data: `localhost:${iot.mqttPort}`, http: `localhost:${iot.dataPlanePort}` }),
    announce: (topic, payload) => iot.announce(topic, payload),
    hook,
    limits: options.iotCore?.registryLimits,
    jobLimits: options.iotCore?.jobLimits,
    raceClock,
    wallClock,
    log,
  });
  const iot: IotCore = await startIotCore({
    dataDir: options.iotDir,
    tls: options.server,
    host: options.host,
    mqttPort: 0,
    dataPlanePort: 0,
    operatorName: OPERATOR,
    account,
    directory: administration.registry,
    things: new Set(enrolments.flatMap(({ thing }) => thing ?? [])),
    services: administration.services,
    customAuthorizer,
    rules,
    planes: [...administration.planes, new RulesPlane({ rules, outbox, log })],
    credentials,
    limits: options.iotCore?.limits,
    faults: options.iotCore?.faults,
    deviations: options.iotCore?.deviations,
    raceClock,
    wallClock,
    random: seededRandom(options.iotCore?.faultSeed ?? 1),
    log,
  });

  return {
    info: {
      mqttPort: iot.mqttPort,
      webSocketPort: iot.webSocketPort,
      deviceHttpPort: iot.deviceHttpPort,
      bucket,
      endpoints: {
        kinesis: endpoint,
        dynamodb: endpoint,
        dynamodbStreams: endpoint,
        firehose: endpoint,
        s3: endpoint,
        iot: iotEndpoint(),
        iotData: iotEndpoint(),
      },
    },
    lag: () => ({ name: 'rules queue', share: rules.queueShare() / QUEUE_SHARE_BOUND }),
    methods: {
      flushRules: () => rules.flush(),
      stats: (): ServicesStats => {
        const counters = rules.stats();
        const lanes = FRAME_LANES.map(([rule, stream]) => {
          const { matched = 0, sentTo = {} } = counters.rules[rule] ?? {};
          return { ruled: matched, streamed: sentTo[streams[stream].name] ?? 0 };
        });
        return {
          framesRuled: lanes.reduce((sum, { ruled }) => sum + ruled, 0),
          framesStreamed: lanes.reduce((sum, { streamed }) => sum + streamed, 0),
          detail: { rules: counters, functions: functions.stats(), iot: iot.stats(), aws: aws.stats() },
        };
      },
    },
    stop: async () => {
      await iot.close();
      await administration.close();
      await running.close();
      closeClients(clients);
      await aws.flush();
      await aws.close();
    },
  };
}
