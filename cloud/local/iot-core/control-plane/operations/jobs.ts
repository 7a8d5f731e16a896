import { z } from 'zod';
import {
  cancelExecution,
  cancelJob,
  createJob,
  deleteExecution,
  deleteJob,
  existing,
  jobOf,
} from '../../jobs/control.js';
import { executionOf } from '../../jobs/device.js';
import {
  EXECUTION_STATUSES,
  type ExecutionStatus,
  JOB_ID,
  JOB_STATUSES,
  type Job,
  type JobExecution,
} from '../../jobs/model.js';
import { statusDetailsOf } from '../../jobs/request.js';
import type { JobService } from '../../jobs/service.js';
import type { JobsDirectory } from '../../jobs/targets.js';
import { secondsLeft } from '../../jobs/views.js';
import { type Account, arnOf } from '../../registry/arns.js';
import { invalidRequest, notFound } from '../../registry/errors.js';
import { checkName } from '../../registry/names.js';
import { notServed, queryFlag, queryInteger, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { byDate, dateKey, page, tokenQuery } from '../pages.js';

const JOB = '/jobs/{jobId}';
const EXECUTION = '/things/{thingName}/jobs/{jobId}';
const TIMEOUT_MINUTES_MAX = 10_080;

const reasonCode = z
  .string()
  .regex(/^[\p{L}\p{N}_-]{1,128}$/u)
  .optional();
const comment = z.string().max(2028).optional();
const executionStatus = z.enum(EXECUTION_STATUSES).optional();
const targetSelection = z.enum(['SNAPSHOT', 'CONTINUOUS']);
const namespaceId = notServed('Namespaces');

const jobInput = z.object({
  targets: z.array(z.string()),
  document: z.string({ error: 'document is missing; documents in S3 are not served by the local IoT Core.' }),
  description: comment,
  targetSelection: targetSelection.default('SNAPSHOT'),
  timeoutConfig: z.object({ inProgressTimeoutInMinutes: z.number().int().min(1).max(TIMEOUT_MINUTES_MAX) }).optional(),
  documentSource: notServed('Documents in S3'),
  presignedUrlConfig: notServed('Presigned URLs'),
  jobExecutionsRolloutConfig: notServed('Rollouts'),
  abortConfig: notServed('Abort criteria'),
  jobTemplateArn: notServed('Job templates'),
  jobExecutionsRetryConfig: notServed('Retries'),
  documentParameters: notServed('Document parameters'),
  schedulingConfig: notServed('Schedules'),
  destinationPackageVersions: notServed('Software packages'),
  namespaceId,
  tags,
});

/** Operators' side of AWS IoT Jobs. */
export function jobOperations(service: JobService, directory: JobsDirectory, account: Account): Operation[] {
  const named = ({ jobId, description }: Job) => ({ jobArn: arnOf(account, 'job', jobId), jobId, description });
  const thingArn = (thingName: string) => arnOf(account, 'thing', thingName);

  return [
    operation({
      name: 'CreateJob',
      method: 'PUT',
      path: JOB,
      body: jobInput,
      async perform({ path, body: { targets, document, description, targetSelection: selection, timeoutConfig } }) {
        const jobId = checkJobId(path.jobId);
        const inProgressTimeoutMinutes = timeoutConfig?.inProgressTimeoutInMinutes;
        const input = { jobId, targets, document, description, targetSelection: selection, inProgressTimeoutMinutes };
        return named(await service.change((table, nowMs) => createJob(table, directory, account, input, nowMs)));
      },
    }),
    operation({
      name: 'DescribeJob',
      method: 'GET',
      path: JOB,
      perform: ({ path: { jobId } }) =>
        service.change((table) => {
          const job = jobOf(table, jobId);
          return { job: jobDetails(job, table.executionsOfJob(jobId), account) };
        }),
    }),
    operation({
      name: 'ListJobs',
      method: 'GET',
      path: '/jobs',
      query: z.object({
        ...tokenQuery,
        status: z.enum(JOB_STATUSES).optional(),
        targetSelection: targetSelection.optional(),
        thingGroupName: z.string().optional(),
        thingGroupId: notServed('Lists by the id of a group'),
        namespaceId,
      }),
      perform({ query: { status, targetSelection: selection, thingGroupName, maxResults, nextToken } }) {
        const group = thingGroupName === undefined ? undefined : arnOf(account, 'thinggroup', thingGroupName);
        return service.change((table) => {
          const wanted = [...table.jobs()].filter(
            (job) =>
              (status === undefined || job.status === status) &&
              (selection === undefined || job.targetSelection === selection) &&
              (group === undefined || job.targets.includes(group)),
          );
          const entries = byDate(wanted.map((job) => [job.jobId, { job, createdMs: job.createdAtMs }]));
          const { items, next } = page(entries, ([jobId, { createdMs }]) => dateKey(createdMs, jobId), {
            size: maxResults,
            token: nextToken,
            descending: true,
          });
          return { jobs: items.map(([, { job }]) => jobSummary(job, account)), nextToken: next };
        });
      },
    }),
    operation({
      name: 'CancelJob',
      method: 'PUT',
      path: `${JOB}/cancel`,
      query: z.object({ force: queryFlag }),
      body: z.object({ reasonCode, comment }),
      async perform({ path: { jobId }, query: { force = false }, body }) {
        return named(await service.change((table, nowMs) => cancelJob(table, { jobId, force, ...body }, nowMs)));
      },
    }),
    operation({
      name: 'DeleteJob',
      method: 'DELETE',
      path: JOB,
      query: z.object({ force: queryFlag, namespaceId }),
      perform: ({ path: { jobId }, query: { force = false } }) =>
        service.change((table) => deleteJob(table, jobId, force)),
    }),
    operation({
      name: 'GetJobDocument',
      method: 'GET',
      path: `${JOB}/job-document`,
      perform: ({ path: { jobId } }) => service.change((table) => ({ document: jobOf(table, jobId).document })),
    }),
    operation({
      name: 'DescribeJobExecution',
      method: 'GET',
      path: EXECUTION,
      query: z.object({ executionNumber: queryInteger }),
      perform: ({ path: { thingName, jobId }, query: { executionNumber } }) =>
        service.change((table, nowMs) => {
          const execution = existing(() => executionOf(table, thingName, jobId, executionNumber));
          return { execution: executionDetails(execution, thingArn(thingName), nowMs) };
        }),
    }),
    operation({
      name: 'ListJobExecutionsForThing',
      method: 'GET',
      path: '/things/{thingName}/jobs',
      query: z.object({ ...tokenQuery, status: executionStatus, jobId: z.string().optional(), namespaceId }),
      perform({ path: { thingName }, query: { status, jobId, maxResults, nextToken } }) {
        checkName('thingName', thingName);
        if (!directory.hasThing(thingName)) throw notFound(`Thing ${thingName}`);
        return service.change((table) => {
          const all = table.executionsOfThing(thingName).filter((each) => jobId === undefined || each.jobId === jobId);
          const { items, next } = pageOfExecutions(all, (each) => each.jobId, status, maxResults, nextToken);
          const executionSummaries = items.map((each) => ({
            jobId: each.jobId,
            jobExecutionSummary: executionSummary(each),
          }));
          return { executionSummaries, nextToken: next };
        });
      },
    }),
    operation({
      name: 'ListJobExecutionsForJob',
      method: 'GET',
      path: `${JOB}/things`,
      query: z.object({ ...tokenQuery, status: executionStatus }),
      perform: ({ path: { jobId }, query: { status, maxResults, nextToken } }) =>
        service.change((table) => {
          jobOf(table, jobId);
          const all = table.executionsOfJob(jobId);
          const { items, next } = pageOfExecutions(all, (each) => each.thingName, status, maxResults, nextToken);
          const executionSummaries = items.map((each) => ({
            thingArn: thingArn(each.thingName),
            jobExecutionSummary: executionSummary(each),
          }));
          return { executionSummaries, nextToken: next };
        }),
    }),
    operation({
      name: 'CancelJobExecution',
      method: 'PUT',
      path: `${EXECUTION}/cancel`,
      query: z.object({ force: queryFlag }),
      body: z.object({
        expectedVersion: z.number().int().optional(),
        statusDetails: z.record(z.string(), z.string()).optional(),
      }),
      perform: ({ path: { thingName, jobId }, query: { force = false }, body }) =>
        service.change((table, nowMs) => {
          const statusDetails = existing(() => statusDetailsOf(body, table.limits));
          const { expectedVersion } = body;
          cancelExecution(table, { thingName, jobId, force, expectedVersion, statusDetails }, nowMs);
        }),
    }),
    operation({
      name: 'DeleteJobExecution',
      method: 'DELETE',
      path: `${EXECUTION}/executionNumber/{executionNumber}`,
      query: z.object({ force: queryFlag, namespaceId }),
      perform: ({ path: { thingName, jobId, executionNumber }, query: { force = false } }) =>
        service.change((table, nowMs) => {
          deleteExecution(table, { thingName, jobId, executionNumber: Number(executionNumber), force }, nowMs);
        }),
    }),
  ];
}

function checkJobId(jobId: string): string {
  if (JOB_ID.test(jobId)) return jobId;
  throw invalidRequest(`"${jobId.slice(0, 128)}" is not an id of a job.`);
}

function jobSummary(job: Job, account: Account): Record<string, unknown> {
  const { jobId, targetSelection: selection, status, createdAtMs, lastUpdatedAtMs, completedAtMs } = job;
  return {
    jobArn: arnOf(account, 'job', jobId),
    jobId,
    targetSelection: selection,
    status,
    createdAt: seconds(createdAtMs),
    lastUpdatedAt: seconds(lastUpdatedAtMs),
    completedAt: completedAtMs === undefined ? undefined : seconds(completedAtMs),
  };
}

function jobDetails(job: Job, executions: readonly JobExecution[], account: Account): Record<string, unknown> {
  const { targets, description, forceCanceled, reasonCode: reason, comment: said, inProgressTimeoutMinutes } = job;
  const count = (status: ExecutionStatus) => executions.filter((each) => each.status === status).length;
  return {
    ...jobSummary(job, account),
    targets,
    description,
    forceCanceled,
    reasonCode: reason,
    comment: said,
    timeoutConfig:
      inProgressTimeoutMinutes === undefined ? undefined : { inProgressTimeoutInMinutes: inProgressTimeoutMinutes },
    jobProcessDetails: {
      numberOfCanceledThings: count('CANCELED'),
      numberOfSucceededThings: count('SUCCEEDED'),
      numberOfFailedThings: count('FAILED'),
      numberOfRejectedThings: count('REJECTED'),
      numberOfQueuedThings: count('QUEUED'),
      numberOfInProgressThings: count('IN_PROGRESS'),
      numberOfRemovedThings: count('REMOVED'),
      numberOfTimedOutThings: count('TIMED_OUT'),
    },
  };
}

function executionSummary(execution: JobExecution): Record<string, unknown> {
  const { status, queuedAtMs, startedAtMs, lastUpdatedAtMs, executionNumber } = execution;
  return {
    status,
    queuedAt: seconds(queuedAtMs),
    startedAt: startedAtMs === undefined ? undefined : seconds(startedAtMs),
    lastUpdatedAt: seconds(lastUpdatedAtMs),
    executionNumber,
  };
}

function executionDetails(execution: JobExecution, thingArn: string, nowMs: number): Record<string, unknown> {
  const { jobId, forceCanceled, statusDetails, versionNumber } = execution;
  return {
    jobId,
    ...executionSummary(execution),
    forceCanceled,
    statusDetails: { detailsMap: statusDetails ?? {} },
    thingArn,
    versionNumber,
    approximateSecondsBeforeTimedOut: secondsLeft(execution, nowMs),
  };
}

/** The newest first. */
function pageOfExecutions(
  executions: readonly JobExecution[],
  idOf: (execution: JobExecution) => string,
  status: ExecutionStatus | undefined,
  size: number,
  token: string | undefined,
) {
  const keyOf = (execution: JobExecution) => dateKey(Math.floor(execution.queuedAtMs), idOf(execution));
  const wanted = executions.filter((each) => status === undefined || each.status === status);
  const ordered = wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return page(ordered, keyOf, { size, token, descending: true });
}
