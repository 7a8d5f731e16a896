import { comparePending, deadlineMs, isPending } from './execution.js';
import { DEFAULT_JOB_LIMITS, type JobLimits } from './limits.js';
import type { Job, JobExecution } from './model.js';

/** What a store keeps: a job under `job/<jobId>`, an execution under `execution/<thing>/<jobId>`. */
export type JobRecord = { job: Job } | { execution: JobExecution };

export interface JobChanges {
  /** A record that is undefined is gone. */
  records: [key: string, record: JobRecord | undefined][];
  /** Things whose executions changed. */
  things: string[];
}

const jobKey = (jobId: string): string => `job/${jobId}`;
const executionKey = ({ thingName, jobId }: JobExecution): string => `execution/${thingName}/${jobId}`;

/** All jobs and executions, in memory, and what changed since somebody last asked. */
export class JobTable {
  readonly limits: JobLimits;
  readonly #jobs = new Map<string, Job>();
  readonly #byThing = new Map<string, Map<string, JobExecution>>();
  readonly #byJob = new Map<string, Map<string, JobExecution>>();
  /** Executions that a timer may end, by key. */
  readonly #timed = new Map<string, JobExecution>();
  #executions = 0;
  #changed = new Map<string, JobRecord | undefined>();
  #touched = new Set<string>();

  constructor(limits: Partial<JobLimits> = {}) {
    this.limits = { ...DEFAULT_JOB_LIMITS, ...limits };
  }

  get executionCount(): number {
    return this.#executions;
  }

  get jobCount(): number {
    return this.#jobs.size;
  }

  job(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  jobs(): Iterable<Job> {
    return this.#jobs.values();
  }

  execution(thing: string, jobId: string): JobExecution | undefined {
    return this.#byThing.get(thing)?.get(jobId);
  }

  executionsOfThing(thing: string): JobExecution[] {
    return [...(this.#byThing.get(thing)?.values() ?? [])];
  }

  executionsOfJob(jobId: string): JobExecution[] {
    return [...(this.#byJob.get(jobId)?.values() ?? [])];
  }

  /** Pending executions of a thing, `$next` first. */
  pending(thing: string): JobExecution[] {
    return this.executionsOfThing(thing).filter(isPending).sort(comparePending);
  }

  /** Pending executions of all things, in no order. */
  *allPending(): Iterable<JobExecution> {
    for (const executions of this.#byThing.values()) {
      for (const execution of executions.values()) if (isPending(execution)) yield execution;
    }
  }

  /** Executions whose time is up. */
  overdue(nowMs: number): JobExecution[] {
    return [...this.#timed.values()].filter((execution) => (deadlineMs(execution) as number) <= nowMs);
  }

  putJob(job: Job): void {
    this.#jobs.set(job.jobId, job);
    this.#changed.set(jobKey(job.jobId), { job });
  }

  /** Drops the job and its executions. */
  dropJob(jobId: string): void {
    for (const execution of this.executionsOfJob(jobId)) this.dropExecution(execution);
    this.#jobs.delete(jobId);
    this.#changed.set(jobKey(jobId), undefined);
  }

  putExecution(execution: JobExecution): void {
    this.#index(execution);
    this.#changed.set(executionKey(execution), { execution });
    this.#touched.add(execution.thingName);
  }

  dropExecution(execution: JobExecution): void {
    const { thingName, jobId } = execution;
    if (remove(this.#byThing, thingName, jobId)) this.#executions--;
    remove(this.#byJob, jobId, thingName);
    this.#timed.delete(executionKey(execution));
    this.#changed.set(executionKey(execution), undefined);
    this.#touched.add(thingName);
  }

  /** What changed since the last call. */
  takeChanges(): JobChanges {
    const changes = { records: [...this.#changed], things: [...this.#touched] };
    this.#changed = new Map();
    this.#touched = new Set();
    return changes;
  }

  /** Puts back what a store kept. */
  restore(record: JobRecord): void {
    if ('job' in record) this.#jobs.set(record.job.jobId, record.job);
    else this.#index(record.execution);
  }

  /** Things that have executions. */
  things(): Iterable<string> {
    return this.#byThing.keys();
  }

  #index(execution: JobExecution): void {
    const { thingName, jobId } = execution;
    if (!this.#byThing.get(thingName)?.has(jobId)) this.#executions++;
    insert(this.#byThing, thingName, jobId, execution);
    insert(this.#byJob, jobId, thingName, execution);
    const key = executionKey(execution);
    if (deadlineMs(execution) === undefined) this.#timed.delete(key);
    else this.#timed.set(key, execution);
  }
}

type Index = Map<string, Map<string, JobExecution>>;

function insert(index: Index, outer: string, inner: string, execution: JobExecution): void {
  const group = index.get(outer) ?? new Map<string, JobExecution>();
  index.set(outer, group);
  group.set(inner, execution);
}

function remove(index: Index, outer: string, inner: string): boolean {
  const group = index.get(outer);
  const removed = group?.delete(inner) ?? false;
  if (group?.size === 0) index.delete(outer);
  return removed;
}
