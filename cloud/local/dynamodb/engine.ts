/**
 * dynalite's table engine without its server: the validation and the action of each operation, called in this process on
 * a store that is ours (`table-store.ts`). The package has no types; this file says what we rely on of version 4.0.0, and
 * is the only one that loads it.
 */
import { createRequire } from 'node:module';
import { AwsError } from '../aws-error.js';
import type { JsonObject } from '../json-service.js';

/** A result, or an error made to be sent (`statusCode`, `body`), or a failure. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

/** An attribute value map, e.g. `{ pk: { S: 'a' }, lap: { N: '12' } }`. */
export type Item = Record<string, JsonObject>;

/** A table as described to clients; what we read of it. */
export interface Table {
  TableName: string;
  TableStatus: 'CREATING' | 'UPDATING' | 'ACTIVE' | 'DELETING';
  KeySchema: { AttributeName: string }[];
  GlobalSecondaryIndexes?: { IndexStatus: string }[];
}

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
  /**
   * Validates and runs; rejects with an `AwsError` for a refusal. With `returnFailedItem`, one by a condition has the item as
   * its member `Item` (ReturnValuesOnConditionCheckFailure, which the engine lacks).
   */
  run(store: EngineStore, input: JsonObject, returnFailedItem: boolean): Promise<JsonObject>;
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

/** Loads one operation of the engine, e.g. `loadOperation('PutItem')`. */
export function loadOperation(name: string): EngineOperation {
  const load = createRequire(import.meta.url);
  const file = name[0].toLowerCase() + name.slice(1);
  const validations = load('dynalite/validations/index.js') as Validations;
  const validation = load(`dynalite/validations/${file}.js`) as Validation;
  const action = load(`dynalite/actions/${file}.js`) as Action;
  return {
    members: new Set(Object.keys(validation.types)),
    run: (store, input, returnFailedItem) =>
      new Promise((resolve, reject) => {
        try {
          const checked = validations.checkTypes(input, validation.types);
          validations.checkValidations(checked, validation.types, validation.custom, store);
          action(store, checked, (error, result) => {
            if (error) reject(toAwsError(error, returnFailedItem ? store.lastRead() : undefined));
            else resolve(result ?? {});
          });
        } catch (error) {
          reject(toAwsError(error));
        }
      }),
  };
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
