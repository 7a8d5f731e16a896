/**
 * Executions as they are answered and notified. Times are whole epoch seconds on every plane of the device; over MQTT
 * the document is JSON, over HTTP it is text.
 */
import { deadlineMs } from './execution.js';
import type { Job, JobExecution } from './model.js';

export type Medium = 'mqtt' | 'http';

export const epochSeconds = (ms: number): number => Math.floor(ms / 1000);

/** JobExecutionSummary. */
export function summaryOf(execution: JobExecution): Record<string, unknown> {
  const { jobId, queuedAtMs, startedAtMs, lastUpdatedAtMs, executionNumber, versionNumber } = execution;
  return {
    jobId,
    queuedAt: epochSeconds(queuedAtMs),
    ...(startedAtMs === undefined ? {} : { startedAt: epochSeconds(startedAtMs) }),
    lastUpdatedAt: epochSeconds(lastUpdatedAtMs),
    executionNumber,
    versionNumber,
  };
}

/** JobExecution. `document` undefined leaves it out. */
export function detailsOf(
  execution: JobExecution,
  document: string | undefined,
  medium: Medium,
  nowMs: number,
): Record<string, unknown> {
  const { thingName, status, statusDetails } = execution;
  const left = secondsLeft(execution, nowMs);
  return {
    ...summaryOf(execution),
    ...(medium === 'http' ? { thingName } : {}),
    status,
    ...(statusDetails ? { statusDetails } : {}),
    ...(left === undefined ? {} : { approximateSecondsBeforeTimedOut: left }),
    ...(document === undefined ? {} : { jobDocument: documentFor(document, medium) }),
  };
}

/** JobExecutionState. */
export function stateOf({ status, statusDetails, versionNumber }: JobExecution): Record<string, unknown> {
  return { status, statusDetails: statusDetails ?? {}, versionNumber };
}

export function documentFor(document: Job['document'], medium: Medium): unknown {
  return medium === 'mqtt' ? JSON.parse(document) : document;
}

export function secondsLeft(execution: JobExecution, nowMs: number): number | undefined {
  const atMs = deadlineMs(execution);
  return atMs === undefined ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
