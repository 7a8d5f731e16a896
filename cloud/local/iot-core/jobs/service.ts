import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { JsonObject } from '../../json-service.js';
import { RecordStore } from '../record-store.js';
import { answerDevice } from './device.js';
import type { JobLimits } from './limits.js';
import { type JobMessage, JobNotices } from './notices.js';
import { expire, followDirectory } from './progress.js';
import { JobRejection } from './rejection.js';
import { clientTokenOf, parseBody } from './request.js';
import { type JobRecord, JobTable } from './table.js';
import type { JobsDirectory } from './targets.js';
import type { JobsRequest } from './topics.js';
import { epochSeconds, type Medium, stateOf } from './views.js';

export interface JobServiceOptions {
  /** Folder of the records. */
  path: string;
  directory: JobsDirectory;
  /** Publishes `notify` and `notify-next`. */
  announce(topic: string, payload: Buffer): Promise<void>;
  /** Timestamps and time-outs are race time: where AWS counts real time (decision 9). */
  raceClock: Clock;
  log: Log;
  limits?: Partial<JobLimits>;
}

/** How often time-outs are looked for, wall ms; requests of a device look themselves, so this delays notifications only. */
const SWEEP_MS = 500;

/** AWS IoT Jobs: the table of jobs, made durable, its timers, and what is told about it. */
export class JobService {
  readonly #options: JobServiceOptions;
  readonly #table: JobTable;
  readonly #store: RecordStore<JobRecord>;
  readonly #notices: JobNotices;
  readonly #stopListening: () => void;
  readonly #sweep: NodeJS.Timeout;
  /** Requests not yet answered, per thing. */
  readonly #inFlight = new Map<string, number>();

  private constructor(options: JobServiceOptions, table: JobTable, store: RecordStore<JobRecord>) {
    this.#options = options;
    this.#table = table;
    this.#store = store;
    this.#notices = new JobNotices(table);
    this.#stopListening = options.directory.onChange(() =>
      this.#inBackground((nowMs) => followDirectory(table, options.directory, nowMs)),
    );
    this.#sweep = setInterval(() => this.#inBackground(() => {}), SWEEP_MS).unref();
  }

  static async open(options: JobServiceOptions): Promise<JobService> {
    const store = await RecordStore.open<JobRecord>(options.path);
    const table = new JobTable(options.limits);
    for await (const [, record] of store.entries()) table.restore(record);
    return new JobService(options, table, store);
  }

  /** Answers a publish of a device: what goes to it, and to nobody else. */
  async answer(topic: string, request: JobsRequest, payload: Uint8Array): Promise<JobMessage> {
    const timestamp = epochSeconds(this.#options.raceClock.nowMs());
    let clientToken: string | undefined;
    try {
      const body = parseBody(payload);
      clientToken = clientTokenOf(body);
      const answer = await this.handle(request, body, 'mqtt');
      return { topic: `${topic}/accepted`, payload: { ...answer, timestamp, clientToken } };
    } catch (error) {
      const { code, message, execution } = this.#asRejection(error, request);
      const executionState = execution && stateOf(execution);
      return { topic: `${topic}/rejected`, payload: { code, message, timestamp, clientToken, executionState } };
    }
  }

  /** The same without MQTT's envelope. Rejects with JobRejection; resolves when what it changed is durable. */
  async handle(request: JobsRequest, body: JsonObject, medium: Medium): Promise<JsonObject> {
    const { thing } = request;
    const inFlight = this.#inFlight.get(thing) ?? 0;
    if (inFlight >= this.#table.limits.inFlight) {
      throw new JobRejection('RequestThrottled', 'Too many requests are in flight for this thing.');
    }
    this.#inFlight.set(thing, inFlight + 1);
    try {
      return await this.change((table, nowMs) => {
        if (!this.#options.directory.hasThing(thing)) {
          throw new JobRejection('ResourceNotFound', `There is no thing ${thing}.`);
        }
        return answerDevice(table, request, body, medium, nowMs);
      });
    } finally {
      const left = (this.#inFlight.get(thing) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(thing, left);
      else this.#inFlight.delete(thing);
    }
  }

  /**
   * Runs something that reads or changes the table, after the timers that are due. Resolves with its result when the
   * changes are durable; then they are told. A change that throws must not have touched the table.
   */
  async change<T>(apply: (table: JobTable, nowMs: number) => T): Promise<T> {
    const nowMs = this.#options.raceClock.nowMs();
    expire(this.#table, nowMs);
    try {
      return apply(this.#table, nowMs);
    } finally {
      await this.#settle(nowMs);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#stopListening();
    await this.#store.close();
  }

  async #settle(nowMs: number): Promise<void> {
    const { records, things } = this.#table.takeChanges();
    if (records.length === 0) return;
    const messages = this.#notices.of(things, nowMs);
    await this.#store.write(records);
    for (const { topic, payload } of messages) {
      this.#options.announce(topic, Buffer.from(JSON.stringify(payload))).catch((error: unknown) => {
        this.#options.log.error('A job notification could not be published.', { topic, error: errorCode(error) });
      });
    }
  }

  #inBackground(apply: (nowMs: number) => void): void {
    this.change((_table, nowMs) => apply(nowMs)).catch((error: unknown) => {
      this.#options.log.error('Jobs could not be kept.', { error: errorCode(error) });
    });
  }

  #asRejection(error: unknown, { thing }: JobsRequest): JobRejection {
    if (error instanceof JobRejection) return error;
    this.#options.log.error('A job request failed.', { thing, error: errorCode(error) });
    return new JobRejection('InternalError', 'Internal service failure');
  }
}
