import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { SendResult, TableSender, TableWrite } from '#rules/actions/senders.js';
import { attributeOf, attributesOf } from './attributes.js';
import type { TableResource } from './resources.js';
import { STORED, sendDividing } from './send-dividing.js';

type Replacement = Exclude<TableWrite, { operation: 'update' }>;

/** Writes to one table: puts and deletes in batches, updates in calls of their own. */
export function tableSender(client: DynamoDBClient, table: TableResource): TableSender {
  const keyNames = table.sortKey === undefined ? [table.partitionKey] : [table.partitionKey, table.sortKey];
  const replaceAll = (writes: Replacement[]) =>
    sendDividing(writes, (batch) => writeBatch(client, table, keyNames, batch));
  return {
    resource: table.name,
    /** Keys are Strings (resources.ts), and DynamoDB takes no empty ones. */
    identityOf: (write) => {
      const columns = write.operation === 'put' ? write.item : write.key;
      return keyText(keyNames.map((name) => columns[name]));
    },
    send: async (writes) => {
      // BatchWriteItem replaces and deletes whole items; it does not update.
      const replacements = writes.filter((write) => write.operation !== 'update');
      const updating = Promise.all(
        writes.map(async (write) => (write.operation === 'update' ? update(client, table, write) : undefined)),
      );
      const replaced = replacements.length === 0 ? [] : await replaceAll(replacements);
      let next = 0;
      return (await updating).map((updated) => updated ?? replaced[next++]);
    },
  };
}

async function writeBatch(
  client: DynamoDBClient,
  table: TableResource,
  keyNames: string[],
  batch: Replacement[],
): Promise<SendResult[]> {
  const requests = batch.map(
    (write): WriteRequest =>
      write.operation === 'put'
        ? { PutRequest: { Item: attributesOf(write.item) } }
        : { DeleteRequest: { Key: attributesOf(write.key) } },
  );
  const { UnprocessedItems } = await client.send(
    new BatchWriteItemCommand({ RequestItems: { [table.name]: requests } }),
  );
  const keyOf = ({ PutRequest, DeleteRequest }: WriteRequest) => {
    const columns = PutRequest?.Item ?? DeleteRequest?.Key;
    return keyText(keyNames.map((name) => columns?.[name]?.S));
  };
  const unprocessed = new Set((UnprocessedItems?.[table.name] ?? []).map(keyOf));
  return requests.map((request) =>
    unprocessed.has(keyOf(request)) ? { errorCode: 'UnprocessedItem', retriable: true } : STORED,
  );
}

async function update(
  client: DynamoDBClient,
  table: TableResource,
  { key, set }: Extract<TableWrite, { operation: 'update' }>,
): Promise<SendResult> {
  const columns = Object.keys(set);
  const [result] = await sendDividing([key], async () => {
    await client.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: attributesOf(key),
        UpdateExpression: `SET ${columns.map((_, i) => `#c${i} = :v${i}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(columns.map((column, i) => [`#c${i}`, column])),
        ExpressionAttributeValues: Object.fromEntries(columns.map((column, i) => [`:v${i}`, attributeOf(set[column])])),
      }),
    );
    return [STORED];
  });
  return result;
}

function keyText(keys: unknown[]): string | undefined {
  return keys.every((key) => typeof key === 'string' && key !== '') ? JSON.stringify(keys) : undefined;
}
