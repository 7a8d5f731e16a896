import type { JsonObject } from '../../json-service.js';
import { type Item, storeKey } from '../engine.js';
import type { TableStore } from '../table-store.js';
import type { MeteredCall } from './call.js';

interface KeysRequest {
  Keys: Item[];
  ConsistentRead?: boolean;
}

interface WriteRequest {
  PutRequest?: { Item: Item };
  DeleteRequest?: { Key: Item };
}

export type RequestItems = Record<string, KeysRequest | WriteRequest[]>;

/**
 * Puts what was refused of a batch into the answer, as it was asked for. A batch of which everything was refused ends with the
 * error that the first ended with.
 */
export function leaveUnprocessed(
  operation: string,
  tables: TableStore,
  requests: RequestItems,
  { refused }: MeteredCall,
  result: JsonObject,
): void {
  let total = 0;
  const left: Record<string, KeysRequest | WriteRequest[]> = {};
  for (const [name, request] of Object.entries(requests)) {
    const table = tables.existing(name);
    const isLeft = (given: { Item?: Item; Key?: Item }) => refused.has(`${name}~${storeKey(table, given)}`);
    total += Array.isArray(request) ? request.length : request.Keys.length;
    if (Array.isArray(request)) {
      const writes = request.filter(({ PutRequest, DeleteRequest }) => isLeft(PutRequest ?? DeleteRequest ?? {}));
      if (writes.length > 0) left[name] = writes;
      continue;
    }
    const Keys = request.Keys.filter((Key) => isLeft({ Key }));
    if (Keys.length > 0) left[name] = { ...withoutParsed(request), Keys };
  }
  if (refused.size === total) throw [...refused.values()][0];
  if (operation === 'BatchWriteItem') {
    result.UnprocessedItems = left;
    return;
  }
  const unprocessed = result.UnprocessedKeys as Record<string, KeysRequest>;
  for (const [name, request] of Object.entries(left as Record<string, KeysRequest>)) {
    request.Keys.push(...(unprocessed[name]?.Keys ?? []));
    unprocessed[name] = request;
  }
}

/** What the engine has made of expressions is not the client's. */
function withoutParsed(request: KeysRequest): KeysRequest {
  const entries = Object.entries(request).filter(([member]) => !member.startsWith('_'));
  return Object.fromEntries(entries) as unknown as KeysRequest;
}
