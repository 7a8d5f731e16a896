import { PitwallError } from '#wire/errors.js';
import type { EngineLimits } from './options.js';

/** What is done when there is room: a message to run, or one to replay. */
interface Waiting {
  run: () => void;
  resolve: () => void;
}

/**
 * The bound of the rules' queue, in actions and bytes. What is taken holds its room until its actions are settled, also while
 * it waits for a look-up; what finds none waits, in order, and beyond a bound is refused.
 */
export class Room {
  readonly #limits: Pick<EngineLimits, 'queueRecords' | 'queueBytes' | 'waitingMessages'>;
  #pending = 0;
  #pendingBytes = 0;
  #waiting: Waiting[] = [];
  #idle: (() => void)[] = [];
  #closed = false;
  #admitting = false;
  #refused = 0;

  constructor(limits: Pick<EngineLimits, 'queueRecords' | 'queueBytes' | 'waitingMessages'>) {
    this.#limits = limits;
  }

  /** Actions not yet settled. */
  get pending(): number {
    return this.#pending;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get refused(): number {
    return this.#refused;
  }

  /** 0 empty, 1 from where on messages wait. */
  share(): number {
    const { queueRecords, queueBytes } = this.#limits;
    return Math.min(1, Math.max(this.#pending / queueRecords, this.#pendingBytes / queueBytes));
  }

  /**
   * Runs now, or when there is room: a promise then. Rejects with `PW-RULE-OVERLOAD` when too many wait, or one has to and
   * must not (`orRefuse`); with `PW-RULE-CLOSED` after `close`.
   */
  enter(run: () => void, orRefuse: boolean): void | Promise<void> {
    if (this.#closed) {
      return Promise.reject(new PitwallError('PW-RULE-CLOSED', { what: 'The rules engine is closed.' }));
    }
    if (this.#waiting.length === 0 && this.#hasRoom()) return this.#admit(run);
    if (orRefuse || this.#waiting.length >= this.#limits.waitingMessages) {
      this.#refused++;
      const what = `No room in the rules' queue, and ${this.#waiting.length} messages wait for it.`;
      return Promise.reject(new PitwallError('PW-RULE-OVERLOAD', { what, retriable: true }));
    }
    return new Promise((resolve) => this.#waiting.push({ run, resolve }));
  }

  hold(actions: number, bytes: number): void {
    this.#pending += actions;
    this.#pendingBytes += bytes;
  }

  release(actions: number, bytes: number): void {
    this.#pending -= actions;
    this.#pendingBytes -= bytes;
    this.#admit();
  }

  /** Resolves when nothing is held and nothing waits. */
  async empty(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Takes nothing more; what waits already is still run. */
  close(): void {
    this.#closed = true;
  }

  #hasRoom(): boolean {
    return this.#pending < this.#limits.queueRecords && this.#pendingBytes < this.#limits.queueBytes;
  }

  #isIdle(): boolean {
    return this.#pending === 0 && this.#waiting.length === 0;
  }

  /**
   * Runs a message, then those that wait as long as there is room. One after the other: what is released on the way must not
   * let a later message overtake the rest of an earlier one.
   */
  #admit(first?: () => void): void {
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      first?.();
      while (this.#waiting.length > 0 && this.#hasRoom()) {
        const { run, resolve } = this.#waiting.shift()!;
        run();
        resolve();
      }
    } finally {
      this.#admitting = false;
    }
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
