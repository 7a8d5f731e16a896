import type { SqsSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, textOf } from './result.js';

/** The result as one message of a queue. */
export function sqsAction(spec: SqsSpec, context: ActionContext): Action {
  const queue = context.queue('sqs', context.constant('queueUrl', spec.queueUrl));
  return {
    name: 'SqsAction',
    resource: queue.resource,
    fields: {},
    run(result, _scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      const messageBody = spec.useBase64 ? Buffer.from(bytes).toString('base64') : textOf(bytes);
      queue.add({ messageBody }, messageBody.length, this, delivery);
    },
  };
}
