import type { DynamoDBSpec } from '../definition.js';
import { toNumeric } from '../sql/conversions.js';
import type { Scope } from '../sql/scope.js';
import type { CompiledTemplate } from '../template.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf } from './result.js';
import type { TableItem, TableWrite } from './senders.js';

const DEFAULT_PAYLOAD_FIELD = 'payload';

interface KeyField {
  field: string;
  type: 'STRING' | 'NUMBER';
  value: CompiledTemplate;
}

/** The result whole, in one column of an item whose keys are templates: JSON as a document, anything else as bytes. */
export function dynamoDBAction(spec: DynamoDBSpec, context: ActionContext): Action {
  const queue = context.queue('dynamodb', spec.table);
  const keys = keyFields(spec, context);
  const payloadField = context.template(spec.payloadField ?? DEFAULT_PAYLOAD_FIELD);
  const operation = context.template(spec.operation ?? 'INSERT');
  const [hash, range] = keys;
  return {
    name: 'DynamoDBAction',
    resource: queue.resource,
    fields: { hashKeyValue: hash.value, ...(range && { rangeKeyValue: range.value }), payloadField, operation },
    run(result, scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      const refuse = (why: string) => delivery.failed(this, why);
      const key = keyOf(keys, scope);
      if (typeof key === 'string') return refuse(key);
      const column: TableItem = { [payloadField(scope)]: jsonOf(result, scope) ?? bytes };
      const write = writeOf(operation(scope), key, column);
      if (write === undefined) return refuse(`The operation is '${operation(scope)}'; wanted INSERT, UPDATE or DELETE`);
      if (queue.identityOf(write) === undefined) return refuse(`The item lacks a key of the table ${spec.table}`);
      queue.add(write, bytes.length, this, delivery);
    },
  };
}

function keyFields(spec: DynamoDBSpec, context: ActionContext): KeyField[] {
  const hash = {
    field: context.constant('hashKeyField', spec.hashKeyField),
    type: spec.hashKeyType ?? 'STRING',
    value: context.template(spec.hashKeyValue),
  };
  if (spec.rangeKeyField === undefined) return [hash];
  const range = {
    field: context.constant('rangeKeyField', spec.rangeKeyField),
    type: spec.rangeKeyType ?? 'STRING',
    value: context.template(spec.rangeKeyValue ?? ''),
  };
  return [hash, range];
}

/** The key's columns, or why there are none. */
function keyOf(keys: KeyField[], scope: Scope): TableItem | string {
  const item: TableItem = {};
  for (const { field, type, value } of keys) {
    const text = value(scope);
    const number = type === 'NUMBER' ? toNumeric(text) : undefined;
    if (type === 'NUMBER' && number === undefined) return `The key ${field} is '${text}', which is no number`;
    item[field] = number ?? text;
  }
  return item;
}

function writeOf(operation: string, key: TableItem, column: TableItem): TableWrite | undefined {
  switch (operation.toUpperCase()) {
    case 'INSERT':
      return { operation: 'put', item: { ...key, ...column } };
    case 'UPDATE':
      return { operation: 'update', key, set: column };
    case 'DELETE':
      return { operation: 'delete', key };
    default:
      return undefined;
  }
}
