import type { CloudwatchAlarmSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import type { AlarmState } from './senders.js';

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] satisfies AlarmState['stateValue'][];

/** Sets an alarm; the result itself is not looked at. */
export function cloudwatchAlarmAction(spec: CloudwatchAlarmSpec, context: ActionContext): Action {
  const queue = context.queue('cloudwatchAlarm', context.constant('alarmName', spec.alarmName));
  const fields = { stateValue: context.template(spec.stateValue), stateReason: context.template(spec.stateReason) };
  return {
    name: 'CloudwatchAlarmAction',
    resource: queue.resource,
    fields,
    run(_result, scope, delivery) {
      const stateValue = fields.stateValue(scope);
      if (!STATES.includes(stateValue)) {
        return delivery.failed(this, `The state is '${stateValue}'; wanted ${STATES.join(', ')}`);
      }
      const stateReason = fields.stateReason(scope);
      const state = { stateValue: stateValue as AlarmState['stateValue'], stateReason };
      queue.add(state, stateValue.length + stateReason.length, this, delivery);
    },
  };
}
