import { type JsonObject, objectOr, parseObject } from '../setup/json.js';
import { Requests } from '../setup/requests.js';
import type { Link, LinkState } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { jobsTopic } from '../wire/topics.js';
import type { JobContext, JobEnd, JobStats } from './job.js';

export interface JobRunnerOptions {
  thing: string;
  link: Link;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Does what a document asks for. Must end by itself after `signal`; what it throws fails the job. */
  work(document: unknown, job: JobContext): Promise<JobEnd>;
  /** The end of a job was told, or nobody wants to know it any more. */
  onTold?(jobId: string): void;
}

/** The service gives a job up when it hears nothing for so long: a car that is gone blocks no list. */
const STEP_TIMEOUT_MINUTES = 15;
/** How often a long step is said again, wall ms; well within its time-out. */
const SAY_AGAIN_MS = 300_000;
/** How often the service is asked for a job that nobody told of, wall ms. */
const ASK_EVERY_MS = 600_000;
const DETAIL_CHARS_MAX = 1024;
/** The job is not the device's any more. */
const GONE = new Set(['InvalidStateTransition', 'TerminalStateReached', 'ResourceNotFound']);

interface Current {
  jobId: string;
  abort: AbortController;
  step: string | null;
  /** Not told yet. */
  report: { status: string; statusDetails: Record<string, string> } | undefined;
  /** What is under way to the service. */
  sending: Current['report'];
  end: JobEnd | undefined;
  saidMs: number;
}

/**
 * Works on the jobs of AWS IoT that are for this thing, one at a time, in the service's order. A job that is under way when
 * the agent starts is given again and its work begins again: work must be repeatable. What is told is the newest state,
 * told again until it was heard; when the service says that the job is over, its work is aborted.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #topic: string;
  readonly #requests: Requests;
  readonly #counts = { succeeded: 0, failed: 0, rejected: 0, cancelled: 0 };
  #current: Current | undefined;
  #mustAsk = true;
  #askAgainMs = Number.POSITIVE_INFINITY;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#topic = jobsTopic(options.thing);
    this.#requests = new Requests({ ...options, topic: this.#topic });
  }

  get stats(): JobStats {
    const { jobId = null, step = null } = this.#current ?? {};
    return { current: jobId, step, ...this.#counts };
  }

  /** Call before the link connects. */
  start(): void {
    const { link } = this.#options;
    const on = (filter: string, take: (message: JsonObject, topic: string) => void) =>
      link.subscribe(`${this.#topic}/${filter}`, (topic, payload) => {
        const message = parseObject(payload);
        if (!message) return;
        take(message, topic);
        this.#pump();
      });
    on('notify-next', (message) => this.#onNext(message));
    on('start-next/accepted', (message) => {
      if (!this.#requests.isAnswered('start-next', message)) return;
      this.#answered();
      this.#onStarted(message);
    });
    on('start-next/rejected', (message) => {
      if (this.#requests.isAnswered('start-next', message)) this.#requests.failed();
    });
    on('+/update/accepted', (message, topic) => this.#onUpdate(topic, message, undefined));
    on('+/update/rejected', (message, topic) => this.#onUpdate(topic, message, String(message.code)));
  }

  onLinkState(state: LinkState): void {
    if (state === 'down') {
      this.#requests.onLinkDown();
      this.#unsent();
      return;
    }
    this.#requests.onLinkUp();
    this.#mustAsk = true;
    this.#pump();
  }

  tick(): void {
    const nowMs = this.#options.wallClock.nowMs();
    if (this.#requests.isGivenUp()) {
      this.#unsent();
      this.#mustAsk = true;
    }
    if (nowMs >= this.#askAgainMs) this.#mustAsk = true;
    const current = this.#current;
    if (current?.step && !current.end && nowMs - current.saidMs >= SAY_AGAIN_MS) this.#say(current, current.step);
    this.#pump();
  }

  /** Ends the work under way without telling anybody: the next start goes on with it. */
  stop(): void {
    this.#current?.abort.abort();
    this.#current = undefined;
  }

  /** Another job is the next one, or none: what is in progress always comes first, so ours is over if it is not that. */
  #onNext(message: JsonObject): void {
    const { jobId } = objectOr(message.execution);
    if (this.#current && jobId !== this.#current.jobId && !this.#current.end) this.#takenAway();
    if (!this.#current && typeof jobId === 'string') this.#mustAsk = true;
  }

  #onStarted({ execution }: JsonObject): void {
    const { jobId, jobDocument } = objectOr(execution);
    const current = this.#current;
    if (current && jobId === current.jobId) return;
    if (current?.end) {
      // Told, and the answer was lost: the service has gone on.
      this.#over(current);
    } else if (current) this.#takenAway();
    if (typeof jobId === 'string') this.#begin(jobId, jobDocument);
  }

  #begin(jobId: string, document: unknown): void {
    const { log, work } = this.#options;
    const abort = new AbortController();
    const current: Current = {
      jobId,
      abort,
      step: null,
      report: undefined,
      sending: undefined,
      end: undefined,
      saidMs: this.#options.wallClock.nowMs(),
    };
    this.#current = current;
    log.info('jobs: begun', { jobId });
    const progress: JobContext['progress'] = (step, details) => {
      if (this.#current !== current || current.end) return;
      this.#say(current, step, details);
      this.#pump();
    };
    const end = (outcome: JobEnd) => {
      if (this.#current !== current) return;
      current.end = outcome;
      this.#counts[outcome.status.toLowerCase() as 'succeeded' | 'failed' | 'rejected']++;
      log[outcome.status === 'SUCCEEDED' ? 'info' : 'warn']('jobs: ended', { jobId, ...outcome.details });
      current.report = { status: outcome.status, statusDetails: short(outcome.details) };
      this.#pump();
    };
    // Within a promise, so that what `work` throws at once is caught as well.
    Promise.resolve()
      .then(() => work(document, { jobId, signal: abort.signal, progress }))
      .then(end, (error: unknown) =>
        end({ status: 'FAILED', details: { reason: error instanceof Error ? error.message : String(error) } }),
      );
  }

  #say(current: Current, step: string, details: Record<string, string> = {}): void {
    current.step = step;
    current.saidMs = this.#options.wallClock.nowMs();
    current.report = { status: 'IN_PROGRESS', statusDetails: short({ step, ...details }) };
  }

  #onUpdate(topic: string, message: JsonObject, code: string | undefined): void {
    const current = this.#current;
    const jobId = topic.split('/').at(-3);
    if (!current || jobId !== current.jobId || !this.#requests.isAnswered(`${jobId}/update`, message)) return;
    const told = current.sending;
    current.sending = undefined;
    if (code === undefined) {
      this.#answered();
      if (told?.status !== 'IN_PROGRESS') this.#over(current);
    } else if (GONE.has(code)) {
      if (current.end) this.#over(current);
      else this.#takenAway();
    } else {
      this.#options.log.warn('jobs: the service refused', { jobId, code, message: message.message });
      this.#requests.failed();
      current.report ??= told;
    }
  }

  #takenAway(): void {
    const current = this.#current!;
    this.#counts.cancelled++;
    this.#options.log.warn('jobs: taken away', { jobId: current.jobId });
    current.abort.abort();
    this.#over(current);
  }

  #over(current: Current): void {
    this.#current = undefined;
    this.#options.onTold?.(current.jobId);
    this.#mustAsk = true;
  }

  #pump(): void {
    const { wallClock } = this.#options;
    const current = this.#current;
    const report = current?.report;
    if ((!report && !this.#mustAsk) || !this.#requests.mayAsk()) return;
    if (current && report) {
      current.report = undefined;
      current.sending = report;
      const step = report.status === 'IN_PROGRESS' ? { stepTimeoutInMinutes: STEP_TIMEOUT_MINUTES } : {};
      this.#requests.ask(`${current.jobId}/update`, { ...report, ...step });
    } else {
      this.#mustAsk = false;
      this.#askAgainMs = wallClock.nowMs() + ASK_EVERY_MS;
      this.#requests.ask('start-next', { stepTimeoutInMinutes: STEP_TIMEOUT_MINUTES });
    }
  }

  #answered(): void {
    this.#requests.succeeded();
  }

  /** What was under way to the service may not have come there. */
  #unsent(): void {
    const current = this.#current;
    if (!current) return;
    current.report ??= current.sending;
    current.sending = undefined;
  }
}

function short(details: Record<string, string>): Record<string, string> {
  const texts = Object.entries(details).map(([key, text]) => [
    key,
    text.replaceAll(/\p{C}/gu, ' ').slice(0, DETAIL_CHARS_MAX) || '-',
  ]);
  return Object.fromEntries(texts.slice(0, 10));
}
