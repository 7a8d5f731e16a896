/**
 * UpdateTable, checked by the engine and done here: capacity and billing mode, the stream, switched on and off, and indexes,
 * added and removed. As on AWS one kind of change a call.
 */
import type { Clock } from '#wire/clock.js';
import { AwsError, validation } from '../aws-error.js';
import type { JsonObject, Operation } from '../json-service.js';
import { type CapacityUpdate, changeCapacity } from './capacity/update.js';
import type { EngineOperation, EngineStore, GlobalIndex, Index, Table, Throughput } from './engine.js';
import type { IndexBackfill } from './index-backfill.js';
import { indexPath } from './paths.js';
import type { TableStore } from './table-store.js';

export interface UpdateTableOptions {
  engine: EngineOperation;
  /** Its checks are those of a table that would be made with all the indexes. */
  createTable: EngineOperation;
  view: EngineStore;
  tables: TableStore;
  backfill: IndexBackfill;
  /** Of capacity. */
  decreasesPerDay: number;
  raceClock: Clock;
}

interface Update extends CapacityUpdate {
  TableName: string;
  StreamSpecification?: Table['StreamSpecification'];
  AttributeDefinitions?: Table['AttributeDefinitions'];
  GlobalSecondaryIndexUpdates?: IndexUpdate[];
}

type IndexUpdate = NonNullable<CapacityUpdate['GlobalSecondaryIndexUpdates']>[number] & {
  Create?: Index & { ProvisionedThroughput?: Throughput };
  Delete?: { IndexName: string };
};

export function updateTableOperation(options: UpdateTableOptions): Operation {
  const { engine, view } = options;
  return async (input) => {
    const UpdateStreamEnabled = input.StreamSpecification !== undefined;
    const update = engine.check(view, { ...input, UpdateStreamEnabled }) as unknown as Update;
    const indexes = (update.GlobalSecondaryIndexUpdates ?? []).filter(({ Create, Delete }) => Create ?? Delete);
    if (update.StreamSpecification === undefined && indexes.length === 0) {
      return { TableDescription: await updateCapacity(options, update) };
    }
    const { TableName, StreamSpecification, AttributeDefinitions, ...others } = update;
    const kinds = Object.keys(others).length - 1 + (StreamSpecification === undefined ? 0 : 1);
    if (kinds > 1 || (indexes.length > 0 && indexes.length < (update.GlobalSecondaryIndexUpdates ?? []).length)) {
      throw validation(
        'UpdateTable: the stream, an index added or removed, and capacity are changed in calls of their own.',
      );
    }
    if (StreamSpecification !== undefined)
      return { TableDescription: await updateStream(options, TableName, StreamSpecification) };
    if (indexes.length > 1) {
      throw new AwsError(
        'LimitExceededException',
        'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
      );
    }
    const [{ Create, Delete }] = indexes;
    const TableDescription =
      Create === undefined
        ? await removeIndex(options, TableName, Delete?.IndexName ?? '')
        : await addIndex(options, TableName, Create, AttributeDefinitions ?? []);
    return { TableDescription };
  };
}

/** What CreateTable and UpdateTable ask of a specification that switches a stream on or off. */
export function checkStreamSpecification({
  StreamEnabled,
  StreamViewType,
}: Partial<NonNullable<Table['StreamSpecification']>>): void {
  if (StreamEnabled && StreamViewType === undefined) {
    throw validation(
      'One or more parameter values were invalid: If stream is being enabled then UpdateViewType is required',
    );
  }
  if (!StreamEnabled && StreamViewType !== undefined) {
    throw validation(
      'One or more parameter values were invalid: If stream is being disabled, then UpdateViewType must not be specified',
    );
  }
}

/** Refuses a change of a table that is being changed. */
export function checkNotUpdating({ TableName, TableStatus, GlobalSecondaryIndexes = [] }: Table): void {
  const isQuiet = GlobalSecondaryIndexes.every(({ IndexStatus }) => IndexStatus === 'ACTIVE');
  if (TableStatus === 'ACTIVE' && isQuiet) return;
  const doing = { CREATING: 'created', UPDATING: 'updated', ACTIVE: 'updated', DELETING: 'deleted' }[TableStatus];
  throw new AwsError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: Table is being ${doing}: ${TableName}`,
  );
}

function updateCapacity(options: UpdateTableOptions, update: Update): Promise<Table> {
  const { tables, decreasesPerDay, raceClock } = options;
  return tables.update(update.TableName, (table) => {
    checkNotUpdating(table);
    changeCapacity(table, update, { decreasesPerDay, nowMs: raceClock.nowMs() });
  });
}

function updateStream(
  { tables }: UpdateTableOptions,
  name: string,
  wanted: NonNullable<Table['StreamSpecification']>,
): Promise<Table> {
  checkStreamSpecification(wanted);
  return tables.update(name, (table) => {
    checkNotUpdating(table);
    const isEnabled = table.StreamSpecification?.StreamEnabled === true;
    if (wanted.StreamEnabled && isEnabled) throw validation(`Table already has an enabled stream: TableName: ${name}`);
    if (!wanted.StreamEnabled && !isEnabled) throw validation(`Table has no stream to disable: TableName: ${name}`);
    // LatestStreamArn stays behind when it is switched off.
    if (wanted.StreamEnabled) table.StreamSpecification = wanted;
    else delete table.StreamSpecification;
  });
}

async function addIndex(
  options: UpdateTableOptions,
  name: string,
  { IndexName, KeySchema, Projection, ProvisionedThroughput }: NonNullable<IndexUpdate['Create']>,
  definitions: Table['AttributeDefinitions'],
): Promise<Table> {
  const { tables, backfill } = options;
  // An index of that name may have been removed while writers who knew it were under way.
  const there = tables.existing(name).GlobalSecondaryIndexes ?? [];
  if (!there.some((index) => index.IndexName === IndexName)) await tables.clear(indexPath('Global', name, IndexName));
  const updated = await tables.update(name, (table) => {
    checkNotUpdating(table);
    if ((table.GlobalSecondaryIndexes ?? []).some((index) => index.IndexName === IndexName)) {
      throw validation(`Attempting to create an index which already exists`);
    }
    const index: GlobalIndex = {
      IndexName,
      KeySchema,
      Projection,
      IndexStatus: 'CREATING',
      Backfilling: true,
      IndexArn: `${table.TableArn}/index/${IndexName}`,
      IndexSizeBytes: 0,
      ItemCount: 0,
      ProvisionedThroughput: {
        ...(ProvisionedThroughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 }),
        NumberOfDecreasesToday: 0,
      },
    };
    table.GlobalSecondaryIndexes = [...(table.GlobalSecondaryIndexes ?? []), index];
    const known = new Set(table.AttributeDefinitions.map(({ AttributeName }) => AttributeName));
    table.AttributeDefinitions.push(...definitions.filter(({ AttributeName }) => !known.has(AttributeName)));
    checkAsNew(options, table);
    table.TableStatus = 'UPDATING';
  });
  backfill.start(name);
  return updated;
}

async function removeIndex({ tables }: UpdateTableOptions, name: string, indexName: string): Promise<Table> {
  const updated = await tables.update(name, (table) => {
    checkNotUpdating(table);
    const left = (table.GlobalSecondaryIndexes ?? []).filter((index) => index.IndexName !== indexName);
    if (left.length === (table.GlobalSecondaryIndexes ?? []).length) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found`);
    }
    if (left.length === 0) delete table.GlobalSecondaryIndexes;
    else table.GlobalSecondaryIndexes = left;
    const used = new Set(
      [table, ...left, ...(table.LocalSecondaryIndexes ?? [])].flatMap(({ KeySchema }) =>
        KeySchema.map(({ AttributeName }) => AttributeName),
      ),
    );
    table.AttributeDefinitions = table.AttributeDefinitions.filter(({ AttributeName }) => used.has(AttributeName));
  });
  await tables.clear(indexPath('Global', name, indexName));
  return updated;
}

/** Keys without a definition, a wrong key schema, too many indexes: what CreateTable would refuse. */
function checkAsNew({ createTable, view }: UpdateTableOptions, table: Table): void {
  const isOnDemand = table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
  const capacity = isOnDemand
    ? { BillingMode: 'PAY_PER_REQUEST' }
    : { BillingMode: 'PROVISIONED', ProvisionedThroughput: table.ProvisionedThroughput };
  const { TableName, KeySchema, AttributeDefinitions, LocalSecondaryIndexes, GlobalSecondaryIndexes } = table;
  const indexes = GlobalSecondaryIndexes?.map(({ IndexName, KeySchema: keys, Projection }) => ({
    IndexName,
    KeySchema: keys,
    Projection,
  }));
  createTable.check(
    view,
    structuredClone({
      TableName,
      KeySchema,
      AttributeDefinitions,
      LocalSecondaryIndexes,
      GlobalSecondaryIndexes: indexes,
      ...capacity,
    }) as unknown as JsonObject,
  );
}
