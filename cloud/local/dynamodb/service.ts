import { ClassicLevel } from 'classic-level';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { validation } from '../aws-error.js';
import type { JsonObject, JsonService, Operation } from '../json-service.js';
import { Capacity } from './capacity/capacity.js';
import { TABLE_LIMITS, type TableLimits } from './capacity/limits.js';
import { isMetered, type MeteredContext, meteredOperation } from './capacity/operations.js';
import { Committer, type LevelDb } from './committer.js';
import { type EngineOperation, loadOperation, settleWith, type Table } from './engine.js';
import { EngineView } from './engine-view.js';
import { Housekeeping } from './housekeeping.js';
import { IndexBackfill } from './index-backfill.js';
import { ItemWriter } from './item-writer.js';
import { StreamCatalog } from './streams/catalog.js';
import { TABLE_STREAM_LIMITS, type TableStreamLimits } from './streams/limits.js';
import { streamOperations } from './streams/operations.js';
import { TableStore } from './table-store.js';
import { Expiry, timeToLiveOperations } from './time-to-live.js';
import { transactionOperations } from './transactions/operations.js';
import { Tokens } from './transactions/tokens.js';
import { checkNotUpdating, checkStreamSpecification, updateTableOperation } from './update-table.js';

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
  /** Overrides of what tables refuse as too much; absent = as AWS. */
  tableLimits?: Partial<TableLimits>;
  /** Overrides of what streams do by the clock; absent = as AWS. */
  streamLimits?: Partial<TableStreamLimits>;
  raceClock: Clock;
  log: Log;
}

export interface DynamoDBCounters {
  itemsExpired: number;
  streamRecordsTrimmed: number;
  /** Transaction tokens that were forgotten before their time, as there were too many. */
  tokensForgotten: number;
}

/** Two services with one store; closing either is closing both. */
export interface DynamoDBServices {
  tables: JsonService;
  streams: JsonService;
  counters(): DynamoDBCounters;
}

/** Four times Level's own: records of streams are several times their items, and what is merged less often costs less. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;

/** What both services say of themselves on the wire. */
const WIRE = {
  signingName: 'dynamodb',
  contentType: 'application/x-amz-json-1.0',
  errorNamespace: 'com.amazonaws.dynamodb.v20120810#',
  authFailureStatus: 400,
  crc32: true,
} as const;

/** Opens the store and serves the tables in it, and their streams. Raises PW-LOCAL-STORE. */
export async function openDynamoDB(options: DynamoDBOptions): Promise<DynamoDBServices> {
  const { sync, region, accountId, raceClock, log } = options;
  const limits = { ...TABLE_STREAM_LIMITS, ...options.streamLimits };
  const db = await openLevel(options.folder);
  const committer = new Committer(db, sync);
  const catalog = await StreamCatalog.load({ db, committer, limits, raceClock, region });
  const tables = new TableStore({ db, committer, streams: catalog, region, accountId });
  const unfilled = await tables.settle();
  const writer = new ItemWriter(committer, catalog, raceClock);
  const view = new EngineView({ tables, write: (write, callback) => settleWith(writer.write([write]), callback) });
  const tableLimits = { ...TABLE_LIMITS, ...options.tableLimits };
  const capacity = new Capacity(tableLimits, raceClock);
  const metered: MeteredContext = { tables, writer, capacity, view };
  const tokens = await Tokens.load(db, committer);
  const backfill = new IndexBackfill({ tables, committer, log });
  for (const table of unfilled) backfill.start(table);

  const engine = Object.fromEntries(ENGINE_OPERATIONS.map((name) => [name, loadOperation(name)]));
  const operations: Record<string, Operation> = {
    ...timeToLiveOperations(tables),
    ...transactionOperations({ ...metered, db, tokens, raceClock }),
  };
  for (const name of ENGINE_OPERATIONS) operations[name] = serve(name, engine[name], metered);
  const { CreateTable: createTable, UpdateTable: updateTable } = engine;
  operations.UpdateTable = withKnownMembers(
    'UpdateTable',
    updateTable,
    updateTableOperation({
      engine: updateTable,
      createTable,
      view,
      tables,
      backfill,
      decreasesPerDay: tableLimits.decreasesPerDay,
      raceClock,
    }),
  );
  before(operations, 'CreateTable', checkNewStream);
  before(operations, 'DeleteTable', (input) => {
    checkDeletable(tables, input);
    capacity.forget(String(input.TableName));
  });
  before(operations, 'Query', (input) => checkIndexFilled(tables, input));
  before(operations, 'Scan', (input) => checkIndexFilled(tables, input));

  const byService = new EngineView({
    tables,
    byService: true,
    write: (write, callback) => settleWith(writer.write([write]), callback),
  });
  const expiry = new Expiry({
    store: tables,
    raceClock,
    deleteItem: (input) => engine.DeleteItem.act(byService, engine.DeleteItem.check(byService, input)),
  });
  const housekeeping = new Housekeeping(
    [() => expiry.sweep(), () => catalog.sweep(), () => tokens.sweep(raceClock.nowMs())],
    log,
  );

  let closed: Promise<void> | undefined;
  const close = async () => {
    await housekeeping.stop();
    await backfill.stop();
    await committer.idle();
    await db.close();
  };
  const closeOnce = () => (closed ??= close());
  return {
    tables: { ...WIRE, targetPrefix: 'DynamoDB_20120810', operations, close: closeOnce },
    streams: {
      ...WIRE,
      targetPrefix: 'DynamoDBStreams_20120810',
      operations: streamOperations({ db, catalog, limits, raceClock }),
      close: closeOnce,
    },
    counters: () => ({
      itemsExpired: expiry.itemsExpired,
      streamRecordsTrimmed: catalog.recordsTrimmed,
      tokensForgotten: tokens.forgotten,
    }),
  };
}

async function openLevel(folder: string): Promise<LevelDb> {
  const db = new ClassicLevel<string, string>(folder);
  try {
    await db.open({ writeBufferSize: WRITE_BUFFER_BYTES });
  } catch (cause) {
    throw new PitwallError('PW-LOCAL-STORE', { what: `The store of tables in ${folder} cannot be opened.`, cause });
  }
  return db;
}

/** The engine's operation with what it lacks. */
function serve(name: string, engine: EngineOperation, metered: MeteredContext): Operation {
  const { view } = metered;
  return withKnownMembers(
    name,
    engine,
    isMetered(name) ? meteredOperation(name, engine, metered) : (input) => engine.act(view, engine.check(view, input)),
  );
}

/** Members that every item's write may have and the engine does not know; what is made of them is done in `serve`. */
const ADDED: ReadonlySet<string> = new Set(['ReturnValuesOnConditionCheckFailure']);
/** Every read here sees what was written before it; a scan of an index is not promised that (AWS refuses it of a global one). */
const isConsistentScan = (name: string, member: string, input: JsonObject) =>
  name === 'Scan' &&
  member === 'ConsistentRead' &&
  typeof input.ConsistentRead === 'boolean' &&
  input.IndexName === undefined;
/** Switched off is what everything unserved is here. */
const OFF: Readonly<Record<string, (value: JsonObject) => boolean>> = {
  SSESpecification: (value) => value.Enabled === false,
};

/** The engine drops members that it does not know, which a caller would never notice: they are refused, by name. */
function withKnownMembers(name: string, { members }: EngineOperation, operation: Operation): Operation {
  return (input) => {
    for (const [member, value] of Object.entries(input)) {
      if (members.has(member) || ADDED.has(member) || value === null || isConsistentScan(name, member, input)) continue;
      if (OFF[member]?.(value as JsonObject) || value === false) delete input[member];
      else
        throw validation(
          `${name}: ${member} is not served locally; the README of the local DynamoDB says what is and why.`,
        );
    }
    return operation(input);
  };
}

function before(operations: Record<string, Operation>, name: string, check: (input: JsonObject) => void): void {
  const operation = operations[name];
  operations[name] = (input) => {
    check(input);
    return operation(input);
  };
}

/** A stream that is switched off is none. */
function checkNewStream(input: JsonObject): void {
  const specification = input.StreamSpecification as Table['StreamSpecification'] | undefined | null;
  if (specification === undefined || specification === null) return;
  checkStreamSpecification(specification);
  if (!specification.StreamEnabled) delete input.StreamSpecification;
}

/** The engine would delete a table under an index that is being filled. */
function checkDeletable(tables: TableStore, { TableName }: JsonObject): void {
  const table = typeof TableName === 'string' ? tables.find(TableName) : undefined;
  if (table?.TableStatus === 'UPDATING') checkNotUpdating(table);
}

function checkIndexFilled(tables: TableStore, { TableName, IndexName }: JsonObject): void {
  if (typeof TableName !== 'string' || typeof IndexName !== 'string') return;
  const index = tables.find(TableName)?.GlobalSecondaryIndexes?.find((each) => each.IndexName === IndexName);
  if (index?.Backfilling) throw validation(`Cannot read from backfilling global secondary index: ${IndexName}`);
}
