/**
 * What the MQTT library asks of its message bus and its store, where we do both ourselves: it only tells us what was
 * published, subscribed and acknowledged (`broker.ts` and `delivery/` do the rest).
 */
import { Readable } from 'node:stream';

/** A published message as the library hands it over. */
export interface LibraryPacket {
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1 | 2;
}

/** The library's name for its own messages about itself; they go nowhere. */
const OWN_TOPICS = '$SYS/';

/**
 * The library publishes whatever is not refused, and closes the connection of what is: a message that is to vanish is made
 * one of its own.
 */
export function sendNowhere(packet: { topic: string; retain: boolean }): void {
  packet.topic = `${OWN_TOPICS}discarded`;
  packet.retain = false;
}

/** Its `mq`. */
export class LibraryBus {
  readonly #published: (packet: LibraryPacket) => void;

  constructor(published: (packet: LibraryPacket) => void) {
    this.#published = published;
  }

  on(_filter: string, _listener: unknown, done?: () => void): this {
    if (done) setImmediate(done);
    return this;
  }

  removeListener(_filter: string, _listener: unknown, done?: () => void): this {
    if (done) setImmediate(done);
    return this;
  }

  /** Returns at once, however slow a subscriber is. */
  emit(packet: LibraryPacket, done: () => void): this {
    if (!packet.topic.startsWith(OWN_TOPICS)) this.#published(packet);
    done();
    return this;
  }

  close(done: () => void): void {
    setImmediate(done);
  }
}

interface ClientId {
  id: string;
}

export interface LibraryStoreHooks {
  /** Filters of the persistent session that a client resumes. */
  subscriptionsOf(clientId: string): { topic: string; qos: 0 | 1 }[];
  unsubscribed(clientId: string, filters: readonly string[]): void;
  retain(packet: LibraryPacket): Promise<void>;
}

/** Its `persistence`. Nothing is ever to be sent from here: `delivery/` sends. */
export class LibraryStore {
  readonly #hooks: LibraryStoreHooks;

  constructor(hooks: LibraryStoreHooks) {
    this.#hooks = hooks;
  }

  /** The library asks for an async function here. */
  async setup(): Promise<void> {}

  async addSubscriptions(): Promise<void> {}

  async removeSubscriptions({ id }: ClientId, filters: readonly string[]): Promise<void> {
    this.#hooks.unsubscribed(id, filters);
  }

  async subscriptionsByClient({ id }: ClientId): Promise<{ topic: string; qos: 0 | 1 }[]> {
    return this.#hooks.subscriptionsOf(id);
  }

  async cleanSubscriptions(): Promise<void> {}

  /**
   * Answers at once: behind a promise a QoS 0 message would overtake. Nobody is offline to the library.
   */
  subscriptionsByTopic(): Settled<never[]> {
    return settled([]);
  }

  outgoingEnqueueCombi(): Settled<void> {
    return settled(undefined);
  }

  /** PUBACK: seen before the library sees it. */
  async outgoingClearMessageId(): Promise<void> {}

  outgoingStream(): Readable {
    return Readable.from([]);
  }

  storeRetained(packet: LibraryPacket): Promise<void> {
    return this.#hooks.retain(packet);
  }

  createRetainedStreamCombi(): Readable {
    return Readable.from([]);
  }

  /** Wills live with their connection, in the library's client. */
  async putWill(): Promise<void> {}

  async delWill(): Promise<void> {}

  streamWill(): Readable {
    return Readable.from([]);
  }
}

/** A promise that does not wait: what the library calls `then` on and never awaits. */
interface Settled<T> {
  then(resolve: (value: T) => void): void;
}

function settled<T>(value: T): Settled<T> {
  // biome-ignore lint/suspicious/noThenProperty: the thenable is the point, see subscriptionsByTopic.
  return { then: (resolve) => resolve(value) };
}
