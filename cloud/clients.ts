/**
 * The only place that builds AWS clients. Each is imported when first asked for, so that a process pays start time and
 * memory for the services it talks to only. Everything else is given a client.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { IoTClient } from '@aws-sdk/client-iot';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import type { CloudConfig } from './config.js';

/** The clients by logical name; whoever made them ends them with `closeClients`. */
export interface Clients {
  kinesis: KinesisClient;
  dynamodb: DynamoDBClient;
  dynamodbStreams: DynamoDBStreamsClient;
  iotData: IoTDataPlaneClient;
  iot: IoTClient;
  s3: S3Client;
  firehose: FirehoseClient;
}

export type ClientName = keyof Clients;

/** A connection that is not up by then has failed; without it a dead endpoint holds a caller for minutes. */
const CONNECTION_TIMEOUT_MS = 5_000;
/** No call of ours takes longer; a silent server is left and the call tried again by the SDK (3 attempts in all). */
const REQUEST_TIMEOUT_MS = 15_000;

const HTTP1 = {
  connectionTimeout: CONNECTION_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  throwOnRequestTimeout: true,
};

/**
 * JSON over HTTP/2 (h2c for `http://` endpoints). The SDK's default opens a connection, with TLS on AWS, for every single
 * call (`disableConcurrentStreams`); here calls share sessions. Event streams still get one each.
 */
export async function createKinesisClient(config: CloudConfig): Promise<KinesisClient> {
  acceptNodeVersion();
  const { KinesisClient } = await import('@aws-sdk/client-kinesis');
  return new KinesisClient({
    ...common(config, 'kinesis'),
    requestHandler: { requestTimeout: REQUEST_TIMEOUT_MS, disableConcurrentStreams: false },
  });
}

export async function createDynamoDBClient(config: CloudConfig): Promise<DynamoDBClient> {
  acceptNodeVersion();
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return new DynamoDBClient({ ...common(config, 'dynamodb'), requestHandler: HTTP1 });
}

async function createDynamoDBStreamsClient(config: CloudConfig): Promise<DynamoDBStreamsClient> {
  acceptNodeVersion();
  const { DynamoDBStreamsClient } = await import('@aws-sdk/client-dynamodb-streams');
  return new DynamoDBStreamsClient({ ...common(config, 'dynamodbStreams'), requestHandler: HTTP1 });
}

export async function createIotDataClient(config: CloudConfig): Promise<IoTDataPlaneClient> {
  acceptNodeVersion();
  const { IoTDataPlaneClient } = await import('@aws-sdk/client-iot-data-plane');
  return new IoTDataPlaneClient({ ...common(config, 'iotData'), requestHandler: HTTP1 });
}

export async function createIotClient(config: CloudConfig): Promise<IoTClient> {
  acceptNodeVersion();
  const { IoTClient } = await import('@aws-sdk/client-iot');
  return new IoTClient({ ...common(config, 'iot'), requestHandler: HTTP1 });
}

/** Objects may be large, so that no bound holds for a whole call: a connection on which nothing moves is left. */
export async function createS3Client(config: CloudConfig): Promise<S3Client> {
  acceptNodeVersion();
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    ...common(config, 's3'),
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, socketTimeout: REQUEST_TIMEOUT_MS },
  });
}

export async function createFirehoseClient(config: CloudConfig): Promise<FirehoseClient> {
  acceptNodeVersion();
  const { FirehoseClient } = await import('@aws-sdk/client-firehose');
  return new FirehoseClient({ ...common(config, 'firehose'), requestHandler: HTTP1 });
}

const CREATE: { [Name in ClientName]: (config: CloudConfig) => Promise<Clients[Name]> } = {
  kinesis: createKinesisClient,
  dynamodb: createDynamoDBClient,
  dynamodbStreams: createDynamoDBStreamsClient,
  iotData: createIotDataClient,
  iot: createIotClient,
  s3: createS3Client,
  firehose: createFirehoseClient,
};

/**
 * Several clients at once; those not named are not imported.
 *
 * @example
 * const clients = await createClients(config, ['kinesis', 'dynamodb']);
 * // … closeClients(clients) when done
 */
export async function createClients<Name extends ClientName>(
  config: CloudConfig,
  names: readonly Name[],
): Promise<Pick<Clients, Name>> {
  const made: Partial<Clients> = {};
  const put = async <One extends ClientName>(name: One): Promise<void> => {
    made[name] = await (CREATE[name] as (config: CloudConfig) => Promise<Partial<Clients>[One]>)(config);
  };
  await Promise.all(names.map((name) => put(name)));
  return made as Pick<Clients, Name>;
}

/** A client by its name, made when it is first asked for. */
export type ClientOf = <Name extends ClientName>(name: Name) => Promise<Clients[Name]>;

/**
 * Clients that may never be needed: each is imported and made when somebody asks for it, once; so is the configuration.
 *
 * @example
 * const clients = clientsWhenAsked(() => config);
 * await (await clients.get('iot')).send(…);
 * clients.close();
 */
export function clientsWhenAsked(config: () => CloudConfig): { get: ClientOf; close(): void } {
  const made = new Map<ClientName, Promise<Clients[ClientName]>>();
  let closed = false;
  const make = async (name: ClientName) => {
    const client = await CREATE[name](config());
    if (closed) client.destroy();
    return client;
  };
  return {
    get: (name) => {
      if (!made.has(name)) made.set(name, make(name));
      // What is kept under a name is the client of that name.
      return made.get(name) as Promise<Clients[typeof name]>;
    },
    close: () => {
      closed = true;
      for (const client of made.values()) void client.then((each) => each.destroy());
    },
  };
}

/** Ends every connection of the clients; calls in flight fail. */
export function closeClients(clients: Partial<Clients>): void {
  for (const client of Object.values(clients)) client.destroy();
}

function common(config: CloudConfig, name: ClientName) {
  const endpoint = config.endpoints?.[name];
  // `endpoint: undefined` would switch AWS_ENDPOINT_URL_* off, so an absent one is left out.
  return {
    region: config.region,
    ...(config.credentials && { credentials: config.credentials }),
    ...(config.profile && { profile: config.profile }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

/**
 * The SDK warns on every start that releases of 2027 need Node 22. Ours is pinned, so the warning tells a user nothing;
 * this is the switch that @aws-sdk/core documents for it (`emitWarningIfUnsupportedVersion`).
 */
function acceptNodeVersion(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
