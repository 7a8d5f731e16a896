import { AwsError, validation } from '../../aws-error.js';
import { list } from '../../input.js';
import { isJsonObject, type JsonObject } from '../../json-service.js';
import { type EngineOperation, type EngineStore, type Item, storeKey } from '../engine.js';
import type { TableStore } from '../table-store.js';

/** One member of a transaction, checked. */
export interface Action {
  engine: EngineOperation;
  /** Its input as the engine takes it. */
  checked: JsonObject;
  table: string;
  /** Undefined when the key does not fit the table: the engine says what is wrong. */
  key: string | undefined;
  returnFailedItem: boolean;
}

/** "Transactions" quotas: actions, and bytes of all items together. */
const ACTIONS_MAX = 100;
export const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;

export interface ActionKind {
  engine: EngineOperation;
  /** Members of the transaction's action that the engine's operation has too. */
  members: ReadonlySet<string>;
}

export interface ReadActionsOptions {
  tables: TableStore;
  view: EngineStore;
  kinds: Readonly<Record<string, ActionKind>>;
}

/** Members that the engine lacks. */
const RETURN_FAILED = 'ReturnValuesOnConditionCheckFailure';

/** The actions of `TransactItems`; throws what AWS refuses of the request as a whole. */
export function readActions(input: JsonObject, options: ReadActionsOptions): Action[] {
  const actions = list(input, 'TransactItems', ACTIONS_MAX).map((member) => readAction(member, options));
  const seen = new Set<string>();
  for (const { table, key } of actions) {
    if (key === undefined) continue;
    const row = `${table}~${key}`;
    if (seen.has(row)) throw validation('Transaction request cannot include multiple operations on one item');
    seen.add(row);
  }
  return actions;
}

function readAction(member: unknown, { tables, view, kinds }: ReadActionsOptions): Action {
  const given = isJsonObject(member) ? Object.entries(member).filter(([, value]) => value !== null) : [];
  const [[name, action] = []] = given;
  if (given.length !== 1 || name === undefined || !Object.hasOwn(kinds, name) || !isJsonObject(action)) {
    throw validation(`TransactItems can only contain one of ${Object.keys(kinds).join(', ')}`);
  }
  const { engine, members } = kinds[name];
  const { [RETURN_FAILED]: returned, ...rest } = action;
  const unknown = Object.keys(rest).find((key) => !members.has(key));
  if (unknown !== undefined) throw validation(`${name}: ${unknown} is not a member of a transaction's action.`);
  const checked = engine.check(view, structuredClone(rest));
  const table = String(checked.TableName);
  return { engine, checked, table, key: keyIn(tables, table, checked), returnFailedItem: returned === 'ALL_OLD' };
}

function keyIn(tables: TableStore, table: string, checked: JsonObject): string | undefined {
  const description = tables.existing(table);
  try {
    return storeKey(description, checked as { Item?: Item; Key?: Item });
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}
