/**
 * dynalite's table engine without its server: the validation and the action of each operation, called in this process on
 * a store that is ours (`table-store.ts`). The package has no types; this file says what we rely on of version 4.0.0, and
 * is the only one that loads it.
 */
import { createRequire } from 'node:module';
import { AwsError } from '../aws-error.js';
import type { JsonObject } from '../json-service.js';
import { refineExpressions } from './refinements.js';

/** A result, or an error made to be sent (`statusCode`, `body`), or a failure. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

export function settleWith(work: Promise<void>, callback: Callback<void>): void {
  work.then(
    () => callback(null),
    (error: unknown) => callback(error),
  );
}

/** An attribute value map, e.g. `{ pk: { S: 'a' }, lap: { N: '12' } }`. */
export type Item = Record<string, JsonObject>;

/** A table as described to clients; what we read and write of it. */
export interface Table {
  TableName: string;
  /** Another table has another, also under the same name. */
  TableId: string;
  TableStatus: 'CREATING' | 'UPDATING' | 'ACTIVE' | 'DELETING';
  TableArn: string;
  KeySchema: KeySchema;
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
  BillingModeSummary?: { BillingMode: string };
  TableThroughputModeSummary?: { TableThroughputMode: string };
  ProvisionedThroughput: ThroughputSetting;
  LocalSecondaryIndexes?: Index[];
  GlobalSecondaryIndexes?: GlobalIndex[];
  StreamSpecification?: { StreamEnabled: boolean; StreamViewType: StreamViewType };
  LatestStreamArn?: string;
  LatestStreamLabel?: string;
}

export type StreamViewType = (typeof STREAM_VIEW_TYPES)[number];

export type KeySchema = { AttributeName: string; KeyType: string }[];

export interface Throughput {
  ReadCapacityUnits: number;
  WriteCapacityUnits: number;
}

export interface ThroughputSetting extends Throughput {
  /** On the UTC day of the last one. */
  NumberOfDecreasesToday?: number;
  /** Epoch seconds, race clock. */
  LastDecreaseDateTime?: number;
  LastIncreaseDateTime?: number;
}

export interface Index {
  IndexName: string;
  KeySchema: KeySchema;
  Projection: { ProjectionType: string; NonKeyAttributes?: string[] };
}

export interface GlobalIndex extends Index {
  IndexStatus: 'CREATING' | 'UPDATING' | 'ACTIVE' | 'DELETING';
  /** Being filled with the items that were there before it; nothing reads it yet. */
  Backfilling?: boolean;
  IndexArn: string;
  IndexSizeBytes: number;
  ItemCount: number;
  ProvisionedThroughput: ThroughputSetting;
}

const STREAM_VIEW_TYPES = ['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'] as const;

/** Calls `critical` with the key held; what it returns by `release(callback)` gives the key back, then calls on. */
export type Lock = (
  key: string,
  critical: (release: <Result>(callback: Callback<Result>) => Callback<Result>) => void,
) => void;

export interface RangeOptions {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
  reverse?: boolean;
  limit?: number;
}

/** A sorted map that the engine reads and writes; one for the tables, one per table, one per index. */
export interface EngineMap<Value> {
  lock: Lock;
  get(key: string, callback: Callback<Value>): void;
  put(key: string, value: Value, callback: Callback<void>): void;
  del(key: string, callback: Callback<void>): void;
  createKeyStream(options?: RangeOptions): NodeJS.ReadableStream;
  createValueStream(options?: RangeOptions): NodeJS.ReadableStream;
}

/** What the actions ask of a store. */
export interface EngineStore {
  options: {
    createTableMs: number;
    updateTableMs: number;
    deleteTableMs: number;
    maxItemSize: number;
    maxItemSizeKb: number;
  };
  tableDb: EngineMap<Table> & { awsAccountId: string; awsRegion: string };
  getItemDb(table: string): EngineMap<Item>;
  getIndexDb(type: string, table: string, index: string): EngineMap<Item>;
  deleteItemDb(table: string, callback: Callback<void>): void;
  deleteIndexDb(type: string, table: string, index: string, callback: Callback<void>): void;
  deleteTagDb(table: string, callback: Callback<void>): void;
  /** What the last `get` of an item found: the item that a condition has just failed on, in the same turn. */
  lastRead(): Item | undefined;
  getTable(name: string, checkStatus: boolean | Callback<Table>, callback?: Callback<Table>): void;
}

export interface EngineOperation {
  /** Members that the engine knows; it drops others without a word. */
  members: ReadonlySet<string>;
  /** Validates and normalises; throws an `AwsError`. */
  check(store: EngineStore, input: JsonObject): JsonObject;
  /**
   * Runs what was checked; rejects with an `AwsError` for a refusal. With `returnFailedItem`, one by a condition has the item
   * as its member `Item` (ReturnValuesOnConditionCheckFailure, which the engine lacks).
   */
  act(store: EngineStore, checked: JsonObject, returnFailedItem?: boolean): Promise<JsonObject>;
}

interface Validation {
  types: JsonObject;
  custom?: unknown;
}

interface Validations {
  checkTypes(input: JsonObject, types: JsonObject): JsonObject;
  checkValidations(input: JsonObject, types: JsonObject, custom: unknown, store: EngineStore): void;
}

type Action = (store: EngineStore, input: JsonObject, callback: Callback<JsonObject>) => void;

/** The engine's functions on keys and indexes. */
interface EngineDb {
  createKey(item: Item, table: Table): string;
  validateKey(key: Item, table: Table): unknown;
  validateItem(item: Item, table: Table): unknown;
  getIndexActions(
    indexes: Index[],
    existing: Item | undefined,
    item: Item,
    table: Table,
  ): { puts: { index: string; key: string; item: Item }[] };
}

const load = createRequire(import.meta.url);
const db = load('dynalite/db/index.js') as EngineDb;

/** Loads one operation of the engine, e.g. `loadOperation('PutItem')`. */
export function loadOperation(name: string): EngineOperation {
  const file = name[0].toLowerCase() + name.slice(1);
  const validations = load('dynalite/validations/index.js') as Validations;
  const validation = load(`dynalite/validations/${file}.js`) as Validation;
  const action = load(`dynalite/actions/${file}.js`) as Action;
  const types = { ...validation.types, ...ADDED_MEMBERS[name]?.(validation.types) };
  return {
    members: new Set(Object.keys(types)),
    check: (store, input) => {
      try {
        const checked = validations.checkTypes(input, types);
        validations.checkValidations(checked, types, validation.custom, store);
        refineExpressions(checked);
        return checked;
      } catch (error) {
        throw toAwsError(error);
      }
    },
    act: (store, checked, returnFailedItem = false) =>
      new Promise((resolve, reject) => {
        action(store, checked, (error, result) => {
          if (error) reject(toAwsError(error, returnFailedItem ? store.lastRead() : undefined));
          else resolve(result ?? {});
        });
      }),
  };
}

const STREAM_SPECIFICATION = {
  type: 'FieldStruct<StreamSpecification>',
  children: {
    StreamEnabled: { type: 'Boolean', notNull: true },
    StreamViewType: { type: 'String', enum: STREAM_VIEW_TYPES },
  },
};

interface IndexUpdateTypes {
  GlobalSecondaryIndexUpdates: { children: { children: { Create: { children: JsonObject } } } };
}

/** Members that we add to operations of the engine, in its notation: their types and bounds are checked with the others. */
const ADDED_MEMBERS: Readonly<Record<string, (types: JsonObject) => JsonObject>> = {
  CreateTable: () => ({ StreamSpecification: STREAM_SPECIFICATION }),
  UpdateTable: (types) => {
    const { GlobalSecondaryIndexUpdates } = structuredClone(types) as unknown as IndexUpdateTypes;
    const { types: ofNewTable } = load('dynalite/validations/createTable.js') as Validation;
    // Tables on demand give their indexes none.
    const { children } = GlobalSecondaryIndexUpdates.children.children.Create;
    children.ProvisionedThroughput = optional(children.ProvisionedThroughput);
    return {
      StreamSpecification: STREAM_SPECIFICATION,
      // The engine's name for "the stream is to change", which its check for an empty update knows.
      UpdateStreamEnabled: 'Boolean',
      AttributeDefinitions: optional(ofNewTable.AttributeDefinitions),
      GlobalSecondaryIndexUpdates,
    };
  },
};

function optional(type: unknown): JsonObject {
  const { notNull: _, ...rest } = type as JsonObject;
  return rest;
}

/** Key in the store of an item or of a key of its; throws the refusal when it does not fit the table. */
export function storeKey(table: Table, { Item: item, Key: key }: { Item?: Item; Key?: Item }): string {
  const invalid = item === undefined ? db.validateKey(key ?? {}, table) : db.validateItem(item, table);
  if (invalid) throw toAwsError(invalid);
  return db.createKey(item ?? key ?? {}, table);
}

/** What an index holds of an item; undefined when the item is not in it, also because a key attribute has another type. */
export function indexEntry(table: Table, index: Index, item: Item): { key: string; item: Item } | undefined {
  const fits = index.KeySchema.every(({ AttributeName: name }) => {
    const definition = table.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name);
    const value = definition && item[name]?.[definition.AttributeType];
    return value !== undefined && value !== '';
  });
  return fits ? db.getIndexActions([index], undefined, item, table).puts[0] : undefined;
}

interface Refusal {
  statusCode?: number;
  body?: { __type?: string; message?: string; Message?: string };
}

/** The engine's refusals become ours; anything else is a failure and passes through. */
function toAwsError(error: unknown, failedItem?: Item): unknown {
  const { statusCode, body } = error as Refusal;
  if (statusCode === undefined || body?.__type === undefined) return error;
  const code = body.__type.slice(body.__type.indexOf('#') + 1);
  const members = code === 'ConditionalCheckFailedException' && failedItem !== undefined ? { Item: failedItem } : {};
  return new AwsError(code, body.message ?? body.Message ?? '', statusCode, members);
}
