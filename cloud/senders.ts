/** The rules' senders over the stock SDK: one call a batch, one result an entry. */
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { ItemSender, KinesisSender, Senders, SendResult } from '#rules/actions/senders.js';
import type { StreamKey, TableKey } from '#rules/catalog.js';
import { isNumeric, numericText } from '#rules/sql/decimal.js';
import type { Value, ValueObject } from '#rules/sql/values.js';
import type { StreamResource, TableResource } from './resources.js';
import { actionFor } from './streams/aws-errors.js';

const STORED: SendResult = {};

/**
 * @example const senders = createSenders(await createClients(config, ['kinesis', 'dynamodb']), { streams, tables });
 */
export function createSenders(
  clients: { kinesis: KinesisClient; dynamodb: DynamoDBClient },
  resources: { streams: Record<StreamKey, StreamResource>; tables: Record<TableKey, TableResource> },
): Senders {
  return {
    kinesis: (stream) => kinesisSender(clients.kinesis, resources.streams[stream].name),
    dynamoDBv2: (table) => itemSender(clients.dynamodb, resources.tables[table]),
  };
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

function itemSender(client: DynamoDBClient, table: TableResource): ItemSender {
  const keyNames = table.sortKey === undefined ? [table.partitionKey] : [table.partitionKey, table.sortKey];
  return {
    resource: table.name,
    /** Keys are Strings (resources.ts), and DynamoDB takes no empty ones. */
    keyOf: (item) => keyText(keyNames.map((name) => item[name])),
    send: (entries) =>
      sendDividing(entries, async (batch) => {
        const requests = batch.map((item): WriteRequest => ({ PutRequest: { Item: attributesOf(item) } }));
        const { UnprocessedItems } = await client.send(
          new BatchWriteItemCommand({ RequestItems: { [table.name]: requests } }),
        );
        const keyOf = ({ PutRequest }: WriteRequest) => keyText(keyNames.map((name) => PutRequest?.Item?.[name]?.S));
        const unprocessed = new Set((UnprocessedItems?.[table.name] ?? []).map(keyOf));
        return requests.map((request) =>
          unprocessed.has(keyOf(request)) ? { errorCode: 'UnprocessedItem', retriable: true } : STORED,
        );
      }),
  };
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
function attributesOf(item: ValueObject): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) attributes[name] = attributeOf(value);
  }
  return attributes;
}

function attributeOf(value: Value): AttributeValue {
  if (value === null || value === undefined) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumeric(value)) return { N: numericText(value) };
  return Array.isArray(value) ? { L: value.map(attributeOf) } : { M: attributesOf(value) };
}
