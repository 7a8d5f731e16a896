import type { FirehoseSpec } from '../definition.js';
import { writeJson } from '../sql/json.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf, together } from './result.js';

/** PutRecordBatch: more elements are refused, as AWS refuses them. */
const MAX_BATCH_RECORDS = 500;

/** The result as one record of a delivery stream, or each of its elements as one. */
export function firehoseAction(spec: FirehoseSpec, context: ActionContext): Action {
  const queue = context.queue('firehose', context.constant('deliveryStream', spec.deliveryStream));
  const separator = Buffer.from(spec.separator ?? '');
  const record = (data: Uint8Array) => (separator.length === 0 ? data : Buffer.concat([data, separator]));
  return {
    name: 'FirehoseAction',
    resource: queue.resource,
    fields: {},
    run(result, scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      const elements = spec.batchMode ? jsonOf(result, scope) : undefined;
      if (!Array.isArray(elements)) {
        const data = record(bytes);
        queue.add({ data }, data.length, this, delivery);
        return;
      }
      if (elements.length === 0) return delivery.sent(this);
      if (elements.length > MAX_BATCH_RECORDS) {
        return delivery.failed(this, `The result has ${elements.length} elements; at most ${MAX_BATCH_RECORDS}`);
      }
      const each = together(delivery, elements.length);
      for (const element of elements) {
        const data = record(Buffer.from(writeJson(element)));
        queue.add({ data }, data.length, this, each);
      }
    },
  };
}
