import { ClassicLevel } from 'classic-level';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { validation } from '../aws-error.js';
import type { JsonObject, JsonService, Operation } from '../json-service.js';
import { type EngineOperation, loadOperation } from './engine.js';
import { TableStore } from './table-store.js';
import { Expiry, timeToLiveOperations } from './time-to-live.js';

/** Served by the engine. What is not here answers UnknownOperationException. */
const ENGINE_OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
  'UpdateTable',
] as const;

export interface DynamoDBOptions {
  folder: string;
  /** fsync before each acknowledgement; without it data survives kill −9 of the process, not a loss of power. */
  sync: boolean;
  region: string;
  accountId: string;
  raceClock: Clock;
  log: Log;
}

export interface DynamoDBService extends JsonService {
  counters(): { itemsExpired: number };
}

/** Opens the store and serves the tables in it. Raises PW-LOCAL-STORE. */
export async function openDynamoDB({
  folder,
  sync,
  region,
  accountId,
  raceClock,
  log,
}: DynamoDBOptions): Promise<DynamoDBService> {
  const db = new ClassicLevel<string, string>(folder);
  try {
    await db.open();
  } catch (cause) {
    throw new PitwallError('PW-LOCAL-STORE', { what: `The store of tables in ${folder} cannot be opened.`, cause });
  }
  const store = new TableStore({ db, sync, region, accountId });
  await store.settle();

  const operations: Record<string, Operation> = { ...timeToLiveOperations(store) };
  for (const name of ENGINE_OPERATIONS) operations[name] = serve(name, loadOperation(name), store);
  const expiry = new Expiry({ store, raceClock, log, deleteItem: operations.DeleteItem });
  expiry.start();

  return {
    signingName: 'dynamodb',
    targetPrefix: 'DynamoDB_20120810',
    contentType: 'application/x-amz-json-1.0',
    errorNamespace: 'com.amazonaws.dynamodb.v20120810#',
    authFailureStatus: 400,
    crc32: true,
    operations,
    counters: () => ({ itemsExpired: expiry.itemsExpired }),
    close: async () => {
      await expiry.stop();
      await store.close();
    },
  };
}

/** The engine's operation with what it lacks: it drops members that it does not know, which a caller would never notice. */
function serve(name: string, engine: EngineOperation, store: TableStore): Operation {
  return (input) => {
    const returnFailedItem = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    delete input.ReturnValuesOnConditionCheckFailure;
    refuseUnserved(name, engine, input);
    return engine.run(store, input, returnFailedItem);
  };
}

/** Switched off is what everything unserved is here. */
const OFF: Readonly<Record<string, (value: JsonObject) => boolean>> = {
  StreamSpecification: (value) => value.StreamEnabled === false,
  SSESpecification: (value) => value.Enabled === false,
};

function refuseUnserved(name: string, { members }: EngineOperation, input: JsonObject): void {
  for (const [member, value] of Object.entries(input)) {
    if (members.has(member) || value === null) continue;
    if (OFF[member]?.(value as JsonObject) || value === false) delete input[member];
    else
      throw validation(
        `${name}: ${member} is not served locally; the README of the local DynamoDB says what is and why.`,
      );
  }
  const updates = name === 'UpdateTable' ? ((input.GlobalSecondaryIndexUpdates ?? []) as JsonObject[]) : [];
  if (updates.some((update) => update.Create !== undefined || update.Delete !== undefined)) {
    throw validation('UpdateTable: indexes cannot be added or removed locally; create the table with them.');
  }
}
