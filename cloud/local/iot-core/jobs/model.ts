/** What is kept of jobs: plain data, JSON in and out. Times are epoch ms on the race clock. */

export const EXECUTION_STATUSES = [
  'QUEUED',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'REJECTED',
  'REMOVED',
  'CANCELED',
] as const;

export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

export const JOB_STATUSES = ['IN_PROGRESS', 'CANCELED', 'COMPLETED'] as const;

/** AWS has two more: SCHEDULED needs a schedule, DELETION_IN_PROGRESS takes no time here. */
export type JobStatus = (typeof JOB_STATUSES)[number];

export type TargetSelection = 'SNAPSHOT' | 'CONTINUOUS';

export type StatusDetails = Record<string, string>;

/** A document that a set of things is to act on. */
export interface Job {
  jobId: string;
  description?: string;
  /** ARNs of things and thing groups, as they were given. */
  targets: string[];
  targetSelection: TargetSelection;
  /** JSON text. */
  document: string;
  /** How long an execution may be IN_PROGRESS. */
  inProgressTimeoutMinutes?: number;
  status: JobStatus;
  forceCanceled?: boolean;
  reasonCode?: string;
  comment?: string;
  createdAtMs: number;
  lastUpdatedAtMs: number;
  completedAtMs?: number;
}

/** One job on one thing. */
export interface JobExecution {
  jobId: string;
  thingName: string;
  executionNumber: number;
  status: ExecutionStatus;
  statusDetails?: StatusDetails;
  forceCanceled?: boolean;
  queuedAtMs: number;
  startedAtMs?: number;
  lastUpdatedAtMs: number;
  /** 1 when queued; grows by one with each change. */
  versionNumber: number;
  /** Times at which it becomes TIMED_OUT: by the job's own time, and by the step timer that the device sets. */
  inProgressDeadlineMs?: number;
  stepDeadlineMs?: number;
}

export const JOB_ID = /^[a-zA-Z0-9_-]{1,64}$/;
