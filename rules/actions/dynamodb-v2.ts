import type { DynamoDBv2Spec } from '../definition.js';
import { isObject } from '../sql/values.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf } from './result.js';
import type { TableWrite } from './senders.js';

/** The result as one item: each key at its top is a column, and the table's keys must be among them. */
export function dynamoDBv2Action(spec: DynamoDBv2Spec, context: ActionContext): Action {
  const queue = context.queue('dynamodb', spec.table);
  return {
    name: 'DynamoDBv2Action',
    resource: queue.resource,
    fields: {},
    run(result, scope, delivery) {
      const item = jsonOf(result, scope);
      const refuse = (why: string) => delivery.failed(this, why);
      if (!isObject(item)) return refuse('The result is no JSON object, so it has no columns');
      const write: TableWrite = { operation: 'put', item };
      if (queue.identityOf(write) === undefined) return refuse(`The result lacks a key of the table ${spec.table}`);
      const bytes = bytesFor(this, result, delivery);
      if (bytes !== undefined) queue.add(write, bytes.length, this, delivery);
    },
  };
}
