/**
 * What an operator does with jobs: (table, input, time) → output, as the operations of the AWS IoT API of the same names.
 * Each raises AwsError before it touches the table.
 */
import { AwsError } from '../../aws-error.js';
import { type Account, arnOf } from '../registry/arns.js';
import { alreadyExists, invalidRequest, limitExceeded, notFound } from '../registry/errors.js';
import { executionOf } from './device.js';
import { checkVersion, endExecution, isPending } from './execution.js';
import type { Job, StatusDetails } from './model.js';
import { completeIfDone, queueFor } from './progress.js';
import { JobRejection } from './rejection.js';
import type { JobTable } from './table.js';
import { type JobsDirectory, parseTarget, thingsOf } from './targets.js';

export interface CreateJobInput {
  jobId: string;
  targets: string[];
  document: string;
  description?: string;
  targetSelection: Job['targetSelection'];
  inProgressTimeoutMinutes?: number;
}

export function createJob(
  table: JobTable,
  directory: JobsDirectory,
  account: Account,
  input: CreateJobInput,
  nowMs: number,
): Job {
  const { jobId, targets } = input;
  if (table.job(jobId)) throw alreadyExists(`Job ${jobId}`, jobId, arnOf(account, 'job', jobId));
  checkDocument(input.document, table.limits.documentBytes);
  checkTargets(targets, directory, table.limits.targetsPerJob);
  const things = thingsOf(targets, directory);
  if (table.jobCount >= table.limits.jobs) throw limitExceeded(`There are ${table.limits.jobs} jobs; delete some.`);
  if (table.executionCount + things.length > table.limits.executions) {
    throw limitExceeded(`There would be more than ${table.limits.executions} job executions; delete some jobs.`);
  }
  const job: Job = { ...input, status: 'IN_PROGRESS', createdAtMs: nowMs, lastUpdatedAtMs: nowMs };
  table.putJob(job);
  queueFor(table, job, things, nowMs);
  completeIfDone(table, jobId, nowMs);
  return job;
}

export interface CancelJobInput {
  jobId: string;
  /** Also what is in progress. */
  force: boolean;
  reasonCode?: string;
  comment?: string;
}

/** What is queued is CANCELED; what is in progress goes on unless forced. */
export function cancelJob(table: JobTable, input: CancelJobInput, nowMs: number): Job {
  const { jobId, force, reasonCode, comment } = input;
  const job = jobOf(table, jobId);
  if (job.status === 'COMPLETED') throw invalidRequest(`Job ${jobId} is COMPLETED and cannot be cancelled.`);
  const canceled: Job = { ...job, status: 'CANCELED', reasonCode, comment, lastUpdatedAtMs: nowMs };
  if (force) canceled.forceCanceled = true;
  table.putJob(canceled);
  for (const execution of table.executionsOfJob(jobId)) {
    const ends = execution.status === 'QUEUED' || (force && execution.status === 'IN_PROGRESS');
    if (!ends) continue;
    table.putExecution(
      endExecution(execution, 'CANCELED', nowMs, { forceCanceled: execution.status === 'IN_PROGRESS' }),
    );
  }
  return canceled;
}

/** The job, its executions, and what is told of them, at once: AWS takes a while. */
export function deleteJob(table: JobTable, jobId: string, force: boolean): void {
  const job = jobOf(table, jobId);
  if (job.status === 'IN_PROGRESS' && !force) {
    throw invalidStateTransition(`Job ${jobId} is IN_PROGRESS; cancel it, or force its deletion.`);
  }
  table.dropJob(jobId);
}

export interface CancelExecutionInput {
  thingName: string;
  jobId: string;
  force: boolean;
  expectedVersion?: number;
  statusDetails?: StatusDetails;
}

export function cancelExecution(table: JobTable, input: CancelExecutionInput, nowMs: number): void {
  const { thingName, jobId, force, expectedVersion, statusDetails } = input;
  const execution = existing(() => executionOf(table, thingName, jobId));
  existing(() => checkVersion(execution, expectedVersion));
  if (!isPending(execution) || (execution.status === 'IN_PROGRESS' && !force)) {
    throw invalidStateTransition(`The execution of ${jobId} on ${thingName} is ${execution.status}.`);
  }
  const forceCanceled = execution.status === 'IN_PROGRESS';
  table.putExecution(endExecution(execution, 'CANCELED', nowMs, { statusDetails, forceCanceled }));
  completeIfDone(table, jobId, nowMs);
}

export interface DeleteExecutionInput {
  thingName: string;
  jobId: string;
  executionNumber: number;
  force: boolean;
}

export function deleteExecution(table: JobTable, input: DeleteExecutionInput, nowMs: number): void {
  const { thingName, jobId, executionNumber, force } = input;
  const execution = existing(() => executionOf(table, thingName, jobId, executionNumber));
  if (isPending(execution) && !force) {
    throw invalidStateTransition(`The execution of ${jobId} on ${thingName} is ${execution.status}.`);
  }
  table.dropExecution(execution);
  completeIfDone(table, jobId, nowMs);
}

export function jobOf(table: JobTable, jobId: string): Job {
  const job = table.job(jobId);
  if (!job) throw notFound(`Job ${jobId}`);
  return job;
}

/** Runs what speaks the devices' language of errors. */
export function existing<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof JobRejection ? error.toAwsError() : error;
  }
}

function checkDocument(document: string, bytesMax: number): void {
  const bytes = Buffer.byteLength(document);
  if (bytes > bytesMax) throw limitExceeded(`A job document of ${bytes} bytes; at most ${bytesMax}.`);
  try {
    JSON.parse(document);
  } catch {
    throw invalidRequest('The job document is not valid JSON.');
  }
}

function checkTargets(targets: readonly string[], directory: JobsDirectory, max: number): void {
  if (targets.length === 0 || targets.length > max) throw invalidRequest(`A job has 1 to ${max} targets.`);
  for (const arn of targets) {
    const target = parseTarget(arn);
    if (!target) throw invalidRequest(`${arn} is not the ARN of a thing or a thing group.`);
    const exists =
      target.kind === 'thing' ? directory.hasThing(target.name) : directory.thingsInGroup(target.name) !== undefined;
    if (!exists) throw notFound(`${target.kind === 'thing' ? 'Thing' : 'Thing group'} ${target.name}`);
  }
}

const invalidStateTransition = (message: string): AwsError =>
  new AwsError('InvalidStateTransitionException', message, 409);
