import { Worker } from 'node:worker_threads';
import { PitwallError } from '#wire/errors.js';
import { newOutcome, placeRuns } from './outcome.js';
import type { PoolAnswer, PoolRequest } from './pool-messages.js';
import { Simulation } from './simulate.js';
import type { Option, Outcome, RaceStart } from './types.js';

export interface PoolOptions {
  /** Threads, 0 … 2, default 2; 0 draws in this one. The result is the same. */
  workers?: number;
  /** Wall time that a part may take; then the threads are given up. Default 30 s: a part takes well below one. */
  partMs?: number;
  /** What may be given in place of the real thread. */
  startWorker?(): Worker;
}

export interface PoolQuestion {
  start: RaceStart;
  options: readonly Option[];
  runs: number;
  firstRun?: number;
  seed: number;
  /** Once it fires, what is complete by then counts. */
  interrupt?: AbortSignal;
}

export interface PoolCounters {
  asked: number;
  /** Questions turned away because too many waited. */
  refused: number;
  interrupted: number;
  failed: number;
}

const WORKERS_MAX = 2;
/** Questions that may wait for the one that is being drawn. */
export const POOL_WAITING_MAX = 8;
/** Runs of every option that a thread draws at a time: few, so that both end at about the same moment. */
const PART_RUNS = 5;
const PART_MS = 30_000;
const HEAP_MB = 256;
const IS_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(`./pool-entry${IS_SOURCE ? '.ts' : '.js'}`, import.meta.url);
/** A thread has its own loader: what reads TypeScript in this one is not there. */
const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => (register(), import('${ENTRY.href}')))`;

/** Draws a part of a question's runs: where it is done is nobody's business. */
interface Drawer {
  ask(part: { firstRun: number; runs: number }): Promise<Outcome[]>;
}

/**
 * Draws races on up to two threads. What comes out depends on the question alone: runs are numbered, each is drawn from its
 * number, and parts are put together by number. Questions are answered one after the other.
 *
 * @example
 * const pool = new MonteCarloPool();
 * const [usual, pitNow] = await pool.simulate({ start, options, runs: 40, seed: 7, interrupt });
 * await pool.close();
 */
export class MonteCarloPool {
  readonly counters: PoolCounters = { asked: 0, refused: 0, interrupted: 0, failed: 0 };
  readonly #options: PoolOptions;
  #workers: Worker[] = [];
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PoolOptions = {}) {
    this.#options = options;
  }

  /**
   * @returns per option, in their order, all with the same number of complete runs (`runs` says how many; fewer than asked
   *   when it was interrupted)
   * @throws PW-FORECAST-BUSY when `POOL_WAITING_MAX` questions wait; PW-FORECAST-THREAD when a thread failed: the next
   *   question starts new ones
   */
  async simulate(question: PoolQuestion): Promise<Outcome[]> {
    this.counters.asked++;
    if (this.#waiting > POOL_WAITING_MAX) {
      this.counters.refused++;
      throw new PitwallError('PW-FORECAST-BUSY', {
        what: `${this.#waiting} questions wait for races to be drawn.`,
        why: 'Each is answered before the next one, so that more of them would be old before they are answered.',
        fix: 'Interrupt the question that is being drawn, and ask the newest one only.',
        retriable: true,
      });
    }
    this.#waiting++;
    const answer = this.#last.then(() => this.#answer(question));
    this.#last = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      this.counters.failed++;
      throw error;
    } finally {
      this.#waiting--;
    }
  }

  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #answer(question: PoolQuestion): Promise<Outcome[]> {
    const { start, options, runs, firstRun = 0, interrupt } = question;
    const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const onInterrupt = () => Atomics.store(stop, 0, 1);
    if (interrupt?.aborted) onInterrupt();
    interrupt?.addEventListener('abort', onInterrupt, { once: true });
    const whole = options.map((option) => newOutcome(option, start.cars.length, runs));
    const complete: number[] = [];
    let next = 0;
    const drawParts = async (drawer: Drawer) => {
      while (next < runs && Atomics.load(stop, 0) === 0) {
        const from = next;
        const count = Math.min(PART_RUNS, runs - from);
        next += count;
        const parts = await drawer.ask({ firstRun: firstRun + from, runs: count });
        for (const [index, part] of parts.entries()) placeRuns(whole[index], part, from);
        complete[from / PART_RUNS] = parts[0]?.runs ?? 0;
      }
    };
    try {
      await Promise.all(this.#drawers(question, stop).map(drawParts));
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      interrupt?.removeEventListener('abort', onInterrupt);
    }
    const reached = contiguous(complete);
    if (reached < runs) this.counters.interrupted++;
    for (const outcome of whole) outcome.runs = reached;
    return whole;
  }

  #drawers({ start, options, seed }: PoolQuestion, stop: Int32Array): Drawer[] {
    const count = Math.min(WORKERS_MAX, this.#options.workers ?? WORKERS_MAX);
    if (count <= 0) return [inProcess(new Simulation(start, options), seed, stop)];
    while (this.#workers.length < count) this.#workers.push((this.#options.startWorker ?? startWorker)());
    return this.#workers.map((worker) => {
      worker.postMessage({ type: 'question', start, options, seed, stop } satisfies PoolRequest);
      return { ask: (part) => askThread(worker, part, this.#options.partMs ?? PART_MS) };
    });
  }
}

function inProcess(simulation: Simulation, seed: number, stop: Int32Array): Drawer {
  const isInterrupted = () => Atomics.load(stop, 0) !== 0;
  return {
    async ask(part) {
      // Others have their turn between parts, so that somebody can interrupt.
      await new Promise(setImmediate);
      return simulation.simulate({ ...part, seed, isInterrupted });
    },
  };
}

function askThread(worker: Worker, part: { firstRun: number; runs: number }, partMs: number): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer);
      worker.unref();
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      end();
    };
    const fail = (why: string) => settle(() => reject(failure(why)));
    const onMessage = (answer: PoolAnswer) => {
      if (answer.error === undefined) settle(() => resolve(answer.outcomes));
      else fail(answer.error);
    };
    const onError = (error: Error) => fail(error.message);
    const onExit = (code: number) => fail(`The thread ended with ${code}.`);
    const timer = setTimeout(() => fail(`It has said nothing for ${partMs} ms.`), partMs);
    worker.ref();
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage({ type: 'part', ...part } satisfies PoolRequest);
  });
}

/** Runs from the first one on, part by part, until one is missing. */
function contiguous(complete: readonly number[]): number {
  let runs = 0;
  for (const count of complete) {
    runs += count ?? 0;
    if (count !== PART_RUNS) break;
  }
  return runs;
}

function startWorker(): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
  const worker = IS_SOURCE
    ? new Worker(FROM_SOURCE, { eval: true, execArgv: ['--conditions=source'], resourceLimits })
    : new Worker(ENTRY, { resourceLimits });
  worker.unref();
  return worker;
}

function failure(why: string): PitwallError {
  return new PitwallError('PW-FORECAST-THREAD', { what: `Races could not be drawn: ${why}`, retriable: true });
}
