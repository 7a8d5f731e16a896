/** The rules' senders over the stock SDK: one call a batch, one result an entry. */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { KinesisSender, Senders, SendResult, TableItem, TableSender, TableWrite } from '#rules/actions/senders.js';
import type { StreamKey, TableKey } from '#rules/definition.js';
import { isNumeric, numericText } from '#rules/sql/decimal.js';
import type { Value } from '#rules/sql/values.js';
import type { StreamResource, TableResource } from './resources.js';
import { actionFor } from './streams/aws-errors.js';

const STORED: SendResult = {};

/** Senders that `createSenders` makes; whoever starts the rules adds others beside them. */
export type AwsSenders = {
  kinesis(stream: StreamKey): KinesisSender;
  dynamodb(table: TableKey): TableSender;
};

/**
 * @example const senders = createSenders(await createClients(config, ['kinesis', 'dynamodb']), { streams, tables });
 */
export function createSenders(
  clients: { kinesis: KinesisClient; dynamodb: DynamoDBClient },
  resources: { streams: Record<StreamKey, StreamResource>; tables: Record<TableKey, TableResource> },
): AwsSenders {
  return {
    kinesis: (stream) => kinesisSender(clients.kinesis, resources.streams[stream].name),
    dynamodb: (table) => tableSender(clients.dynamodb, resources.tables[table]),
  } satisfies Senders;
}

function kinesisSender(client: KinesisClient, resource: string): KinesisSender {
  return {
    resource,
    send: (entries) =>
      sendDividing(entries, async (batch) => {
        const Records = batch.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
        const { Records: results = [] } = await client.send(new PutRecordsCommand({ StreamName: resource, Records }));
        // A record of a call that went through fails for throughput or inside the service; both pass.
        return results.map(({ ErrorCode, ErrorMessage }) =>
          ErrorCode ? { errorCode: ErrorCode, errorMessage: ErrorMessage, retriable: true } : STORED,
        );
      }),
  };
}

type Replacement = Exclude<TableWrite, { operation: 'update' }>;

function tableSender(client: DynamoDBClient, table: TableResource): TableSender {
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

/** What the services call an entry that they cannot take: the rest of its batch is innocent. */
const REFUSED_ENTRY = new Set(['ValidationException', 'InvalidArgumentException', 'SerializationException']);

/**
 * Sends a batch. A call that the service refuses because of one entry is halved until that entry is alone: n entries with
 * one bad one cost about 2 log2(n) calls. Never throws.
 */
async function sendDividing<Entry>(
  entries: Entry[],
  send: (entries: Entry[]) => Promise<SendResult[]>,
): Promise<SendResult[]> {
  try {
    return await send(entries);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (REFUSED_ENTRY.has(name) && entries.length > 1) {
      const middle = entries.length >>> 1;
      const first = await sendDividing(entries.slice(0, middle), send);
      return [...first, ...(await sendDividing(entries.slice(middle), send))];
    }
    const action = actionFor(error);
    const retriable = action === 'retry' || action === 'slowDown';
    return entries.map(() => ({ errorCode: name, errorMessage: message, retriable }));
  }
}

/** An item in DynamoDB's types. Numbers go as text, so that 34 digits arrive (DynamoDB keeps 38). */
function attributesOf(item: TableItem): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) attributes[name] = attributeOf(value);
  }
  return attributes;
}

function attributeOf(value: Value | Uint8Array): AttributeValue {
  if (value instanceof Uint8Array) return { B: value };
  if (value === null || value === undefined) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumeric(value)) return { N: numericText(value) };
  return Array.isArray(value) ? { L: value.map(attributeOf) } : { M: attributesOf(value) };
}
