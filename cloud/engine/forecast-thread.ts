import { Worker } from 'node:worker_threads';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { PitwallError } from '#wire/errors.js';
import type { Forecaster, ForecastQuestion, ForecastRuns } from './forecaster.js';

/** What the thread is asked. */
export interface ThreadQuestion {
  /** The race's state as JSON: quicker to hand over than its many small objects. */
  state: string;
  trigger: string;
  runs: ForecastRuns;
  /** Becomes 1 when the runs reached are to do. */
  interrupt: Int32Array;
}

export type ThreadAnswer = { forecast: Forecast | null; error?: undefined } | { error: string };

/** What may be given in place of the real thread. */
export interface ForecastThreadOptions {
  /** Default: the thread that simulates. */
  start?(): Worker;
  /** Wall time that an answer may take; then the thread is given up. Default a minute: an answer takes well below a second. */
  answerMs?: number;
}

const ANSWER_MS = 60_000;
const HEAP_MB = 512;
const IS_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(`./forecast-entry${IS_SOURCE ? '.ts' : '.js'}`, import.meta.url);
/** A thread has its own loader: what reads TypeScript in this one is not there. */
const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => (register(), import('${ENTRY.href}')))`;

/**
 * Forecasts in a thread of its own, so that the fold never waits for one. It is started with the first question, and anew
 * with the next one after it has failed: fallen over, run out of memory, or said nothing for a minute. Failures are
 * PW-FORECAST-THREAD.
 *
 * @example
 * const forecaster = forecastThread();
 * const forecast = await forecaster.forecast({ state, trigger: 'lap 24/37', runs: FORECAST_RUNS }, signal);
 */
export function forecastThread(options: ForecastThreadOptions = {}): Forecaster {
  return new ForecastThread(options);
}

class ForecastThread implements Forecaster {
  readonly #options: ForecastThreadOptions;
  #worker: Worker | undefined;

  constructor(options: ForecastThreadOptions) {
    this.#options = options;
  }

  async forecast({ state, trigger, runs }: ForecastQuestion, interrupt: AbortSignal): Promise<Forecast | undefined> {
    const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const question: ThreadQuestion = { state: JSON.stringify(state), trigger, runs, interrupt: flag };
    const onInterrupt = () => Atomics.store(flag, 0, 1);
    if (interrupt.aborted) onInterrupt();
    interrupt.addEventListener('abort', onInterrupt, { once: true });
    this.#worker ??= (this.#options.start ?? startThread)();
    try {
      return await this.#ask(this.#worker, question);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      interrupt.removeEventListener('abort', onInterrupt);
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(worker: Worker, question: ThreadQuestion): Promise<Forecast | undefined> {
    const { answerMs = ANSWER_MS } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => settle(() => reject(failure(why)));
      const onMessage = (answer: ThreadAnswer) => {
        if (answer.error === undefined) settle(() => resolve(answer.forecast ?? undefined));
        else fail(answer.error);
      };
      const onError = (error: Error) => fail(error.message);
      const onExit = (code: number) => fail(`The thread ended with ${code}.`);
      const timer = setTimeout(() => fail(`It has said nothing for ${answerMs} ms.`), answerMs);
      timer.unref();
      const settle = (end: () => void) => {
        clearTimeout(timer);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        end();
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(question);
    });
  }
}

function startThread(): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
  const worker = IS_SOURCE
    ? new Worker(FROM_SOURCE, { eval: true, execArgv: ['--conditions=source'], resourceLimits })
    : new Worker(ENTRY, { resourceLimits });
  worker.unref();
  return worker;
}

function failure(why: string): PitwallError {
  return new PitwallError('PW-FORECAST-THREAD', { what: `No forecast: ${why}`, retriable: true });
}
