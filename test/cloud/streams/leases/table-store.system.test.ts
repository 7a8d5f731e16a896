import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { startIn, stockClients, testFolder } from '../../local/local-aws.js';
import { leaseStoreContract } from './store-contract.js';

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
