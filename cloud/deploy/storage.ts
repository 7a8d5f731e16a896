import { Aws, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnStream } from 'aws-cdk-lib/aws-kinesis';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { StreamKey, TableKey } from '#rules/catalog.js';
import {
  applications,
  bucket,
  leaseTable,
  type StreamResource,
  streams,
  type TableResource,
  tables,
} from '../resources.js';

/** What rules put into, by the logical keys of the catalog. */
export interface Storage {
  streams: Record<StreamKey, CfnStream>;
  tables: Record<TableKey, CfnTable>;
  archive: Bucket;
}

/** Where the error actions of rules put their objects: replayed or looked at within weeks, or never. */
const RULE_ERROR_DAYS = 90;
const UPLOAD_DAYS = 7;

/** Everything of `resources.ts`. Tables and the archive outlive the stack; streams hold a day and do not. */
export function addStorage(stack: Stack): Storage {
  const storage = {
    streams: mapKeys(streams, (key, resource) => addStream(stack, key, resource)),
    tables: mapKeys(tables, (key, resource) => addTable(stack, key, resource)),
    archive: addArchive(stack),
  };
  for (const application of applications) addTable(stack, `leases-${application}`, leaseTable(application));
  return storage;
}

function addStream(stack: Stack, key: StreamKey, { name, shards, retentionHours }: StreamResource): CfnStream {
  return new CfnStream(stack, `Stream-${key}`, {
    name,
    shardCount: shards,
    retentionPeriodHours: retentionHours,
    streamModeDetails: { streamMode: 'PROVISIONED' },
    streamEncryption: { encryptionType: 'KMS', keyId: 'alias/aws/kinesis' },
  });
}

function addTable(stack: Stack, key: string, resource: TableResource): CfnTable {
  const indexes = resource.indexes ?? [];
  const keyNames = new Set(
    [resource, ...indexes].flatMap(({ partitionKey, sortKey }) => (sortKey ? [partitionKey, sortKey] : [partitionKey])),
  );
  const table = new CfnTable(stack, `Table-${key}`, {
    tableName: resource.name,
    billingMode: 'PAY_PER_REQUEST',
    attributeDefinitions: [...keyNames].map((attributeName) => ({ attributeName, attributeType: 'S' })),
    keySchema: keySchema(resource),
    globalSecondaryIndexes:
      indexes.length === 0
        ? undefined
        : indexes.map((index) => ({
            indexName: index.name,
            keySchema: keySchema(index),
            projection: { projectionType: 'ALL' },
          })),
    streamSpecification: resource.stream === undefined ? undefined : { streamViewType: resource.stream },
    timeToLiveSpecification: resource.ttl === undefined ? undefined : { attributeName: resource.ttl, enabled: true },
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  table.applyRemovalPolicy(RemovalPolicy.RETAIN);
  return table;
}

function keySchema({
  partitionKey,
  sortKey,
}: {
  partitionKey: string;
  sortKey?: string;
}): CfnTable.KeySchemaProperty[] {
  const hash = { attributeName: partitionKey, keyType: 'HASH' };
  return sortKey === undefined ? [hash] : [hash, { attributeName: sortKey, keyType: 'RANGE' }];
}

function addArchive(stack: Stack): Bucket {
  return new Bucket(stack, 'Archive', {
    bucketName: `${bucket.namePrefix}-${Aws.ACCOUNT_ID}-${Aws.REGION}`,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [
      { id: 'rule-errors', prefix: 'rule-errors/', expiration: Duration.days(RULE_ERROR_DAYS) },
      { id: 'broken-uploads', abortIncompleteMultipartUploadAfter: Duration.days(UPLOAD_DAYS) },
    ],
  });
}

function mapKeys<Key extends string, From, To>(record: Record<Key, From>, make: (key: Key, value: From) => To) {
  return Object.fromEntries(
    Object.entries<From>(record).map(([key, value]) => [key, make(key as Key, value)]),
  ) as Record<Key, To>;
}
