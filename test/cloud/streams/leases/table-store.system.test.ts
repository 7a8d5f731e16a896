import {
  type AttributeValue,
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { SHARD_END, timestampOf } from '#cloud/streams/shard-graph.js';
import { startIn, stockClients, testFolder } from '../../local/local-aws.js';
import { leaseStoreContract, newLease } from './store-contract.js';

const folder = testFolder();
const tableName = 'leases';
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;

beforeAll(async () => {
  aws = await startIn(folder.path);
  clients = stockClients(aws.url);
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'leaseKey', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'leaseKey', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client: clients.dynamodb, maxWaitTime: 10, minDelay: 1 }, { TableName: tableName });
});

afterAll(async () => {
  clients.destroy();
  await aws.close();
  folder.remove();
});

leaseStoreContract('a DynamoDB table', async () => {
  const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName });
  for (const row of await store.list()) await store.remove(row);
  return store;
});

describe('rows as KCL has them', () => {
  const shardId = 'shardId-000000000007';
  /** As KCL 3.5 writes it in the middle of a two-phase checkpoint. */
  const item: Record<string, AttributeValue> = {
    leaseKey: { S: shardId },
    leaseOwner: { S: 'java-worker' },
    leaseCounter: { N: '41' },
    ownerSwitchesSinceCheckpoint: { N: '2' },
    checkpoint: { S: '49590338271490256608559692538361571095921575989136588898' },
    checkpointSubSequenceNumber: { N: '3' },
    pendingCheckpoint: { S: '49590338271490256608559692538361571095921575989136588999' },
    pendingCheckpointSubSequenceNumber: { N: '0' },
    pendingCheckpointState: { N: '3' },
    parentShardId: { SS: ['shardId-000000000001', 'shardId-000000000002'] },
    startingHashKey: { S: '0' },
    endingHashKey: { S: '170141183460469231731687303715884105727' },
    throughputKBps: { N: '12.5' },
    entityType: { S: 'LEASE' },
  };
  const others: Record<string, AttributeValue>[] = [
    { leaseKey: { S: 'java-worker' }, entityType: { S: 'WORKER_METRIC_STATS' }, opr: { M: {} } },
    { leaseKey: { S: 'Migration3.0' }, entityType: { S: 'CLIENT_VERSION_MIGRATION' }, cv: { S: 'CLIENT_VERSION_3X' } },
  ];
  const put = (Item: Record<string, AttributeValue>) =>
    clients.dynamodb.send(new PutItemCommand({ TableName: tableName, Item }));
  const get = async (leaseKey: string) =>
    (await clients.dynamodb.send(new GetItemCommand({ TableName: tableName, Key: { leaseKey: { S: leaseKey } } })))
      .Item;

  test('a stopped worker’s lease is taken, renewed and committed as KCL would', async () => {
    const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName });
    for (const row of await store.list()) await store.remove(row);
    for (const one of [item, ...others]) await put(one);
    const rows = await store.list();
    expect(rows).toMatchObject([
      {
        leaseKey: shardId,
        leaseOwner: 'java-worker',
        fence: 0,
        throughputKBps: 12.5,
        checkpoint: { position: item.checkpoint.S, subSequenceNumber: 3 },
        parentShardIds: ['shardId-000000000001', 'shardId-000000000002'],
      },
    ]);
    const taken = await store.take(rows[0], 'ours');
    await store.renew(taken!, 7);
    const { pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState, ...kept } = item;
    const before = { ...kept, leaseOwner: { S: 'ours' }, throughputKBps: { N: '7' }, fence: { N: '1' } };
    const pending = { pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState };
    expect(await get(shardId)).toEqual({
      ...before,
      ...pending,
      leaseCounter: { N: '43' },
      ownerSwitchesSinceCheckpoint: { N: '3' },
    });
    await store.checkpoint(taken!, { position: SHARD_END, subSequenceNumber: 0 }, ['shardId-000000000009']);
    expect(await get(shardId), 'what was pending is void').toEqual({
      ...before,
      leaseCounter: { N: '43' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      checkpoint: { S: 'SHARD_END' },
      checkpointSubSequenceNumber: { N: '0' },
      childShardIds: { SS: ['shardId-000000000009'] },
    });
    await store.release(taken!);
    expect(await get(shardId)).not.toHaveProperty('leaseOwner');
  });

  test('a worker that was taken from cannot write: its counter is no longer the table’s', async () => {
    const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName });
    await put(item);
    const [row] = await store.list();
    await store.take(row, 'ours');
    const kcl = new PutItemCommand({
      TableName: tableName,
      Item: item,
      ConditionExpression: 'leaseCounter = :seen',
      ExpressionAttributeValues: { ':seen': item.leaseCounter },
    });
    await expect(clients.dynamodb.send(kcl)).rejects.toThrow('conditional');
  });

  test('a row that is ours has KCL’s attributes, its sentinels, and a fence', async () => {
    const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName });
    await store.create(newLease('fresh', { parentShardIds: ['shardId-000000000007'] }));
    expect(await get('fresh')).toEqual({
      leaseKey: { S: 'fresh' },
      leaseCounter: { N: '0' },
      ownerSwitchesSinceCheckpoint: { N: '0' },
      checkpoint: { S: 'TRIM_HORIZON' },
      checkpointSubSequenceNumber: { N: '0' },
      parentShardId: { SS: ['shardId-000000000007'] },
      startingHashKey: { S: '0' },
      endingHashKey: { S: '340282366920938463463374607431768211455' },
      fence: { N: '0' },
    });
    await put({
      ...item,
      leaseKey: { S: 'since' },
      checkpoint: { S: 'AT_TIMESTAMP' },
      checkpointSubSequenceNumber: { N: '1700000000123' },
    });
    const since = (await store.list()).find(({ leaseKey }) => leaseKey === 'since');
    expect(timestampOf(since!.checkpoint.position)).toBe(1_700_000_000_123);
  });
});
