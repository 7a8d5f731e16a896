/** The rules' senders over the stock SDK: one result an entry; one call a batch, where the service has such a call. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { S3Client } from '@aws-sdk/client-s3';
import type { KinesisSender, Sender, Senders, TableSender } from '#rules/actions/senders.js';
import type { BucketKey, StreamKey, TableKey } from '#rules/definition.js';
import type { StreamResource, TableResource } from './resources.js';
import { STORED, sendDividing } from './send-dividing.js';
import { tableSender } from './table-sender.js';

/** Senders that `createSenders` makes; whoever starts the rules adds others beside them. */
export type AwsSenders = Pick<Senders, 'firehose' | 's3'> & {
  kinesis(stream: StreamKey): KinesisSender;
  dynamodb(table: TableKey): TableSender;
};

/** What has no client is not sent to, and a rule that wants it is refused. */
export interface SenderClients {
  kinesis: KinesisClient;
  dynamodb: DynamoDBClient;
  /** Asked for when there is something to send: most systems have no rule for them. */
  firehose?: () => Promise<FirehoseClient>;
  s3?: () => Promise<S3Client>;
}

export interface SenderResources {
  streams: Record<StreamKey, StreamResource>;
  tables: Record<TableKey, TableResource>;
  /** Names in the account. */
  buckets?: Record<BucketKey, string>;
}

/**
 * @example const senders = createSenders(await createClients(config, ['kinesis', 'dynamodb']), { streams, tables });
 */
export function createSenders(clients: SenderClients, { streams, tables, buckets }: SenderResources): AwsSenders {
  const { kinesis, dynamodb, firehose, s3 } = clients;
  return {
    kinesis: (stream) => kinesisSender(kinesis, streams[stream].name),
    dynamodb: (table) => tableSender(dynamodb, tables[table]),
    ...(firehose && { firehose: (deliveryStream: string) => firehoseSender(firehose, deliveryStream) }),
    ...(s3 && buckets && { s3: (bucket: BucketKey) => objectSender(s3, buckets[bucket]) }),
  };
}

function kinesisSender(client: KinesisClient, resource: string): KinesisSender {
  return {
    resource,
    send: (entries) =>
      sendDividing(entries, async (batch) => {
        const Records = batch.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
        const { Records: results = [] } = await client.send(new PutRecordsCommand({ StreamName: resource, Records }));
        return results.map(resultOfRecord);
      }),
  };
}

function firehoseSender(clientOf: () => Promise<FirehoseClient>, resource: string): Sender<{ data: Uint8Array }> {
  return {
    resource,
    send: (entries) =>
      sendDividing(entries, async (batch) => {
        const [client, { PutRecordBatchCommand }] = await Promise.all([clientOf(), import('@aws-sdk/client-firehose')]);
        const Records = batch.map(({ data }) => ({ Data: data }));
        const { RequestResponses = [] } = await client.send(
          new PutRecordBatchCommand({ DeliveryStreamName: resource, Records }),
        );
        return RequestResponses.map(resultOfRecord);
      }),
  };
}

/** A record of a call that went through fails for throughput or inside the service; both pass. */
function resultOfRecord({ ErrorCode, ErrorMessage }: { ErrorCode?: string; ErrorMessage?: string }) {
  return ErrorCode ? { errorCode: ErrorCode, errorMessage: ErrorMessage, retriable: true } : STORED;
}

/** Objects side by side, a PutObject each. */
function objectSender(clientOf: () => Promise<S3Client>, resource: string): ReturnType<NonNullable<Senders['s3']>> {
  return {
    resource,
    send: async (objects) => {
      const results = objects.map(({ key, body, cannedAcl }) =>
        sendDividing([key], async () => {
          const [client, { PutObjectCommand }] = await Promise.all([clientOf(), import('@aws-sdk/client-s3')]);
          const acl = cannedAcl === undefined ? {} : { ACL: cannedAcl as 'private' };
          await client.send(new PutObjectCommand({ Bucket: resource, Key: key, Body: body, ...acl }));
          return [STORED];
        }),
      );
      return (await Promise.all(results)).flat();
    },
  };
}
