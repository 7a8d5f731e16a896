/**
 * What outlives a connection: persistent sessions with their undelivered QoS 1 messages, retained messages, wills. Aedes
 * calls it its persistence. In memory: AWS drops a session an hour after its connection, agents subscribe anew whenever
 * a session is not there. Everything has a bound; what goes is counted.
 */
import { Readable } from 'node:stream';
import type { Clock } from '#wire/clock.js';
import type { Counters } from './counters.js';
import type { IotCoreLimits } from './limits.js';
import { BASIC_INGEST_PREFIX } from './routes.js';
import { isWildcard, TopicFilters } from './topic-filters.js';

/** A message as aedes hands it over. `brokerCounter` numbers the publishes of this broker. */
interface Packet {
  cmd?: string;
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1 | 2;
  retain: boolean;
  brokerId?: string;
  brokerCounter: number;
  messageId?: number;
}

interface SubscriptionRequest {
  topic: string;
  qos: 0 | 1 | 2;
}

interface Subscription extends SubscriptionRequest {
  clientId: string;
}

interface QueuedPacket extends Packet {
  queuedAtMs: number;
}

interface Session {
  subscriptions: Map<string, Subscription>;
  /** By brokerCounter, oldest first. */
  queue: Map<number, QueuedPacket>;
  counterByMessageId: Map<number, number>;
  /** Wall ms; undefined while connected. */
  disconnectedAtMs: number | undefined;
}

interface ClientId {
  id: string;
}

type SessionLimits = Pick<
  IotCoreLimits,
  'sessionExpiryMs' | 'sessionQueueMessages' | 'persistentSessions' | 'retainedMessages'
>;

export class Sessions {
  readonly #limits: SessionLimits;
  readonly #wallClock: Clock;
  readonly #counters: Counters;
  readonly #sessions = new Map<string, Session>();
  readonly #subscribers = new TopicFilters<Subscription>();
  readonly #retained = new Map<string, Packet>();
  readonly #wills = new Map<string, Packet>();

  constructor(limits: SessionLimits, wallClock: Clock, counters: Counters) {
    this.#limits = limits;
    this.#wallClock = wallClock;
    this.#counters = counters;
  }

  /** Aedes asks for an async function here. */
  async setup(): Promise<void> {}

  // Subscriptions of persistent sessions.

  async addSubscriptions({ id }: ClientId, requests: readonly SubscriptionRequest[]): Promise<void> {
    const session = this.#sessions.get(id) ?? this.#open(id);
    for (const { topic, qos } of requests) {
      const before = session.subscriptions.get(topic);
      if (before) this.#subscribers.remove(topic, before);
      const subscription = { clientId: id, topic, qos };
      session.subscriptions.set(topic, subscription);
      if (qos > 0) this.#subscribers.add(topic, subscription);
    }
  }

  async removeSubscriptions({ id }: ClientId, filters: readonly string[]): Promise<void> {
    const session = this.#sessions.get(id);
    for (const filter of filters) {
      const subscription = session?.subscriptions.get(filter);
      if (!session || !subscription) continue;
      this.#subscribers.remove(filter, subscription);
      session.subscriptions.delete(filter);
    }
  }

  async subscriptionsByClient({ id }: ClientId): Promise<SubscriptionRequest[]> {
    this.#dropExpired();
    const session = this.#sessions.get(id);
    if (!session) return [];
    session.disconnectedAtMs = undefined;
    return [...session.subscriptions.values()].map(({ topic, qos }) => ({ topic, qos }));
  }

  async cleanSubscriptions({ id }: ClientId): Promise<void> {
    this.#drop(id);
  }

  /** The session's hour begins. */
  disconnected(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (session) session.disconnectedAtMs = this.#wallClock.nowMs();
    this.#dropExpired();
  }

  // Undelivered messages of persistent sessions.

  /**
   * Answers at once, as does `outgoingEnqueueCombi`: behind a promise a QoS 0 message would overtake, and aedes takes what
   * was overtaken for a duplicate and drops it.
   */
  subscriptionsByTopic(topic: string): Settled<Subscription[]> {
    return settled(topic.startsWith(BASIC_INGEST_PREFIX) ? [] : this.#subscribers.match(topic));
  }

  outgoingEnqueueCombi(subscriptions: readonly Subscription[], packet: Packet): Settled<void> {
    for (const { clientId } of subscriptions) this.#enqueue(clientId, packet);
    return settled(undefined);
  }

  async outgoingEnqueue({ clientId }: { clientId: string }, packet: Packet): Promise<void> {
    this.#enqueue(clientId, packet);
  }

  /** The message got a number on the wire. One that was dropped meanwhile is still delivered, only not kept. */
  async outgoingUpdate({ id }: ClientId, packet: Packet): Promise<void> {
    const session = this.#sessions.get(id);
    const queued = session?.queue.get(packet.brokerCounter);
    if (!session || !queued || packet.messageId === undefined) return;
    queued.messageId = packet.messageId;
    session.counterByMessageId.set(packet.messageId, packet.brokerCounter);
  }

  /** The client has it (PUBACK), or is not to get it. */
  async outgoingClearMessageId({ id }: ClientId, packet: Packet): Promise<Packet | undefined> {
    const session = this.#sessions.get(id);
    if (!session) return undefined;
    const { messageId } = packet;
    const counter = messageId === undefined ? packet.brokerCounter : session.counterByMessageId.get(messageId);
    if (messageId !== undefined) session.counterByMessageId.delete(messageId);
    if (counter === undefined) return undefined;
    const queued = session.queue.get(counter);
    session.queue.delete(counter);
    return queued;
  }

  /** What a session that comes back is still owed, with new numbers. */
  outgoingStream({ id }: ClientId): Readable {
    const session = this.#sessions.get(id);
    if (!session) return Readable.from([]);
    const oldestMs = this.#wallClock.nowMs() - this.#limits.sessionExpiryMs;
    session.counterByMessageId.clear();
    const owed: Packet[] = [];
    for (const [counter, packet] of session.queue) {
      if (packet.queuedAtMs < oldestMs) {
        session.queue.delete(counter);
        this.#counters.count('sessionDrops', 'expired');
      } else owed.push({ ...packet, messageId: undefined });
    }
    return Readable.from(owed);
  }

  // Retained messages. A wildcard subscription gets none.

  async storeRetained(packet: Packet): Promise<void> {
    if (packet.payload.length === 0) this.#retained.delete(packet.topic);
    else if (this.#retained.has(packet.topic) || this.#retained.size < this.#limits.retainedMessages) {
      this.#retained.set(packet.topic, { ...packet });
    } else this.#counters.count('sessionDrops', 'retainedFull');
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    const exact = filters.filter((filter) => !isWildcard(filter));
    return Readable.from(exact.flatMap((topic) => this.#retained.get(topic) ?? []));
  }

  // Wills, kept while their connection lives.

  async putWill({ id }: ClientId, will: Packet): Promise<void> {
    this.#wills.set(id, will);
  }

  async getWill({ id }: ClientId): Promise<Packet | undefined> {
    return this.#wills.get(id);
  }

  async delWill({ id }: ClientId): Promise<Packet | undefined> {
    const will = this.#wills.get(id);
    this.#wills.delete(id);
    return will;
  }

  /** Wills of brokers that died; there is one broker. */
  streamWill(): Readable {
    return Readable.from([]);
  }

  #open(id: string): Session {
    this.#dropExpired();
    if (this.#sessions.size >= this.#limits.persistentSessions) this.#dropLongestGone();
    const session: Session = {
      subscriptions: new Map(),
      queue: new Map(),
      counterByMessageId: new Map(),
      disconnectedAtMs: undefined,
    };
    this.#sessions.set(id, session);
    return session;
  }

  #enqueue(clientId: string, packet: Packet): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    // Two filters of one client may match the same message.
    if (session.queue.has(packet.brokerCounter)) return;
    if (session.queue.size >= this.#limits.sessionQueueMessages) {
      const [oldest] = session.queue.keys();
      session.queue.delete(oldest);
      this.#counters.count('sessionDrops', 'queueFull');
    }
    const { topic, payload, qos, brokerId, brokerCounter } = packet;
    const queuedAtMs = this.#wallClock.nowMs();
    session.queue.set(brokerCounter, { topic, payload, qos, retain: false, brokerId, brokerCounter, queuedAtMs });
  }

  #dropExpired(): void {
    const oldestMs = this.#wallClock.nowMs() - this.#limits.sessionExpiryMs;
    for (const [id, { disconnectedAtMs }] of this.#sessions) {
      if (disconnectedAtMs !== undefined && disconnectedAtMs < oldestMs) {
        this.#drop(id);
        this.#counters.count('sessionDrops', 'sessionExpired');
      }
    }
  }

  #dropLongestGone(): void {
    let longestGone: string | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const [id, { disconnectedAtMs }] of this.#sessions) {
      if (disconnectedAtMs !== undefined && disconnectedAtMs < sinceMs) {
        longestGone = id;
        sinceMs = disconnectedAtMs;
      }
    }
    if (longestGone === undefined) return;
    this.#drop(longestGone);
    this.#counters.count('sessionDrops', 'tooManySessions');
  }

  #drop(id: string): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    for (const subscription of session.subscriptions.values()) {
      this.#subscribers.remove(subscription.topic, subscription);
    }
    this.#sessions.delete(id);
  }
}

/** A promise that does not wait: what aedes calls `then` on and never awaits. */
interface Settled<T> {
  then(resolve: (value: T) => void): void;
}

function settled<T>(value: T): Settled<T> {
  // biome-ignore lint/suspicious/noThenProperty: the thenable is the point, see subscriptionsByTopic.
  return { then: (resolve) => resolve(value) };
}
