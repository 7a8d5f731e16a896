import type { JobExecution } from './model.js';
import type { JobTable } from './table.js';
import { notifyNextTopic, notifyTopic } from './topics.js';
import { detailsOf, epochSeconds, summaryOf } from './views.js';

export interface JobMessage {
  topic: string;
  payload: Record<string, unknown>;
}

/**
 * Tells what changed in the lists of pending executions: `notify` when one came, went or began, `notify-next` when another
 * one is the first. Neither is told when only its details change.
 */
export class JobNotices {
  readonly #table: JobTable;
  /** What was told last, per thing with anything pending. */
  readonly #told = new Map<string, { list: string; next: string }>();

  /** Takes what is pending now as told: after a restart nothing has changed. */
  constructor(table: JobTable) {
    this.#table = table;
    for (const thing of table.things()) this.#remember(thing, table.pending(thing));
  }

  /** Messages for things whose executions were touched. */
  of(things: Iterable<string>, nowMs: number): JobMessage[] {
    const messages: JobMessage[] = [];
    const timestamp = epochSeconds(nowMs);
    for (const thing of things) {
      const pending = this.#table.pending(thing);
      const before = this.#told.get(thing);
      const now = this.#remember(thing, pending);
      if (before?.list !== now?.list) {
        messages.push({ topic: notifyTopic(thing), payload: { timestamp, jobs: this.#grouped(pending) } });
      }
      if (before?.next !== now?.next) {
        const [next] = pending;
        const execution = next
          ? { execution: detailsOf(next, this.#table.job(next.jobId)?.document, 'mqtt', nowMs) }
          : {};
        messages.push({ topic: notifyNextTopic(thing), payload: { timestamp, ...execution } });
      }
    }
    return messages;
  }

  #remember(thing: string, pending: JobExecution[]): { list: string; next: string } | undefined {
    if (pending.length === 0) {
      this.#told.delete(thing);
      return undefined;
    }
    const names = pending.map(({ jobId, executionNumber, status }) => `${jobId}#${executionNumber}:${status}`);
    const told = { list: names.join(), next: names[0].slice(0, names[0].lastIndexOf(':')) };
    this.#told.set(thing, told);
    return told;
  }

  /** By status, the first ones only. */
  #grouped(pending: JobExecution[]): Record<string, unknown[]> {
    const groups: Record<string, unknown[]> = {};
    for (const execution of pending.slice(0, this.#table.limits.notifiedExecutions)) {
      groups[execution.status] ??= [];
      groups[execution.status].push(summaryOf(execution));
    }
    return groups;
  }
}
