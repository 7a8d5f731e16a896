import type { SnsSpec } from '../definition.js';
import { isObject } from '../sql/values.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf, textOf } from './result.js';

/** The result as one notification. */
export function snsAction(spec: SnsSpec, context: ActionContext): Action {
  const queue = context.queue('sns', context.constant('targetArn', spec.targetArn));
  const messageFormat = spec.messageFormat ?? 'RAW';
  return {
    name: 'SnsAction',
    resource: queue.resource,
    fields: {},
    run(result, scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      const value = messageFormat === 'JSON' ? jsonOf(result, scope) : undefined;
      // Publish with MessageStructure json: a text per protocol, and one for those that are not named.
      if (messageFormat === 'JSON' && !(isObject(value) && typeof value.default === 'string')) {
        return delivery.failed(this, "The result is no JSON object with a text 'default', as messageFormat JSON wants");
      }
      queue.add({ message: textOf(bytes), messageFormat }, bytes.length, this, delivery);
    },
  };
}
