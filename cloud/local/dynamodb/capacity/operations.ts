import { AwsError } from '../../aws-error.js';
import type { JsonObject, Operation } from '../../json-service.js';
import { type EngineOperation, type EngineStore, settleWith } from '../engine.js';
import { EngineView } from '../engine-view.js';
import type { ItemWriter } from '../item-writer.js';
import { checkFilterProjected, checkIndexKeys, checkNumbers, takeOperands } from '../refinements.js';
import type { TableStore } from '../table-store.js';
import { leaveUnprocessed, type RequestItems } from './batches.js';
import { MeteredCall } from './call.js';
import type { Capacity } from './capacity.js';
import type { Kind } from './throughput.js';

export interface MeteredContext {
  tables: TableStore;
  writer: ItemWriter;
  capacity: Capacity;
  /** What inputs are checked against. */
  view: EngineStore;
}

/** Operations that consume capacity; transactions have a file of their own. */
const KINDS: Readonly<Record<string, Kind>> = {
  BatchGetItem: 'Read',
  GetItem: 'Read',
  Query: 'Read',
  Scan: 'Read',
  BatchWriteItem: 'Write',
  DeleteItem: 'Write',
  PutItem: 'Write',
  UpdateItem: 'Write',
};

export function isMetered(name: string): boolean {
  return Object.hasOwn(KINDS, name);
}

/** One of the engine's operations on items, within the capacity of its tables. */
export function meteredOperation(name: string, engine: EngineOperation, context: MeteredContext): Operation {
  const { tables, writer, capacity, view: checks } = context;
  const kind = KINDS[name];
  const isBatch = name.startsWith('Batch');
  return async (input) => {
    const returnFailedItem = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    // The engine forgets it of a Scan.
    const isConsistent = input.ConsistentRead === true;
    const checked = engine.check(checks, input);
    const { ReturnConsumedCapacity: mode } = checked;
    // Ours is told instead: the engine takes characters for bytes, and leaves indexes out.
    delete checked.ReturnConsumedCapacity;
    const requests = checked.RequestItems as RequestItems | undefined;
    if (requests !== undefined) checkItems(tables, requests);
    if (name === 'Query') checkFilterProjected(tables.existing(String(checked.TableName)), checked);
    const call = new MeteredCall({
      capacity,
      tables,
      kind,
      isBatch,
      isConsistent: (table) => (requests === undefined ? isConsistent : isConsistentIn(requests, table)),
    });
    const view = new EngineView({
      tables,
      call,
      read: name === 'UpdateItem' ? (item) => takeOperands(checked, item) : undefined,
      write: (write, callback) => {
        if (name === 'UpdateItem' && write.item !== undefined) checkNumbers(write.item);
        const refusal = call.isRefused(write.table, write.key) ? undefined : call.write(write);
        // A batch goes on with the others.
        if (call.isRefused(write.table, write.key)) callback(null);
        else if (refusal !== undefined) callback(refusal);
        else settleWith(writer.write([write]), callback);
      },
    });
    let result: JsonObject;
    try {
      result = await engine.act(view, checked, returnFailedItem);
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') call.failed();
      throw error;
    }
    if (name === 'Query' || name === 'Scan') call.endRange(Number(result.ScannedCount));
    if (requests !== undefined && call.refused.size > 0) leaveUnprocessed(name, tables, requests, call, result);
    // UPDATED_OLD and UPDATED_NEW of attributes that there are none of.
    if (result.Attributes !== undefined && Object.keys(result.Attributes as object).length === 0)
      delete result.Attributes;
    const consumed = call.consumed.describe(mode);
    if (consumed !== undefined) result.ConsumedCapacity = isBatch ? consumed : consumed[0];
    return result;
  };
}

function isConsistentIn(requests: RequestItems, table: string): boolean {
  const request = requests[table];
  return !Array.isArray(request) && request?.ConsistentRead === true;
}

/** Before any of a batch is written. */
function checkItems(tables: TableStore, requests: RequestItems): void {
  for (const [name, request] of Object.entries(requests)) {
    const table = tables.find(name);
    if (table === undefined || !Array.isArray(request)) continue;
    for (const { PutRequest } of request) if (PutRequest !== undefined) checkIndexKeys(table, PutRequest.Item);
  }
}
