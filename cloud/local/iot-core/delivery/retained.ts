import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Counters } from '../counters.js';
import type { IotCoreLimits } from '../limits.js';
import { RecordStore } from '../record-store.js';

export interface RetainedMessage {
  topic: string;
  payload: Buffer;
  qos: 0 | 1;
  /** Race time, epoch ms. */
  lastModifiedMs: number;
}

interface RetainedRecord {
  /** Base64. */
  payload: string;
  qos: 0 | 1;
  lastModifiedMs: number;
}

export interface RetainedOptions {
  /** Folder of the records. */
  path: string;
  limits: IotCoreLimits;
  raceClock: Clock;
  counters: Counters;
  log: Log;
}

/** The last message that was published to be retained, per topic; an empty one removes it. Outlives the process. */
export class Retained {
  readonly #options: RetainedOptions;
  readonly #store: RecordStore<RetainedRecord>;
  readonly #messages = new Map<string, RetainedMessage>();
  #bytes = 0;

  private constructor(store: RecordStore<RetainedRecord>, options: RetainedOptions) {
    this.#store = store;
    this.#options = options;
  }

  static async open(options: RetainedOptions): Promise<Retained> {
    const store = await RecordStore.open<RetainedRecord>(options.path);
    const retained = new Retained(store, options);
    for await (const [topic, { payload, qos, lastModifiedMs }] of store.entries()) {
      retained.#set({ topic, payload: Buffer.from(payload, 'base64'), qos, lastModifiedMs });
    }
    return retained;
  }

  get(topic: string): RetainedMessage | undefined {
    return this.#messages.get(topic);
  }

  /** Sorted by topic. */
  all(): RetainedMessage[] {
    return [...this.#messages.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }

  /** Resolves when it is durable; a disk that fails is told and counted, the message is retained in memory. */
  async keep({ topic, payload, qos }: { topic: string; payload: Buffer | string; qos: number }): Promise<void> {
    const { raceClock, counters, log } = this.#options;
    if (payload.length === 0) this.#delete(topic);
    else if (!this.#hasRoom(topic, payload.length)) {
      counters.count('sessionDrops', 'retainedFull');
      return;
    } else {
      const lastModifiedMs = Math.round(raceClock.nowMs());
      this.#set({ topic, payload: Buffer.from(payload as Buffer), qos: qos === 0 ? 0 : 1, lastModifiedMs });
    }
    try {
      await this.#store.write([[topic, this.#record(topic)]]);
    } catch (error) {
      log.error('A retained message could not be stored.', { topic, error: errorCode(error) });
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #record(topic: string): RetainedRecord | undefined {
    const message = this.#messages.get(topic);
    if (!message) return undefined;
    const { payload, qos, lastModifiedMs } = message;
    return { payload: payload.toString('base64'), qos, lastModifiedMs };
  }

  #hasRoom(topic: string, bytes: number): boolean {
    const { retainedMessages, retainedBytes } = this.#options.limits;
    const before = this.#messages.get(topic);
    const count = this.#messages.size + (before ? 0 : 1);
    return count <= retainedMessages && this.#bytes - (before?.payload.length ?? 0) + bytes <= retainedBytes;
  }

  #set(message: RetainedMessage): void {
    this.#delete(message.topic);
    this.#messages.set(message.topic, message);
    this.#bytes += message.payload.length;
  }

  #delete(topic: string): void {
    this.#bytes -= this.#messages.get(topic)?.payload.length ?? 0;
    this.#messages.delete(topic);
  }
}
