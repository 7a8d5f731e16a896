import { Worker } from 'node:worker_threads';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { CloudConfig } from '../../config.js';
import type { Renewal } from './held-lease.js';
import type { LeaseRow } from './lease.js';
import type { FromThread, RenewalThreadData, ToThread } from './renewal-messages.js';
import { monotonicMs } from './renewal-messages.js';
import type { Renewer } from './renewer.js';

export interface RenewalThreadOptions {
  /** The thread makes a client of its own from it. */
  config: CloudConfig;
  tableName: string;
  /** Default 1,000. */
  renewMs?: number;
  /** A process whose event loop stands still for longer has its leases run out. Default 10,000. */
  stallMs?: number;
  clock: Clock;
  log: Log;
}

/** Longer than any collection of garbage or piece of work that a processor may do at once; then it hangs. */
const STALL_MS = 10_000;
/** Of a first start: it loads the SDK. */
const READY_MS = 30_000;
/** Before a thread that died is started again, as a part of `renewMs`: soon, but not as fast as it can die. */
const RESTART = 0.1;
/** The event loop shows that it turns so many times within `stallMs`. */
const BEATS = 20;

/** This file's neighbour, `.ts` in the sources and `.js` when compiled. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(`./renewal-entry${IS_SOURCE ? '.ts' : '.js'}`, import.meta.url);
/** A thread has its own loader: what reads TypeScript in this one is not there. */
const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => (register(), import('${ENTRY.href}')))`;

/**
 * Starts a thread that renews leases, so that a busy event loop loses none; resolves when it is ready, which is before the
 * first lease is taken. A thread that dies is started again. Raises PW-LEASE-RENEWER when it does not start.
 *
 * @example
 * const renewer = await startRenewalThread({ config, tableName: 'pitwall-leases-reduce', clock: wallClock, log });
 * const worker = startWorker({ ..., renewer });
 */
export async function startRenewalThread(
  options: RenewalThreadOptions,
): Promise<(onRenewal: (renewal: Renewal) => void) => Renewer> {
  const thread = new RenewalThread(options);
  try {
    await thread.ready();
  } catch (error) {
    await thread.stop();
    throw error;
  }
  return (onRenewal) => {
    thread.onRenewal = onRenewal;
    return thread;
  };
}

class RenewalThread implements Renewer {
  onRenewal: (renewal: Renewal) => void = () => {};
  readonly #options: Required<RenewalThreadOptions>;
  readonly #leases = new Map<string, { row: LeaseRow; kBps: number }>();
  readonly #beats = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  readonly #beating: NodeJS.Timeout;
  #worker: Worker;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RenewalThreadOptions) {
    this.#options = { renewMs: 1_000, stallMs: STALL_MS, ...options };
    this.#beat();
    this.#beating = setInterval(() => this.#beat(), this.#options.stallMs / BEATS);
    this.#beating.unref();
    this.#worker = this.#start();
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const failed = (why: string) => {
        clearTimeout(timer);
        reject(new PitwallError('PW-LEASE-RENEWER', { what: 'The thread that renews leases did not start.', why }));
      };
      const timer = setTimeout(() => failed(`It was not ready within ${READY_MS} ms.`), READY_MS);
      this.#worker.once('error', (error) => failed(error.message));
      this.#worker.once('exit', () => failed('It ended.'));
      this.#worker.on('message', ({ type }: FromThread) => {
        if (type !== 'ready') return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  hold(row: LeaseRow): void {
    this.#leases.set(row.leaseKey, { row, kBps: row.throughputKBps });
    this.#post({ type: 'hold', row });
  }

  drop(leaseKey: string): void {
    this.#leases.delete(leaseKey);
    this.#post({ type: 'drop', leaseKey });
  }

  throughput(leaseKey: string, kBps: number): void {
    const lease = this.#leases.get(leaseKey);
    if (lease) lease.kBps = kBps;
    this.#post({ type: 'throughput', leaseKey, kBps });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#beating);
    clearTimeout(this.#restart);
    await this.#worker.terminate();
  }

  #start(): Worker {
    const { config, tableName, renewMs, stallMs, log } = this.#options;
    const workerData: RenewalThreadData = { config, tableName, renewMs, stallMs, beats: this.#beats };
    const worker = IS_SOURCE
      ? new Worker(FROM_SOURCE, { workerData, eval: true, execArgv: ['--conditions=source'] })
      : new Worker(ENTRY, { workerData });
    worker.unref();
    worker.on('message', (message: FromThread) => this.#receive(message));
    worker.on('error', (error) => log.error('The thread that renews leases failed.', { code: errorCode(error) }));
    worker.on('exit', () => {
      if (this.#stopped) return;
      this.#restart = setTimeout(() => {
        this.#worker = this.#start();
        for (const { row, kBps } of this.#leases.values()) {
          this.#post({ type: 'hold', row: { ...row, throughputKBps: kBps } });
        }
      }, renewMs * RESTART);
      this.#restart.unref();
    });
    return worker;
  }

  #receive(message: FromThread): void {
    if (message.type !== 'renewal') return;
    // Another thread's clock began at another moment; the counter of the machine is one.
    const sentMs = this.#options.clock.nowMs() - (monotonicMs() - message.renewal.sentMs);
    this.onRenewal({ ...message.renewal, sentMs });
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #beat(): void {
    Atomics.store(this.#beats, 0, process.hrtime.bigint());
  }
}
