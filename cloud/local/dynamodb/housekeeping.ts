import type { Log } from '#wire/log.js';

/** Wall time, as it bounds work and not meaning. */
const SWEEP_INTERVAL_MS = 1_000;

/** What is done without being asked: expiries, trimming, forgetting. One sweep after the other, never two at a time. */
export class Housekeeping {
  readonly #sweeps: readonly (() => Promise<void>)[];
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(sweeps: readonly (() => Promise<void>)[], log: Log) {
    this.#sweeps = sweeps;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.#sweepAll();
    }, SWEEP_INTERVAL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    for (const sweep of this.#sweeps) {
      try {
        await sweep();
      } catch (error) {
        this.#log.error('local dynamodb: a sweep failed', { cause: String(error) });
      }
    }
    this.#sweeping = undefined;
  }
}
