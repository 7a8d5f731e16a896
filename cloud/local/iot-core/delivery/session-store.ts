import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Counters } from '../counters.js';
import { RecordStore } from '../record-store.js';
import type { Delivery } from './delivery-queue.js';
import { Message, type MessageRecord } from './message.js';
import type { OwedJournal } from './outbox.js';
import type { Session } from './session.js';

interface SessionRecord {
  /** Filters with their granted QoS. */
  subscriptions: [string, 0 | 1][];
  /** Wall ms; absent while connected. */
  disconnectedAtMs?: number;
}

/** `group` is the filter of the shared subscription that chose this session. */
type OwedRecord = MessageRecord & { group?: string };

/** A session as the process before this one left it. */
export interface KeptSession extends SessionRecord {
  clientId: string;
  /** In the order of publishing. */
  owed: { record: OwedRecord; key: string }[];
}

export interface SessionStoreOptions {
  /** Folder of the records. */
  path: string;
  counters: Counters;
  log: Log;
}

/** No client id and no topic has this character (MQTT-1.5.3-2). */
const SEPARATOR = '\0';
const SESSION = 'session';
const OWED = 'owed';
const RADIX = 36;
/** Digits of the highest number that is counted exactly. */
const NUMBER_LENGTH = Number.MAX_SAFE_INTEGER.toString(RADIX).length;

/**
 * Persistent sessions on disk: one record a session, one a message that it is owed. Written behind, in groups: what
 * happened in the milliseconds before a kill −9 may be missing.
 */
export class SessionStore {
  readonly #store: RecordStore<SessionRecord | OwedRecord>;
  readonly #options: SessionStoreOptions;
  #lastNumber = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(store: RecordStore<SessionRecord | OwedRecord>, options: SessionStoreOptions) {
    this.#store = store;
    this.#options = options;
  }

  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    return new SessionStore(await RecordStore.open(options.path), options);
  }

  /** What the process before this one left. Messages of a session that is not there any more are removed. */
  async read(): Promise<KeptSession[]> {
    const sessions = new Map<string, KeptSession>();
    const owed: { clientId: string; record: OwedRecord; key: string }[] = [];
    for await (const [key, record] of this.#store.entries()) {
      const [kind, clientId, number] = key.split(SEPARATOR);
      if (kind === SESSION) sessions.set(clientId, { ...(record as SessionRecord), clientId, owed: [] });
      else {
        owed.push({ clientId, record: record as OwedRecord, key });
        this.#lastNumber = Math.max(this.#lastNumber, Number.parseInt(number, RADIX));
      }
    }
    for (const { clientId, record, key } of owed) {
      const session = sessions.get(clientId);
      if (session) session.owed.push({ record, key });
      else this.#write(key, undefined);
    }
    for (const session of sessions.values()) {
      session.owed.sort((a, b) => a.record.publishedAtMs - b.record.publishedAtMs || (a.key < b.key ? -1 : 1));
    }
    return [...sessions.values()];
  }

  /** Keeps the session as it is now: its subscriptions, and since when its client is away. */
  keep({ clientId, subscriptions, disconnectedAtMs }: Session): void {
    this.#write(`${SESSION}${SEPARATOR}${clientId}`, { subscriptions: [...subscriptions], disconnectedAtMs });
  }

  forget(clientId: string): void {
    this.#write(`${SESSION}${SEPARATOR}${clientId}`, undefined);
  }

  /** Of the messages that one session is owed. */
  journal(clientId: string): OwedJournal {
    return {
      write: (delivery) => {
        const number = (++this.#lastNumber).toString(RADIX).padStart(NUMBER_LENGTH, '0');
        delivery.storedAs = [OWED, clientId, number].join(SEPARATOR);
        this.#write(delivery.storedAs, { ...delivery.message.toRecord(), group: delivery.group?.filter });
      },
      erase: (delivery) => {
        if (delivery.storedAs !== undefined) this.#write(delivery.storedAs, undefined);
        delivery.storedAs = undefined;
      },
    };
  }

  /** A message as it was owed, for the queue of its session. */
  static delivery({ record, key }: KeptSession['owed'][number], group: Delivery['group']): Delivery {
    return { message: Message.fromRecord(record), storedAs: key, group };
  }

  /** Resolves when what was given so far is written, or told as failed. */
  async settled(): Promise<void> {
    await this.#lastWrite;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #write(key: string, record: SessionRecord | OwedRecord | undefined): void {
    this.#lastWrite = this.#store.write([[key, record]]).catch((error: unknown) => {
      const { counters, log } = this.#options;
      counters.count('sessionDrops', 'notStored');
      log.error('A session could not be stored.', { error: errorCode(error) });
    });
  }
}
