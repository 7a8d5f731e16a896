import { bound, defaultsOf, type LimitValues, quota } from '../../limit.js';

/** AWS IoT Device Management quotas, and the bounds of this implementation. */
export const JOB_LIMITS = {
  documentBytes: quota(32 * 1024, 'A job document.'),
  targetsPerJob: quota(100, 'Targets of a job.'),
  statusDetails: quota(10, 'Entries of statusDetails.'),
  notifiedExecutions: quota(15, 'Pending executions in one notification.'),
  inFlight: quota(10, 'Unanswered job requests of a thing.'),

  jobs: bound(1000, 'Jobs, which are kept until they are deleted.'),
  executions: bound(100_000, 'Job executions, which are kept as long as their jobs.'),
};

export type JobLimits = LimitValues<typeof JOB_LIMITS>;

export const DEFAULT_JOB_LIMITS: JobLimits = defaultsOf(JOB_LIMITS);
