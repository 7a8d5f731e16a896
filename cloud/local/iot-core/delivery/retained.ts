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
  /** Wall ms: since when it is kept. The race clock may jump over years. */
  sinceMs: number;
}

interface RetainedRecord {
  /** Base64. */
  payload: string;
  qos: 0 | 1;
  lastModifiedMs: number;
  sinceMs: number;
}

export interface RetainedOptions {
  /** Folder of the records. */
  path: string;
  limits: IotCoreLimits;
  raceClock: Clock;
  wallClock: Clock;
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
    for await (const [topic, record] of store.entries()) {
      retained.#set({ ...record, topic, payload: Buffer.from(record.payload, 'base64') });
    }
    return retained;
  }

  get(topic: string): RetainedMessage | undefined {
    const message = this.#messages.get(topic);
    if (!message || !this.#isExpired(message)) return message;
    this.#expire([topic]);
    return undefined;
  }

  /** Sorted by topic. */
  all(): RetainedMessage[] {
    this.#expire([...this.#messages.values()].filter((message) => this.#isExpired(message)).map(({ topic }) => topic));
    return [...this.#messages.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  }

  /** Resolves when it is durable; a disk that fails is told and counted, the message is retained in memory. */
  async keep({ topic, payload, qos }: { topic: string; payload: Buffer | string; qos: number }): Promise<void> {
    const { raceClock, wallClock, counters } = this.#options;
    if (payload.length === 0) this.#delete(topic);
    else if (!this.#hasRoom(topic, payload.length)) {
      counters.count('sessionDrops', 'retainedFull');
      return;
    } else {
      const lastModifiedMs = Math.round(raceClock.nowMs());
      const kept = { payload: Buffer.from(payload as Buffer), qos: qos === 0 ? 0 : 1 } as const;
      this.#set({ topic, ...kept, lastModifiedMs, sinceMs: wallClock.nowMs() });
    }
    await this.#write([topic]);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #write(topics: readonly string[]): Promise<void> {
    try {
      await this.#store.write(topics.map((topic) => [topic, this.#record(topic)]));
    } catch (error) {
      this.#options.log.error('Retained messages could not be stored.', { topics, error: errorCode(error) });
    }
  }

  #record(topic: string): RetainedRecord | undefined {
    const message = this.#messages.get(topic);
    if (!message) return undefined;
    const { payload, qos, lastModifiedMs, sinceMs } = message;
    return { payload: payload.toString('base64'), qos, lastModifiedMs, sinceMs };
  }

  #isExpired({ sinceMs }: RetainedMessage): boolean {
    const { limits, wallClock } = this.#options;
    return wallClock.nowMs() - sinceMs > limits.retainedMs;
  }

  #expire(topics: readonly string[]): void {
    for (const topic of topics) {
      this.#delete(topic);
      this.#options.counters.count('sessionDrops', 'retainedExpired');
    }
    // What fails is told; it is out of memory, and expires again when it is read from disk.
    if (topics.length > 0) void this.#write(topics);
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
