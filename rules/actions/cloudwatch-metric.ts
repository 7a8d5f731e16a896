import type { CloudwatchMetricSpec } from '../definition.js';
import { toNumeric } from '../sql/conversions.js';
import { toDouble } from '../sql/decimal.js';
import type { Action, ActionContext } from './action.js';

/** One value of a metric; the result itself is not looked at. */
export function cloudwatchMetricAction(spec: CloudwatchMetricSpec, context: ActionContext): Action {
  const queue = context.queue('cloudwatchMetric', 'metrics');
  const fields = {
    metricNamespace: context.template(spec.metricNamespace),
    metricName: context.template(spec.metricName),
    metricUnit: context.template(spec.metricUnit),
    metricValue: context.template(spec.metricValue),
    ...(spec.metricTimestamp !== undefined && { metricTimestamp: context.template(spec.metricTimestamp) }),
  };
  return {
    name: 'CloudwatchMetricAction',
    resource: spec.metricName,
    fields,
    run(_result, scope, delivery) {
      const text = fields.metricValue(scope);
      const value = toNumeric(text);
      if (value === undefined) return delivery.failed(this, `The value is '${text}', which is no number`);
      const seconds = toNumeric(fields.metricTimestamp?.(scope));
      if (fields.metricTimestamp !== undefined && seconds === undefined) {
        return delivery.failed(this, `The timestamp is '${fields.metricTimestamp(scope)}'; wanted epoch seconds`);
      }
      const datum = {
        namespace: fields.metricNamespace(scope),
        name: fields.metricName(scope),
        unit: fields.metricUnit(scope),
        value: toDouble(value),
        timestampMs: seconds === undefined ? scope.evaluation.message.timestampMs : toDouble(seconds) * 1000,
      };
      queue.add(datum, datum.namespace.length + datum.name.length + datum.unit.length, this, delivery);
    },
  };
}
