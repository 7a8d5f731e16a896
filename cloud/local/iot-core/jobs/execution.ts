/**
 * One execution as a state machine: (execution, event, time) → execution. Pure; nothing is changed in place.
 *
 *     QUEUED ──► IN_PROGRESS ──► SUCCEEDED | FAILED | REJECTED     the device
 *        │            ├────────► TIMED_OUT                         a timer
 *        └────────────┴────────► CANCELED | REMOVED                an operator, or the thing left its group
 *
 * A device may go from QUEUED to each of its three ends without having been IN_PROGRESS.
 */
import type { ExecutionStatus, Job, JobExecution, StatusDetails } from './model.js';
import { JobRejection } from './rejection.js';

/** What a device may report. */
export const REPORTED_STATUSES = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'] as const;

export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

/** As `stepTimeoutInMinutes`: ends the step timer. */
export const NO_STEP_TIMEOUT = -1;

const MINUTE_MS = 60_000;

export function queueExecution(job: Job, thingName: string, nowMs: number): JobExecution {
  return {
    jobId: job.jobId,
    thingName,
    executionNumber: 1,
    status: 'QUEUED',
    queuedAtMs: nowMs,
    lastUpdatedAtMs: nowMs,
    versionNumber: 1,
  };
}

export interface ExecutionUpdate {
  status: ReportedStatus;
  /** Absent: stay as they are. */
  statusDetails?: StatusDetails;
  expectedVersion?: number;
  /** Absent: the timer goes on. */
  stepTimeoutMinutes?: number;
}

/** What the device reports. Raises JobRejection: VersionMismatch, InvalidStateTransition. */
export function reportExecution(
  execution: JobExecution,
  job: Job,
  update: ExecutionUpdate,
  nowMs: number,
): JobExecution {
  checkVersion(execution, update.expectedVersion);
  if (!isPending(execution)) {
    throw new JobRejection(
      'InvalidStateTransition',
      `The execution is ${execution.status} and cannot become ${update.status}.`,
      execution,
    );
  }
  const next = changed(execution, update.status, nowMs, update.statusDetails);
  if (update.status !== 'IN_PROGRESS') return withoutTimers(next);
  next.startedAtMs ??= nowMs;
  if (execution.status === 'QUEUED' && job.inProgressTimeoutMinutes !== undefined) {
    next.inProgressDeadlineMs = nowMs + job.inProgressTimeoutMinutes * MINUTE_MS;
  }
  return withStepTimer(next, update.stepTimeoutMinutes, nowMs);
}

/** Ends an execution from outside: its job is cancelled, or its thing is gone. */
export function endExecution(
  execution: JobExecution,
  status: 'CANCELED' | 'REMOVED' | 'TIMED_OUT',
  nowMs: number,
  details?: { statusDetails?: StatusDetails; forceCanceled?: boolean },
): JobExecution {
  const next = withoutTimers(changed(execution, status, nowMs, details?.statusDetails));
  if (details?.forceCanceled) next.forceCanceled = true;
  return next;
}

/** Raises JobRejection: VersionMismatch. */
export function checkVersion(execution: JobExecution, expectedVersion: number | undefined): void {
  if (expectedVersion === undefined || expectedVersion === execution.versionNumber) return;
  throw new JobRejection(
    'VersionMismatch',
    `Expected version ${expectedVersion}; the execution has version ${execution.versionNumber}.`,
    execution,
  );
}

/** QUEUED and IN_PROGRESS are pending, the other states final. */
export function isPending({ status }: { status: ExecutionStatus }): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}

/** When the first of its timers ends it; undefined without one. */
export function deadlineMs({ stepDeadlineMs, inProgressDeadlineMs }: JobExecution): number | undefined {
  if (stepDeadlineMs === undefined) return inProgressDeadlineMs;
  return inProgressDeadlineMs === undefined ? stepDeadlineMs : Math.min(stepDeadlineMs, inProgressDeadlineMs);
}

/** What is in progress before what is queued, each in the order of queueing: the first is `$next`. */
export function comparePending(a: JobExecution, b: JobExecution): number {
  if (a.status !== b.status) return a.status === 'IN_PROGRESS' ? -1 : 1;
  return a.queuedAtMs - b.queuedAtMs || (a.jobId < b.jobId ? -1 : 1);
}

function changed(
  execution: JobExecution,
  status: ExecutionStatus,
  nowMs: number,
  statusDetails: StatusDetails = execution.statusDetails ?? {},
): JobExecution {
  const next = { ...execution, status, lastUpdatedAtMs: nowMs, versionNumber: execution.versionNumber + 1 };
  if (Object.keys(statusDetails).length > 0) next.statusDetails = statusDetails;
  else delete next.statusDetails;
  return next;
}

function withStepTimer(execution: JobExecution, minutes: number | undefined, nowMs: number): JobExecution {
  if (minutes === NO_STEP_TIMEOUT) delete execution.stepDeadlineMs;
  else if (minutes !== undefined) execution.stepDeadlineMs = nowMs + minutes * MINUTE_MS;
  return execution;
}

function withoutTimers(execution: JobExecution): JobExecution {
  delete execution.stepDeadlineMs;
  delete execution.inProgressDeadlineMs;
  return execution;
}
