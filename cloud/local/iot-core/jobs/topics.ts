/**
 * The jobs topics of AWS IoT. A device publishes to
 *
 *     $aws/things/{thing}/jobs/get                      what is pending
 *     $aws/things/{thing}/jobs/start-next               begin the next one
 *     $aws/things/{thing}/jobs/{jobId | $next}/get      one execution
 *     $aws/things/{thing}/jobs/{jobId}/update           report on it
 *
 * and is answered on `…/accepted` or `…/rejected` below that. Everyone who may is told on `…/jobs/notify` and
 * `…/jobs/notify-next`.
 */
import { THING_NAME } from '#wire/identity.js';
import { JOB_ID } from './model.js';

/** In the place of a job id: the execution that is next. */
export const NEXT = '$next';

export type JobsRequest =
  | { operation: 'getPending'; thing: string }
  | { operation: 'startNext'; thing: string }
  | { operation: 'describe'; thing: string; jobId: string }
  | { operation: 'update'; thing: string; jobId: string }
  /** A topic of the jobs namespace that is no operation: answered with InvalidTopic. */
  | { operation: 'invalid'; thing: string };

/** The request that a publish to this topic is; undefined when it is none, also for topics that only AWS publishes to. */
export function parseJobsTopic(topic: string): JobsRequest | undefined {
  const [aws, things, thing, jobs, ...rest] = topic.split('/');
  if (aws !== '$aws' || things !== 'things' || jobs !== 'jobs' || !THING_NAME.test(thing)) return undefined;
  if (rest.length === 1) {
    if (rest[0] === 'get') return { operation: 'getPending', thing };
    if (rest[0] === 'start-next') return { operation: 'startNext', thing };
    return rest[0].startsWith('notify') ? undefined : { operation: 'invalid', thing };
  }
  if (rest.length !== 2) return undefined;
  const [jobId, verb] = rest;
  if (verb === 'accepted' || verb === 'rejected') return undefined;
  if (verb === 'get' && (jobId === NEXT || JOB_ID.test(jobId))) return { operation: 'describe', thing, jobId };
  if (verb === 'update' && JOB_ID.test(jobId)) return { operation: 'update', thing, jobId };
  return { operation: 'invalid', thing };
}

export const notifyTopic = (thing: string): string => `$aws/things/${thing}/jobs/notify`;
export const notifyNextTopic = (thing: string): string => `$aws/things/${thing}/jobs/notify-next`;
