import type { RepublishSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { compileHeaders } from './republish-headers.js';
import { bytesFor } from './result.js';

/** A message that so many rules have republished is in a loop; AWS lets it run on, at the account's cost. */
const MAX_REPUBLISH_HOPS = 8;
/** Jobs cannot be republished to (rule-actions/republish). */
const JOBS = /^\$aws\/things\/[^/]+\/jobs(\/|$)/;

/** The result as a message of its own: to rules and subscribers, or to one rule by Basic Ingest. */
export function republishAction(spec: RepublishSpec, context: ActionContext): Action {
  const queue = context.queue('republish', 'broker');
  const topic = context.template(spec.topic);
  const headers = compileHeaders(spec.headers, context);
  const qos = spec.qos ?? 0;
  return {
    name: 'RepublishAction',
    resource: spec.topic,
    fields: { topic, ...headers.fields },
    run(result, scope, delivery) {
      const payload = bytesFor(this, result, delivery);
      if (payload === undefined) return;
      const to = topic(scope);
      const refuse = (why: string) => delivery.failed(this, why);
      const hops = (scope.evaluation.message.hops ?? 0) + 1;
      if (hops > MAX_REPUBLISH_HOPS) return refuse(`Rules have republished it ${hops - 1} times: a loop ends here`);
      if (to === '' || /[#+\0]/.test(to)) return refuse(`'${to}' is no topic`);
      if (JOBS.test(to)) return refuse(`${to} is reserved for jobs`);
      const sent = headers.render(scope);
      if (typeof sent === 'string') return refuse(sent);
      queue.add({ topic: to, payload, qos, hops, ...sent }, payload.length + to.length, this, delivery);
    },
  };
}
