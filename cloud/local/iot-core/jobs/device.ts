/** What a device asks about its executions: (table, request, time) → answer. The same over MQTT and HTTP. */
import type { JsonObject } from '../../json-service.js';
import { isPending, reportExecution } from './execution.js';
import type { Job, JobExecution } from './model.js';
import { completeIfDone } from './progress.js';
import { JobRejection } from './rejection.js';
import { parseDescribe, parseStartNext, parseUpdate } from './request.js';
import type { JobTable } from './table.js';
import { type JobsRequest, NEXT } from './topics.js';
import { detailsOf, documentFor, type Medium, stateOf, summaryOf } from './views.js';

/** Answers a request and leaves what it changed in the table. Raises JobRejection. */
export function answerDevice(
  table: JobTable,
  request: JobsRequest,
  body: JsonObject,
  medium: Medium,
  nowMs: number,
): JsonObject {
  switch (request.operation) {
    case 'getPending':
      return getPending(table, request.thing);
    case 'startNext':
      return startNext(table, request.thing, body, medium, nowMs);
    case 'describe':
      return describe(table, request.thing, request.jobId, body, medium, nowMs);
    case 'update':
      return update(table, request.thing, request.jobId, body, medium, nowMs);
    case 'invalid':
      throw new JobRejection('InvalidTopic', 'The topic is no operation of AWS IoT Jobs.');
  }
}

function getPending(table: JobTable, thing: string): JsonObject {
  const pending = table.pending(thing);
  const summaries = (status: JobExecution['status']) => pending.filter((each) => each.status === status).map(summaryOf);
  return { inProgressJobs: summaries('IN_PROGRESS'), queuedJobs: summaries('QUEUED') };
}

/** Nothing pending: an answer without an execution. What is in progress already is given as it is. */
function startNext(table: JobTable, thing: string, body: JsonObject, medium: Medium, nowMs: number): JsonObject {
  const request = parseStartNext(body, table.limits);
  let [next] = table.pending(thing);
  if (!next) return {};
  const job = jobOf(table, next);
  if (next.status === 'QUEUED') {
    next = reportExecution(next, job, { status: 'IN_PROGRESS', ...request }, nowMs);
    table.putExecution(next);
  }
  return { execution: detailsOf(next, job.document, medium, nowMs) };
}

function describe(
  table: JobTable,
  thing: string,
  jobId: string,
  body: JsonObject,
  medium: Medium,
  nowMs: number,
): JsonObject {
  const { executionNumber, includeJobDocument } = parseDescribe(body);
  const [next] = jobId === NEXT ? table.pending(thing) : [];
  if (jobId === NEXT && !next) return {};
  const execution = next ?? executionOf(table, thing, jobId, executionNumber);
  if (!isPending(execution)) {
    throw new JobRejection('TerminalStateReached', `The execution of ${jobId} on ${thing} is ${execution.status}.`);
  }
  const document = includeJobDocument ? jobOf(table, execution).document : undefined;
  return { execution: detailsOf(execution, document, medium, nowMs) };
}

function update(
  table: JobTable,
  thing: string,
  jobId: string,
  body: JsonObject,
  medium: Medium,
  nowMs: number,
): JsonObject {
  const request = parseUpdate(body, table.limits);
  const execution = executionOf(table, thing, jobId, request.executionNumber);
  const job = jobOf(table, execution);
  const next = reportExecution(execution, job, request, nowMs);
  table.putExecution(next);
  completeIfDone(table, jobId, nowMs);
  return {
    ...(request.includeJobExecutionState ? { executionState: stateOf(next) } : {}),
    ...(request.includeJobDocument ? { jobDocument: documentFor(job.document, medium) } : {}),
  };
}

/** Raises JobRejection: ResourceNotFound. */
export function executionOf(table: JobTable, thing: string, jobId: string, executionNumber?: number): JobExecution {
  const execution = table.execution(thing, jobId);
  if (!execution || (executionNumber !== undefined && executionNumber !== execution.executionNumber)) {
    throw new JobRejection('ResourceNotFound', `There is no execution of job ${jobId} on ${thing}.`);
  }
  return execution;
}

function jobOf(table: JobTable, { jobId }: JobExecution): Job {
  const job = table.job(jobId);
  if (!job) throw new JobRejection('ResourceNotFound', `There is no job ${jobId}.`);
  return job;
}
