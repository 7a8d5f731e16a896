import type { CloudwatchLogsSpec } from '../definition.js';
import { isNumeric, toDouble } from '../sql/decimal.js';
import { isObject, type Value } from '../sql/values.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf, textOf, together } from './result.js';
import type { LogEvent } from './senders.js';

/** The result as one event of a log group, or each `{timestamp, message}` in it as one. */
export function cloudwatchLogsAction(spec: CloudwatchLogsSpec, context: ActionContext): Action {
  const queue = context.queue('cloudwatchLogs', context.constant('logGroupName', spec.logGroupName));
  return {
    name: 'CloudwatchLogsAction',
    resource: queue.resource,
    fields: {},
    run(result, scope, delivery) {
      const bytes = bytesFor(this, result, delivery);
      if (bytes === undefined) return;
      if (!spec.batchMode) {
        const event = { timestampMs: scope.evaluation.message.timestampMs, message: textOf(bytes) };
        queue.add(event, bytes.length, this, delivery);
        return;
      }
      const events = eventsOf(jsonOf(result, scope));
      if (events === undefined) return delivery.failed(this, 'The result is no array of {timestamp, message}');
      if (events.length === 0) return delivery.sent(this);
      const each = together(delivery, events.length);
      for (const event of events) queue.add(event, Buffer.byteLength(event.message), this, each);
    },
  };
}

function eventsOf(value: Value): LogEvent[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const events: LogEvent[] = [];
  for (const element of value) {
    if (!isObject(element) || !isNumeric(element.timestamp) || typeof element.message !== 'string') return undefined;
    events.push({ timestampMs: toDouble(element.timestamp), message: element.message });
  }
  return events;
}
