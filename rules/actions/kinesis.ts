import type { RuleAction } from '../catalog.js';
import { writeJson } from '../sql/json.js';
import { type Action, type ActionContext, MAX_ACTION_BYTES, type Result } from './action.js';
import type { BatchLimits, BatchQueue } from './batch-queue.js';
import type { KinesisRecord } from './senders.js';

/** PutRecords takes 500 records and 10 MiB; half of the bytes keeps one call short. */
export const KINESIS_LIMITS: BatchLimits = { entries: 500, bytes: 5 * 1024 * 1024 };
export const KINESIS_ACTION = 'KinesisAction';

type KinesisSpec = Extract<RuleAction, { kinesis: unknown }>['kinesis'];

/** The result as one record of a stream: published bytes as they came, anything else as JSON. */
export function kinesisAction(spec: KinesisSpec, queue: BatchQueue<KinesisRecord>, context: ActionContext): Action {
  const partitionKey = context.template(spec.partitionKey);
  return {
    name: queue.name,
    resource: queue.resource,
    run(result, scope, delivery) {
      const data = bytesOf(result);
      if (data.length > MAX_ACTION_BYTES) {
        delivery.failed(this, `The result has ${data.length} bytes; an action receives at most ${MAX_ACTION_BYTES}`);
        return;
      }
      const key = partitionKey(scope);
      queue.add({ data, partitionKey: key }, data.length + key.length, delivery);
    },
  };
}

/** `SELECT VALUE missing` is an empty record (iot-sql, SELECT VALUE). */
function bytesOf(result: Result): Uint8Array {
  if (result.kind === 'bytes') return result.bytes;
  return result.value === undefined ? new Uint8Array() : Buffer.from(writeJson(result.value));
}
