import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { toItem } from '../streams/item.js';
import type { LoadRow } from './load-row.js';

/** BatchWriteItem takes so many. */
export const BATCH_ITEMS = 25;

export interface BatchPut {
  /** The table's name in the account. */
  table: string;
  item: LoadRow['item'];
}

export interface BatchAnswer {
  /** `keyOf` each that came back as unprocessed. */
  left: Set<string>;
  /** Write units that the tables counted, indexes left out. */
  units: number;
  /** Tries of the SDK's own before this answer: the table refused the whole batch each time. */
  refused: number;
}

/** Names an item among those of all tables. */
export function keyOf(table: string, pk: string | undefined, sk: string | undefined): string {
  return `${table} ${pk} ${sk}`;
}

/** One BatchWriteItem of at most `BATCH_ITEMS`, each of another key. Raises what the SDK raises. */
export async function writeBatch(dynamodb: DynamoDBClient, puts: readonly BatchPut[]): Promise<BatchAnswer> {
  const requests: Record<string, WriteRequest[]> = {};
  for (const { table, item } of puts) {
    requests[table] ??= [];
    requests[table].push({ PutRequest: { Item: toItem(item) } });
  }
  const {
    UnprocessedItems = {},
    ConsumedCapacity = [],
    $metadata,
  } = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: requests, ReturnConsumedCapacity: 'INDEXES' }));
  const left = Object.entries(UnprocessedItems).flatMap(([table, each]) =>
    each.map(({ PutRequest }) => keyOf(table, PutRequest?.Item?.pk?.S, PutRequest?.Item?.sk?.S)),
  );
  return {
    left: new Set(left),
    units: ConsumedCapacity.reduce((sum, { Table }) => sum + (Table?.CapacityUnits ?? 0), 0),
    refused: ($metadata.attempts ?? 1) - 1,
  };
}
