import type { KinesisSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor } from './result.js';

/** The result as one record of a stream. */
export function kinesisAction(spec: KinesisSpec, context: ActionContext): Action {
  const queue = context.queue('kinesis', spec.stream);
  const partitionKey = context.template(spec.partitionKey);
  return {
    name: 'KinesisAction',
    resource: queue.resource,
    fields: { partitionKey },
    run(result, scope, delivery) {
      const data = bytesFor(this, result, delivery);
      if (data === undefined) return;
      const key = partitionKey(scope);
      queue.add({ data, partitionKey: key }, data.length + key.length, this, delivery);
    },
  };
}
