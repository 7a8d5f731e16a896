import type { LambdaSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf } from './result.js';

/** The result as the event of an asynchronous invocation: sent means that the function's queue has it. JSON only. */
export function lambdaAction(spec: LambdaSpec, context: ActionContext): Action {
  const queue = context.queue('lambda', context.constant('functionArn', spec.functionArn));
  return {
    name: 'LambdaAction',
    resource: queue.resource,
    fields: {},
    run(result, scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      if (jsonOf(result, scope) === undefined) {
        return delivery.failed(this, 'The result is no JSON; a function is invoked with JSON (use encode)');
      }
      queue.add({ payload: Buffer.from(bytes).toString('utf8') }, bytes.length, this, delivery);
    },
  };
}
