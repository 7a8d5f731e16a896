/**
 * TransactWriteItems and TransactGetItems. The engine has neither, but its single operations run on a view that holds their
 * writes back: each action is decided by the operation that it is, with all keys locked; then all of them are one write, or
 * none is. A condition check is a deletion that is not carried out.
 */
import type { Clock } from '#wire/clock.js';
import { validation } from '../../aws-error.js';
import { optionalText } from '../../input.js';
import type { JsonObject, Operation } from '../../json-service.js';
import { MeteredCall } from '../capacity/call.js';
import type { MeteredContext } from '../capacity/operations.js';
import type { LevelDb } from '../committer.js';
import { type Item, loadOperation } from '../engine.js';
import { EngineView } from '../engine-view.js';
import { itemBytes } from '../item-size.js';
import type { ItemWrite } from '../item-write.js';
import { lockAll } from '../key-lock.js';
import { checkNumbers, takeOperands } from '../refinements.js';
import { type Action, type ActionKind, readActions, TRANSACTION_BYTES_MAX } from './actions.js';
import { canceled, type Reason, reasonOf } from './cancellation.js';
import type { Tokens } from './tokens.js';

export interface TransactionContext extends MeteredContext {
  db: LevelDb;
  tokens: Tokens;
  raceClock: Clock;
}

const EXPRESSION = ['ExpressionAttributeNames', 'ExpressionAttributeValues'];
const deletion = loadOperation('DeleteItem');

const WRITES: Readonly<Record<string, ActionKind>> = {
  ConditionCheck: { engine: deletion, members: new Set(['TableName', 'Key', 'ConditionExpression', ...EXPRESSION]) },
  Put: {
    engine: loadOperation('PutItem'),
    members: new Set(['TableName', 'Item', 'ConditionExpression', ...EXPRESSION]),
  },
  Delete: { engine: deletion, members: new Set(['TableName', 'Key', 'ConditionExpression', ...EXPRESSION]) },
  Update: {
    engine: loadOperation('UpdateItem'),
    members: new Set(['TableName', 'Key', 'UpdateExpression', 'ConditionExpression', ...EXPRESSION]),
  },
};

const READS: Readonly<Record<string, ActionKind>> = {
  Get: {
    engine: loadOperation('GetItem'),
    members: new Set(['TableName', 'Key', 'ProjectionExpression', 'ExpressionAttributeNames']),
  },
};

/** AWS's bound on ClientRequestToken. */
const TOKEN = { max: 36 };

export function transactionOperations(context: TransactionContext): Record<string, Operation> {
  return {
    TransactWriteItems: (input) => transactWrite(context, input),
    TransactGetItems: (input) => transactGet(context, input),
  };
}

async function transactWrite(context: TransactionContext, input: JsonObject): Promise<JsonObject> {
  const { tokens, raceClock } = context;
  const token = optionalText(input, 'ClientRequestToken', TOKEN);
  const asked = input.TransactItems;
  if (token === undefined) return writeAll(context, input);
  if (tokens.isMade(token, asked, raceClock.nowMs())) return {};
  tokens.begin(token);
  try {
    return await writeAll(context, input, token);
  } finally {
    tokens.end(token);
  }
}

async function writeAll(context: TransactionContext, input: JsonObject, token?: string): Promise<JsonObject> {
  const { tables, view, writer, tokens, raceClock, capacity } = context;
  const { ReturnConsumedCapacity, TransactItems } = input;
  const actions = readActions(input, { tables, view, kinds: WRITES });
  checkConditions(TransactItems as JsonObject[]);
  const release = await lockAll(
    actions.flatMap(({ table, key }) =>
      key === undefined ? [] : [{ lock: tables.itemLock(table), key, order: `${table}~${key}` }],
    ),
  );
  try {
    const call = new MeteredCall({ capacity, tables, kind: 'Write', isTransaction: true });
    const writes = await decide(context, call, actions, TransactItems as JsonObject[]);
    checkSize(actions.map(({ checked }, i) => writes[i]?.item ?? ((checked.Item ?? checked.Key) as Item)));
    const recorded = token === undefined ? undefined : tokens.record(token, TransactItems, raceClock.nowMs());
    await writer.write(
      writes.filter((write) => write !== undefined),
      recorded && [recorded.operation],
    );
    recorded?.made();
    return { ConsumedCapacity: call.consumed.describe(ReturnConsumedCapacity, 'Write') };
  } finally {
    release();
  }
}

/** Runs every action on a view that keeps its write; throws the cancellation when one of them cannot be done. */
async function decide(
  { tables }: TransactionContext,
  call: MeteredCall,
  actions: readonly Action[],
  given: readonly JsonObject[],
): Promise<(ItemWrite | undefined)[]> {
  const writes: (ItemWrite | undefined)[] = [];
  const reasons: (Reason | undefined)[] = [];
  for (const [i, { engine, checked, returnFailedItem }] of actions.entries()) {
    const isCheckOnly = given[i].ConditionCheck !== undefined;
    const view = new EngineView({
      tables,
      call,
      read: given[i].Update === undefined ? undefined : (item) => takeOperands(checked, item),
      isLocked: true,
      write: (write, callback) => {
        if (given[i].Update !== undefined && write.item !== undefined) checkNumbers(write.item);
        const refusal = call.write(isCheckOnly ? { ...write, indexEntries: [] } : write);
        if (refusal === undefined && !isCheckOnly) writes[i] = write;
        callback(refusal ?? null);
      },
    });
    try {
      await engine.act(view, checked, returnFailedItem);
    } catch (error) {
      reasons[i] = reasonOf(error);
    }
  }
  if (reasons.length > 0) throw canceled(actions.map((_, i) => reasons[i]));
  return actions.map((_, i) => writes[i]);
}

async function transactGet(context: TransactionContext, input: JsonObject): Promise<JsonObject> {
  const { db, tables, view, capacity } = context;
  const { ReturnConsumedCapacity } = input;
  const actions = readActions(input, { tables, view, kinds: READS });
  const call = new MeteredCall({ capacity, tables, kind: 'Read', isTransaction: true });
  const snapshot = db.snapshot();
  try {
    const moment = new EngineView({ tables, snapshot, call, write: (_, callback) => callback(null) });
    const reasons: (Reason | undefined)[] = [];
    const results: JsonObject[] = [];
    for (const [i, { engine, checked }] of actions.entries()) {
      try {
        results.push(await engine.act(moment, checked));
      } catch (error) {
        reasons[i] = reasonOf(error);
      }
    }
    if (reasons.length > 0) throw canceled(actions.map((_, i) => reasons[i]));
    checkSize(results.map(({ Item: item }) => (item ?? {}) as Item));
    const Responses = results.map(({ Item: item }) => (item === undefined ? {} : { Item: item }));
    return { Responses, ConsumedCapacity: call.consumed.describe(ReturnConsumedCapacity, 'Read') };
  } finally {
    await snapshot.close();
  }
}

function checkConditions(given: readonly JsonObject[]): void {
  for (const { ConditionCheck: check, Update: update } of given) {
    if (check && (check as JsonObject).ConditionExpression === undefined) {
      throw validation('ConditionCheck: ConditionExpression must not be null');
    }
    if (update && (update as JsonObject).UpdateExpression === undefined) {
      throw validation('Update: UpdateExpression must not be null');
    }
  }
}

function checkSize(items: readonly Item[]): void {
  let bytes = 0;
  for (const item of items) bytes += itemBytes(item);
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw validation(
      `The items of a transaction are ${bytes} bytes together; at most ${TRANSACTION_BYTES_MAX} are allowed.`,
    );
  }
}
