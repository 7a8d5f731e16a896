/** What happens to executions and jobs without a device or an operator asking: time, groups, completion. */
import { endExecution, isPending, queueExecution } from './execution.js';
import type { Job } from './model.js';
import type { JobTable } from './table.js';
import { type JobsDirectory, thingsOf } from './targets.js';

/** A snapshot job is completed when none of its executions is pending; a continuous one never. */
export function completeIfDone(table: JobTable, jobId: string, nowMs: number): void {
  const job = table.job(jobId);
  if (job?.status !== 'IN_PROGRESS' || job.targetSelection !== 'SNAPSHOT') return;
  if (table.executionsOfJob(jobId).some(isPending)) return;
  table.putJob({ ...job, status: 'COMPLETED', completedAtMs: nowMs, lastUpdatedAtMs: nowMs });
}

/** Ends the executions whose time is up; returns how many. */
export function expire(table: JobTable, nowMs: number): number {
  const overdue = table.overdue(nowMs);
  for (const execution of overdue) {
    table.putExecution(endExecution(execution, 'TIMED_OUT', nowMs));
    completeIfDone(table, execution.jobId, nowMs);
  }
  return overdue.length;
}

/**
 * Follows the registry: executions of things that are gone, or left the group of a continuous job, are REMOVED; things that
 * joined one get theirs, also when they had left before.
 */
export function followDirectory(table: JobTable, directory: JobsDirectory, nowMs: number): void {
  const wanted = new Map<string, Set<string>>();
  for (const job of table.jobs()) {
    if (job.targetSelection === 'CONTINUOUS' && job.status === 'IN_PROGRESS') {
      wanted.set(job.jobId, new Set(thingsOf(job.targets, directory)));
    }
  }
  for (const execution of [...table.allPending()]) {
    const { jobId, thingName } = execution;
    if (directory.hasThing(thingName) && (wanted.get(jobId)?.has(thingName) ?? true)) continue;
    table.putExecution(endExecution(execution, 'REMOVED', nowMs));
    completeIfDone(table, jobId, nowMs);
  }
  for (const [jobId, things] of wanted) queueFor(table, table.job(jobId) as Job, things, nowMs);
}

/** Queues the job for things that have no execution of it, or one that was removed, as far as there is room. */
export function queueFor(table: JobTable, job: Job, things: Iterable<string>, nowMs: number): void {
  for (const thing of things) {
    const earlier = table.execution(thing, job.jobId);
    if (earlier && earlier.status !== 'REMOVED') continue;
    if (!earlier && table.executionCount >= table.limits.executions) return;
    table.putExecution({
      ...queueExecution(job, thing, nowMs),
      executionNumber: (earlier?.executionNumber ?? 0) + 1,
    });
  }
}
