import type { RuleAction } from '../catalog.js';
import { writeJson } from '../sql/json.js';
import { isObject, type ValueObject } from '../sql/values.js';
import { type Action, MAX_ACTION_BYTES } from './action.js';
import type { BatchLimits, BatchQueue } from './batch-queue.js';
import type { ItemSender } from './senders.js';

/** BatchWriteItem takes 25 puts and 16 MB; 25 results of 128 KiB stay far below it. */
export const DYNAMODB_LIMITS: BatchLimits = { entries: 25, bytes: 8 * 1024 * 1024 };
export const DYNAMODB_V2_ACTION = 'DynamoDBv2Action';

type DynamoDBv2Spec = Extract<RuleAction, { dynamoDBv2: unknown }>['dynamoDBv2'];

/** The result as one item: each key at its top is a column, and the table's keys must be among them. */
export function dynamoDBv2Action(spec: DynamoDBv2Spec, queue: BatchQueue<ValueObject>, sender: ItemSender): Action {
  return {
    name: queue.name,
    resource: queue.resource,
    run(result, scope, delivery) {
      const item = result.kind === 'bytes' ? scope.evaluation.document() : result.value;
      const refuse = (why: string) => delivery.failed(this, why);
      if (!isObject(item)) return refuse('The result is no JSON object, so it has no columns');
      if (sender.keyOf(item) === undefined) return refuse(`The result lacks a key of the table ${spec.table}`);
      const bytes = Buffer.byteLength(writeJson(item));
      if (bytes > MAX_ACTION_BYTES) {
        return refuse(`The result has ${bytes} bytes; an action receives at most ${MAX_ACTION_BYTES}`);
      }
      queue.add(item, bytes, delivery);
    },
  };
}
