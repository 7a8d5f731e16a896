/**
 * Makes the streams and tables of `resources.ts` through the stock SDK, the same way on AWS and on the local services.
 * In production CDK does it; this serves the laptop, tests, and a team that tries pitwall in an account of its own.
 */
import type { DynamoDBClient, TableDescription } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { KinesisClient, StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, wallClock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Clients } from './clients.js';
import type { DeliveryStreamResource, StreamResource, TableResource } from './resources.js';

export interface Resources {
  streams: Readonly<Record<string, StreamResource>>;
  tables: Readonly<Record<string, TableResource>>;
}

export interface ProvisionOptions {
  /** For each stream and table to become ACTIVE. Default 2 minutes: AWS needs about half of one. */
  timeoutMs?: number;
  wallClock?: Clock;
}

const TIMEOUT_MS = 120_000;
const POLL_FIRST_MS = 20;
const POLL_MAX_MS = 2_000;

type Deadline = { clock: Clock; timeoutMs: number };

/**
 * Creates what is absent and waits until everything is ACTIVE; what is there already is left as it is, but for a shorter
 * retention, which is raised, and a table's TTL or stream that is off, which is switched on. Raises PW-PROVISION-CONFLICT when a table has
 * other keys, PW-PROVISION-TIMEOUT, or what the SDK raises.
 *
 * @example
 * await provision(await createClients(config, ['kinesis', 'dynamodb']), { streams, tables });
 */
export async function provision(
  clients: Pick<Clients, 'kinesis' | 'dynamodb'>,
  resources: Resources,
  options: ProvisionOptions = {},
): Promise<void> {
  const deadline = deadlineOf(options);
  const work = [
    ...Object.values(resources.streams).map((stream) => provisionStream(clients.kinesis, stream, deadline)),
    ...Object.values(resources.tables).map((table) => provisionTable(clients.dynamodb, table, deadline)),
  ];
  // All are waited for, so that no call is still under way when the first failure is reported.
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * One table: as it is when it is there, so that who may not create tables can use those that somebody else made; else made.
 * Raises as `provision` does.
 */
export async function ensureTable(
  client: DynamoDBClient,
  table: TableResource,
  options: ProvisionOptions = {},
): Promise<void> {
  const { DescribeTableCommand } = await import('@aws-sdk/client-dynamodb');
  try {
    const { Table: found } = await client.send(new DescribeTableCommand({ TableName: table.name }));
    if (isActive(found)) return checkKeys(table, found);
  } catch (error) {
    if (errorCode(error) !== 'ResourceNotFoundException') throw error;
  }
  await provisionTable(client, table, deadlineOf(options));
}

/**
 * Makes a bucket unless this account has it. Raises what the SDK raises, so also `BucketAlreadyExists` when the name is
 * somebody else's.
 */
export async function provisionBucket(client: S3Client, name: string): Promise<void> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  await unlessThere(client.send(new CreateBucketCommand({ Bucket: name })), 'BucketAlreadyOwnedByYou');
}

/** Where delivery streams put their objects, and what Firehose may do that under. */
export interface DeliveryTarget {
  bucket: string;
  roleArn: string;
}

/** Makes a delivery stream unless it is there and waits until it is ACTIVE; one that is there is left as it is. Raises as `provision` does. */
export async function provisionDeliveryStream(
  client: FirehoseClient,
  { name, prefix, bufferMib, bufferSeconds }: DeliveryStreamResource,
  { bucket, roleArn }: DeliveryTarget,
  options: ProvisionOptions = {},
): Promise<void> {
  const { CreateDeliveryStreamCommand, DescribeDeliveryStreamCommand } = await import('@aws-sdk/client-firehose');
  const destination = {
    RoleARN: roleArn,
    BucketARN: `arn:aws:s3:::${bucket}`,
    Prefix: prefix,
    BufferingHints: { SizeInMBs: bufferMib, IntervalInSeconds: bufferSeconds },
    CompressionFormat: 'GZIP' as const,
  };
  await unlessThere(
    client.send(
      new CreateDeliveryStreamCommand({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration: destination }),
    ),
  );
  await until(`delivery stream ${name}`, deadlineOf(options), async () => {
    const { DeliveryStreamDescription: found } = await client.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }),
    );
    return found?.DeliveryStreamStatus === 'ACTIVE' ? found : undefined;
  });
}

async function provisionStream(
  client: KinesisClient,
  { name, shards, retentionHours }: StreamResource,
  deadline: Deadline,
): Promise<void> {
  const { CreateStreamCommand, DescribeStreamSummaryCommand, IncreaseStreamRetentionPeriodCommand } = await import(
    '@aws-sdk/client-kinesis'
  );
  await unlessThere(client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards })));
  const active = (): Promise<StreamDescriptionSummary> =>
    until(`stream ${name}`, deadline, async () => {
      const { StreamDescriptionSummary: summary } = await client.send(
        new DescribeStreamSummaryCommand({ StreamName: name }),
      );
      return summary?.StreamStatus === 'ACTIVE' ? summary : undefined;
    });
  const { RetentionPeriodHours = 0 } = await active();
  // Never shortened here: that would delete records.
  if (RetentionPeriodHours >= retentionHours) return;
  await client.send(
    new IncreaseStreamRetentionPeriodCommand({ StreamName: name, RetentionPeriodHours: retentionHours }),
  );
  await active();
}

async function provisionTable(client: DynamoDBClient, table: TableResource, deadline: Deadline): Promise<void> {
  const {
    CreateTableCommand,
    DescribeTableCommand,
    DescribeTimeToLiveCommand,
    UpdateTableCommand,
    UpdateTimeToLiveCommand,
  } = await import('@aws-sdk/client-dynamodb');
  const { name, ttl, stream } = table;
  await unlessThere(client.send(new CreateTableCommand(tableDefinition(table))));
  const active = () =>
    until(`table ${name}`, deadline, async () => {
      const { Table: found } = await client.send(new DescribeTableCommand({ TableName: name }));
      return isActive(found) ? found : undefined;
    });
  const description = await active();
  checkKeys(table, description);
  if (stream !== undefined && !description.StreamSpecification?.StreamEnabled) {
    const StreamSpecification = { StreamEnabled: true, StreamViewType: stream };
    await client.send(new UpdateTableCommand({ TableName: name, StreamSpecification }));
    await active();
  }
  if (ttl === undefined) return;
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  const status = TimeToLiveDescription?.TimeToLiveStatus;
  if (status === 'ENABLED' || status === 'ENABLING') return;
  await client.send(
    new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: { Enabled: true, AttributeName: ttl } }),
  );
}

function deadlineOf(options: ProvisionOptions): Deadline {
  return { clock: options.wallClock ?? wallClock, timeoutMs: options.timeoutMs ?? TIMEOUT_MS };
}

/** All keys are strings (architecture, "Names on the wire"); capacity is on demand, as CDK synthesises it. */
function tableDefinition({ name, partitionKey, sortKey, stream, indexes }: TableResource) {
  const keyAttributes = [
    partitionKey,
    sortKey,
    ...(indexes ?? []).flatMap((index) => [index.partitionKey, index.sortKey]),
  ];
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST' as const,
    StreamSpecification: stream && { StreamEnabled: true, StreamViewType: stream },
    AttributeDefinitions: [...new Set(keyAttributes)]
      .filter((attribute) => attribute !== undefined)
      .map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' as const })),
    KeySchema: keySchema(partitionKey, sortKey),
    GlobalSecondaryIndexes: indexes?.map((index) => ({
      IndexName: index.name,
      KeySchema: keySchema(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: 'ALL' as const },
    })),
  };
}

function keySchema(partitionKey: string, sortKey: string | undefined) {
  const schema: { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[] = [
    { AttributeName: partitionKey, KeyType: 'HASH' },
  ];
  if (sortKey !== undefined) schema.push({ AttributeName: sortKey, KeyType: 'RANGE' });
  return schema;
}

function isActive(table: TableDescription | undefined): table is TableDescription {
  const indexes = table?.GlobalSecondaryIndexes ?? [];
  return table?.TableStatus === 'ACTIVE' && indexes.every((index) => index.IndexStatus === 'ACTIVE');
}

function checkKeys(wanted: TableResource, { KeySchema = [] }: TableDescription): void {
  const there = KeySchema.map((key) => key.AttributeName).join(', ');
  const want = [wanted.partitionKey, wanted.sortKey].filter(Boolean).join(', ');
  if (there === want) return;
  throw new PitwallError('PW-PROVISION-CONFLICT', {
    what: `Table ${wanted.name} has the keys ${there}; wanted were ${want}.`,
    fix: 'Delete the table or use another account or data folder.',
  });
}

async function unlessThere(creation: Promise<unknown>, thereAlready = 'ResourceInUseException'): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (errorCode(error) !== thereAlready) throw error;
  }
}

async function until<Found>(
  what: string,
  { clock, timeoutMs }: Deadline,
  look: () => Promise<Found | undefined>,
): Promise<Found> {
  const endMs = clock.nowMs() + timeoutMs;
  for (let pauseMs = POLL_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, POLL_MAX_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.nowMs() + pauseMs > endMs) {
      throw new PitwallError('PW-PROVISION-TIMEOUT', {
        what: `The ${what} was not ACTIVE within ${timeoutMs} ms.`,
        retriable: true,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
