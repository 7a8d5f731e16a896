import { type BackoffBounds, backoffMs } from '../backoff.js';
import type { Clock } from '../wire/clock.js';
import { PitwallError } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { Component, ComponentState, ComponentStatus } from './component.js';
import { type Owner, owners } from './leaks.js';

export interface SupervisionLimits {
  /** Wall ms for a start. Default 10 000. */
  startMs?: number;
  /** Wall ms for a stop. Default 5000. */
  stopMs?: number;
  /** Failures in a row after which it is left alone. Default 5. */
  failuresMax?: number;
  /** Wall ms of running after which failures are forgotten. Default 60 000. */
  steadyMs?: number;
  /** Wait before it is started again. Default 500 to 30 000. */
  backoff?: BackoffBounds;
}

export interface SupervisedOptions {
  component: Component;
  wallClock: Clock;
  random: Random;
  log: Log;
  limits: Required<SupervisionLimits>;
}

/** One component and its state. Whatever it does, nothing is thrown here. */
export class Supervised implements Owner {
  /** Rejections and exceptions that it left behind. */
  leaks = 0;
  readonly #options: SupervisedOptions;
  #state: ComponentState = 'NEW';
  #failures = 0;
  #reason: string | undefined;
  #sinceMs: number;
  #retryMs = 0;
  #abort = new AbortController();

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#sinceMs = options.wallClock.nowMs();
  }

  get component(): Component {
    return this.#options.component;
  }

  get state(): ComponentState {
    return this.#state;
  }

  get status(): ComponentStatus {
    return {
      state: this.#state,
      failures: this.#failures,
      ...(this.#reason !== undefined && { reason: this.#reason }),
    };
  }

  /** Starts it, when it is time to, looks at its health and its time limits. `mayStart`: what it depends on runs. */
  tick(mayStart: boolean): void {
    const { wallClock, limits } = this.#options;
    const nowMs = wallClock.nowMs();
    const forMs = nowMs - this.#sinceMs;
    switch (this.#state) {
      case 'NEW':
        if (mayStart) this.#start();
        break;
      case 'ERRORED':
        if (mayStart && nowMs >= this.#retryMs) this.#start();
        break;
      case 'STARTING':
        if (forMs >= limits.startMs) this.failed(`did not start within ${limits.startMs} ms`);
        break;
      case 'RUNNING':
        if (forMs >= limits.steadyMs) this.#failures = 0;
        this.#look();
        break;
    }
  }

  /** It failed, or something that it left behind did. */
  failed(reason: string): void {
    if (this.#state !== 'STARTING' && this.#state !== 'RUNNING') return;
    const { log, limits, wallClock, random, component } = this.#options;
    this.#reason = reason;
    this.#failures++;
    this.#abort.abort();
    this.#letGo();
    const isBroken = this.#failures >= limits.failuresMax;
    this.#enter(isBroken ? 'BROKEN' : 'ERRORED');
    this.#retryMs = wallClock.nowMs() + backoffMs(this.#failures - 1, limits.backoff, random);
    log.error(`component: ${isBroken ? 'broken' : 'failed'}`, {
      component: component.name,
      reason,
      failures: this.#failures,
    });
  }

  leaked(error: unknown): void {
    this.leaks++;
    this.failed(reasonOf(error));
  }

  /** Stops it in its time, or without it. */
  async stop(): Promise<void> {
    const wasActive = this.#state === 'RUNNING' || this.#state === 'STARTING';
    if (!wasActive) {
      if (this.#state !== 'BROKEN') this.#enter('FINISHED');
      return;
    }
    const { limits, log, component } = this.#options;
    this.#enter('STOPPING');
    this.#abort.abort();
    try {
      await within(
        this.#inside(() => component.stop()),
        limits.stopMs,
        `${component.name} did not stop`,
      );
    } catch (error) {
      this.#reason = reasonOf(error);
      log.error('component: not stopped in order', { component: component.name, reason: this.#reason });
    }
    this.#enter('FINISHED');
  }

  #start(): void {
    this.#enter('STARTING');
    const abort = new AbortController();
    this.#abort = abort;
    const isCurrent = () => this.#abort === abort && this.#state === 'STARTING';
    this.#inside(() => this.#options.component.start(abort.signal)).then(
      () => {
        if (isCurrent()) this.#enter('RUNNING');
      },
      (error: unknown) => {
        if (isCurrent()) this.failed(reasonOf(error));
      },
    );
  }

  #look(): void {
    try {
      const ailment = owners.run(this, () => this.#options.component.ailment?.());
      if (ailment !== undefined) this.failed(ailment);
    } catch (error) {
      this.failed(reasonOf(error));
    }
  }

  /** What it holds is given back before it is started again; how that goes is its own affair. */
  #letGo(): void {
    this.#inside(() => this.#options.component.stop()).catch(() => {});
  }

  /** Runs its code so that what it throws is a rejection, and what it leaves behind is known to be its own. */
  #inside(work: () => void | Promise<void>): Promise<void> {
    return owners.run(this, async () => work());
  }

  #enter(state: ComponentState): void {
    this.#state = state;
    this.#sinceMs = this.#options.wallClock.nowMs();
  }
}

function within(promise: Promise<void>, limitMs: number, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new PitwallError('PW-COMPONENT-STEP', { what: `${what} within ${limitMs} ms.` }));
    }, limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
