/** Which rights a device's HTTP call needs (developer guide, "AWS IoT Core policy actions"). */
import type { Call } from './data-plane-calls.js';

export interface Right {
  action: string;
  /** `topic/a/b`, `thing/car-24/setup`, `*`. */
  resource: string;
}

const SHADOW_ACTIONS = {
  get: 'iot:GetThingShadow',
  update: 'iot:UpdateThingShadow',
  delete: 'iot:DeleteThingShadow',
} as const;

/** All of them are needed; undefined: no device may call it, whatever its policies say. */
export function rightsOf(call: Call): Right[] | undefined {
  switch (call.operation) {
    case 'Publish': {
      const resource = `topic/${call.topic}`;
      const retain = call.retain ? [{ action: 'iot:RetainPublish', resource }] : [];
      return [{ action: 'iot:Publish', resource }, ...retain];
    }
    case 'Shadow': {
      const { thing, name, verb } = call.address;
      const resource = name === undefined ? `thing/${thing}` : `thing/${thing}/${name}`;
      return [{ action: SHADOW_ACTIONS[verb], resource }];
    }
    case 'ListNamedShadowsForThing':
    case 'ListRetainedMessages':
      return [{ action: `iot:${call.operation}`, resource: '*' }];
    case 'GetRetainedMessage':
      return [{ action: 'iot:GetRetainedMessage', resource: `topic/${call.topic}` }];
    case 'GetConnection':
    case 'DeleteConnection':
    case 'ListSubscriptions':
    case 'SendDirectMessage':
      return undefined;
  }
}

const JOBS_PATH = /^\/things\/([^/]+)\/jobs(?:\/([^/]+))?$/;
const JOBS_ACTIONS: Readonly<Record<string, string>> = {
  'GET all': 'iot:GetPendingJobExecutions',
  'PUT next': 'iot:StartNextPendingJobExecution',
  'GET one': 'iot:DescribeJobExecution',
  'GET next': 'iot:DescribeJobExecution',
  'POST one': 'iot:UpdateJobExecution',
};

/** The right to a call of the jobs API; undefined when it is none. */
export function jobsRightOf(method: string, pathname: string): Right | undefined {
  const [, thing, jobId] = JOBS_PATH.exec(pathname) ?? [];
  // A name with anything encoded in it is none: things have letters, digits and `:_-`.
  if (thing === undefined || thing.includes('%')) return undefined;
  const which = jobId === undefined ? 'all' : /^(?:\$|%24)next$/.test(jobId) ? 'next' : 'one';
  const action = JOBS_ACTIONS[`${method} ${which}`];
  return action === undefined ? undefined : { action, resource: `thing/${thing}` };
}
