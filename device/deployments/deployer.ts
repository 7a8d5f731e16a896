import { PitwallError } from '../wire/errors.js';
import type { Random } from '../wire/random.js';
import { type Fetch, fetchDocument } from './fetch-document.js';
import type { JobContext, JobEnd } from './job.js';
import type { DeployDocument } from './job-document.js';
import type { DeployedItem, NewItem, Slots } from './slots.js';

/** The agent that a configuration is for. */
export interface DeployHost {
  /**
   * Puts a configuration to work. Throwing refuses it. `restarting`: it takes a new start of the agent, which the host
   * brings about; this deployment goes on there.
   */
  apply(items: readonly DeployedItem[]): Promise<'applied' | 'restarting'>;
  /** Why the agent is not well; undefined when it is. */
  ailment(): string | undefined;
  /** Why the configuration must not change now, e.g. `green`; undefined when it may. */
  reasonToWait(): string | undefined;
}

export interface DeployerOptions {
  slots: Slots;
  host: DeployHost;
  random: Random;
  fetch?: Fetch;
  limits?: DeployLimits;
}

/** Time limits of the steps, wall ms. */
export interface DeployLimits {
  /** All documents together. Default 10 min. */
  fetchMs?: number;
  /** Until a changed agent is well. Default 60 s. */
  healthMs?: number;
  /** How long it must then stay well. Default 5 s. */
  steadyMs?: number;
  /** Putting a configuration to work, or back. Default 30 s. */
  applyMs?: number;
  /** How often the agent and the track are looked at. Default 200 ms. */
  pollMs?: number;
}

const DEFAULT_LIMITS: Required<DeployLimits> = {
  fetchMs: 600_000,
  healthMs: 60_000,
  steadyMs: 5_000,
  applyMs: 30_000,
  pollMs: 200,
};
const DEFAULT_DEFER_MINUTES_MAX = 360;
const MINUTE_MS = 60_000;

/**
 * Deploys: fetch → wait while the track is green → stage in the spare slot → switch → the agent must be well → keep. Whatever
 * fails after the switch, a cancelled job too, goes back to the configuration before; the same when the agent dies, by
 * the count of its starts (`slots.ts`). A job that is given again goes on where it was.
 */
export class Deployer {
  readonly #options: DeployerOptions;
  readonly #limits: Required<DeployLimits>;
  /** The proof of the configuration on trial, when the agent started with one. */
  #proving: Promise<JobEnd> | undefined;
  readonly #stop = new AbortController();

  constructor(options: DeployerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Begins to prove a configuration on trial: the agent has just started with it, with or without a connection. */
  resume(): void {
    if (!this.#options.slots.trial) return;
    this.#proving = this.#prove(this.#stop.signal);
    // Its end stands in the slots, for the job when it is given again.
    this.#proving.catch(() => {});
  }

  /** The agent stops: what is on trial stays so. */
  stop(): void {
    this.#stop.abort();
  }

  async deploy(document: DeployDocument, job: JobContext): Promise<JobEnd> {
    const { slots } = this.#options;
    if (slots.trial?.jobId === job.jobId) job.progress('verifying', { start: `${slots.trial.starts}` });
    await this.#proving;
    const { ended } = slots;
    if (ended?.jobId === job.jobId) return endOf(ended, slots.items.length);
    job.progress('fetching', { items: `${document.items.length}` });
    const items = await this.#fetchAll(document, job.signal);
    const refusal = await this.#waitForTrack(document, job);
    if (refusal !== undefined) return { status: 'REJECTED', details: { reason: refusal } };
    job.progress('applying');
    slots.stage(items);
    if (job.signal.aborted) throw cancelled();
    slots.switchOver(job.jobId);
    return this.#apply(job);
  }

  async #apply(job: JobContext): Promise<JobEnd> {
    const { slots, host } = this.#options;
    try {
      const how = await within(host.apply(slots.items), this.#limits.applyMs, 'put to work');
      // The next start goes on with it; this one has nothing more to say.
      if (how === 'restarting') return await new Promise<never>(() => {});
    } catch (error) {
      return this.#goBack(reasonOf(error));
    }
    job.progress('verifying');
    return this.#prove(job.signal);
  }

  /** The agent must be well within its time, and stay well for a while. */
  async #prove(signal: AbortSignal): Promise<JobEnd> {
    const { slots, host } = this.#options;
    const { healthMs, steadyMs, pollMs } = this.#limits;
    let leftMs = healthMs;
    let wellMs = 0;
    let ailment = host.ailment();
    while (wellMs < steadyMs) {
      if (this.#stop.signal.aborted) return new Promise<never>(() => {});
      if (signal.aborted) return this.#goBack('The job was cancelled.');
      if (leftMs <= 0) return this.#goBack(`Not well within ${healthMs} ms: ${ailment ?? 'not for long enough'}.`);
      await pause(pollMs);
      leftMs -= pollMs;
      ailment = host.ailment();
      wellMs = ailment === undefined ? wellMs + pollMs : 0;
    }
    slots.keep();
    return endOf({ status: 'SUCCEEDED' }, slots.items.length);
  }

  async #goBack(reason: string): Promise<JobEnd> {
    const { slots, host } = this.#options;
    slots.rollBack(reason);
    try {
      await within(host.apply(slots.items), this.#limits.applyMs, 'put back to work');
    } catch (error) {
      return { status: 'FAILED', details: { reason, rolledBack: `at the next start: ${reasonOf(error)}` } };
    }
    return { status: 'FAILED', details: { reason, rolledBack: 'yes' } };
  }

  async #fetchAll({ items }: DeployDocument, signal: AbortSignal): Promise<NewItem[]> {
    const { random, fetch } = this.#options;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.fetchMs)]);
    const fetched: NewItem[] = [];
    for (const { kind, name, ...ref } of items) {
      const bytes = await fetchDocument(ref, { random, fetch, signal: bounded });
      fetched.push({ kind, name, sha256: ref.sha256, bytes });
    }
    return fetched;
  }

  /** Resolves when the configuration may change, with a reason when that took too long. */
  async #waitForTrack(document: DeployDocument, job: JobContext): Promise<string | undefined> {
    const { host } = this.#options;
    const { pollMs } = this.#limits;
    const mostMinutes = document.deferMinutesMax ?? DEFAULT_DEFER_MINUTES_MAX;
    let leftMs = mostMinutes * MINUTE_MS;
    let said: string | undefined;
    for (let reason = host.reasonToWait(); reason !== undefined; reason = host.reasonToWait()) {
      if (leftMs <= 0) return `Put off for ${mostMinutes} min: ${reason}. Nothing was changed.`;
      if (reason !== said) job.progress('deferred', { because: reason });
      said = reason;
      await pause(pollMs);
      leftMs -= pollMs;
      if (job.signal.aborted) throw cancelled();
    }
    return undefined;
  }
}

function endOf({ status, reason }: { status: JobEnd['status']; reason?: string }, items: number): JobEnd {
  return { status, details: reason === undefined ? { items: `${items}` } : { reason, rolledBack: 'yes' } };
}

function cancelled(): PitwallError {
  return new PitwallError('PW-DEPLOY-STEP', { what: 'The job was cancelled. Nothing was changed.' });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function within<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new PitwallError('PW-DEPLOY-STEP', { what: `The configuration was not ${what} within ${limitMs} ms.` }));
    }, limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
