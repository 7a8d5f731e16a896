import type { IotCoreLimits } from '../limits.js';
import { type Backlog, type Delivery, DeliveryQueue } from './delivery-queue.js';
import { InFlight } from './in-flight.js';
import type { Message } from './message.js';
import { DeliveryPace, type PaceOptions, type RatedLink } from './pace.js';

/** The way to a connected client. */
export interface Link extends RatedLink {
  /** Bytes written that the client has not taken. */
  readonly unsentBytes: number;
  write(packet: Buffer, flushed: () => void): void;
  /** Whether it may have messages of this topic now. */
  mayReceive(topic: string): boolean;
}

export interface OutboxOptions extends PaceOptions {
  limits: IotCoreLimits;
  /** Of all outboxes together. */
  backlog: Backlog;
}

/** Where a persistent session's messages outlive the process. */
export interface OwedJournal {
  write(delivery: Delivery): void;
  erase(delivery: Delivery): void;
}

/** How often a message that waits for a rate looks again, wall ms: rates are in race time, whose speed is not known here. */
const RATE_POLL_MS = 10;

/**
 * What one client is to get: sent at once when it can take it, else kept within bounds, so that a client that does not
 * read costs a fixed amount of memory and nobody's time. QoS 0 is sent or dropped; QoS 1 is kept until its PUBACK, at
 * most `unacknowledged` of them on the wire.
 *
 * With a journal, what waits for a client that is away is written down at once, and what a connected client is slow to
 * acknowledge after `sessionFlushMs`: whoever acknowledges at once costs no write.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** Whether messages outlive the connection: a persistent session's do. */
  readonly #persistent: boolean;
  readonly #journal: OwedJournal | undefined;
  readonly #pace: DeliveryPace;
  #link: Link | undefined;
  /** Owed by the session when its client came back: goes out at a pace of its own. */
  #owed: DeliveryQueue;
  #waiting: DeliveryQueue;
  readonly #inFlight: InFlight;
  #poll: NodeJS.Timeout | undefined;
  #flush: NodeJS.Timeout | undefined;

  constructor(persistent: boolean, options: OutboxOptions, journal?: OwedJournal) {
    this.#persistent = persistent;
    this.#options = options;
    this.#journal = journal;
    this.#pace = new DeliveryPace(options);
    this.#owed = new DeliveryQueue(options.backlog);
    this.#waiting = new DeliveryQueue(options.backlog);
    this.#inFlight = new InFlight(options.backlog);
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** Whether a message of this topic would go out at once. */
  ready(topic: string): boolean {
    return this.takes(topic) && this.#waiting.length === 0 && this.#hasRoom(this.#link as Link);
  }

  /** Whether a message of this topic would go out sooner or later, on this connection. */
  takes(topic: string): boolean {
    return this.#link?.mayReceive(topic) ?? false;
  }

  /** The client is there and has its CONNACK. */
  attach(link: Link): void {
    this.#link = link;
    this.#owed = this.#waiting;
    this.#waiting = new DeliveryQueue(this.#options.backlog);
    this.#pace.restart();
    this.#pump();
  }

  /** The client is gone. What a shared subscription had chosen it for goes to another member. */
  detach(): void {
    this.#link = undefined;
    clearTimeout(this.#poll);
    clearTimeout(this.#flush);
    this.#poll = undefined;
    this.#flush = undefined;
    for (const delivery of this.#takeAll()) {
      if (delivery.confirm) delivery.confirm(false);
      else if (delivery.group) {
        this.#erase(delivery);
        delivery.group.choose(delivery.message);
      } else if (this.#persistent) this.#keep(delivery);
    }
  }

  /** The session ends, and all that it was owed. */
  discard(): void {
    this.detach();
    for (const delivery of this.#takeAll()) this.#erase(delivery);
  }

  /** What the session was owed when the process before this one ended, and has on disk. */
  restore(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) if (this.#makeRoom(delivery)) this.#waiting.push(delivery);
  }

  /** @param qos of the subscription; the lower of the two is what is sent (MQTT-3.8.4-6) */
  offer(message: Message, qos: 0 | 1, group?: Delivery['group']): void {
    const link = this.#link;
    if (link && !link.mayReceive(message.topic)) return;
    if (Math.min(qos, message.qos) === 0) {
      if (link) this.#sendOrDrop(message, link);
      return;
    }
    if (!link && !this.#persistent) return;
    // Kept whole: who is asked to hold it may hold it for an hour.
    const delivery = { message: message.keep(), group };
    if (!this.#makeRoom(delivery)) return;
    this.#keep(delivery);
    this.#pump();
  }

  /** Past the queue and without a subscription, to a client that is there. `confirm` makes it QoS 1. */
  direct(message: Message, confirm?: (acknowledged: boolean) => void): void {
    const link = this.#link;
    if (!confirm) {
      if (link) this.#sendOrDrop(message, link);
    } else if (link && this.#hasRoom(link)) this.#send({ message, confirm }, link);
    else confirm(false);
  }

  acknowledged(messageId: number): void {
    const delivery = this.#inFlight.take(messageId);
    if (!delivery) return;
    delivery.confirm?.(true);
    this.#erase(delivery);
    this.#pump();
  }

  #sendOrDrop(message: Message, link: Link): void {
    const { counters } = this.#options;
    if (this.#isSlow(link)) {
      counters.stats.shed++;
    } else if (!this.#pace.take(message, link)) {
      counters.count('deliveryDrops', 'rate');
    } else {
      counters.stats.publishesOut++;
      link.write(message.encode(), this.#flushed);
    }
  }

  /** The oldest goes for the newest; false when not even that makes room. */
  #makeRoom(delivery: Delivery): boolean {
    const { limits, backlog } = this.#options;
    const { bytes } = delivery.message;
    const isFull = () =>
      this.#owed.length + this.#waiting.length >= limits.sessionQueueMessages ||
      this.#owed.bytes + this.#waiting.bytes + bytes > limits.sessionQueueBytes ||
      backlog.bytes + bytes > limits.queuedBytes;
    while (isFull()) {
      const oldest = this.#owed.shift() ?? this.#waiting.shift();
      this.#drop(oldest ?? delivery, 'queueFull');
      if (!oldest) return false;
    }
    return true;
  }

  #keep(delivery: Delivery): void {
    this.#waiting.push(delivery);
    if (!this.#journal) return;
    if (this.#link) this.#flushLater();
    else if (delivery.storedAs === undefined) this.#journal.write(delivery);
  }

  /** Sends what can go out now. Called whenever something may have changed that. */
  #pump(): void {
    const link = this.#link;
    if (!link) return;
    for (let queue = this.#nextQueue(); queue && this.#hasRoom(link); queue = this.#nextQueue()) {
      const { message } = queue.first() as Delivery;
      if (this.#isExpired(message)) {
        this.#drop(queue.shift() as Delivery, 'expired');
      } else if (!link.mayReceive(message.topic)) {
        this.#erase(queue.shift() as Delivery);
      } else if (this.#pace.mayPass(message, link)) {
        if (queue === this.#owed) this.#pace.takeOwed();
        this.#send(queue.shift() as Delivery, link);
      } else {
        this.#pollLater();
        return;
      }
    }
    if (this.#owed.length > 0) this.#pollLater();
  }

  /** What is owed goes first when its pace allows it; otherwise it does not hold up what is new. */
  #nextQueue(): DeliveryQueue | undefined {
    if (this.#owed.length > 0 && this.#pace.mayOwe()) return this.#owed;
    return this.#waiting.length > 0 ? this.#waiting : undefined;
  }

  #hasRoom(link: Link): boolean {
    const { unacknowledged } = this.#options.limits;
    if (this.#inFlight.size >= unacknowledged) this.#dropExpiredInFlight();
    return this.#inFlight.size < unacknowledged && !this.#isSlow(link);
  }

  #isSlow(link: Link): boolean {
    return link.unsentBytes > this.#options.limits.slowConsumerBytes;
  }

  #send(delivery: Delivery, link: Link): void {
    this.#options.counters.stats.publishesOut++;
    link.write(delivery.message.encode(this.#inFlight.add(delivery)), this.#flushed);
  }

  readonly #flushed = (): void => {
    if (this.#waiting.length > 0 || this.#owed.length > 0) this.#pump();
  };

  #pollLater(): void {
    this.#poll ??= setTimeout(() => {
      this.#poll = undefined;
      this.#pump();
    }, RATE_POLL_MS).unref();
  }

  #flushLater(): void {
    this.#flush ??= setTimeout(() => this.#writeSlow(), this.#options.limits.sessionFlushMs).unref();
  }

  /** Writes down what has waited for its PUBACK since before the timer began. */
  #writeSlow(): void {
    this.#flush = undefined;
    const { limits, wallClock } = this.#options;
    const sinceMs = wallClock.nowMs() - limits.sessionFlushMs;
    for (const delivery of [...this.#inFlight.all(), ...this.#waiting.all()]) {
      if (delivery.storedAs !== undefined || delivery.confirm) continue;
      if (delivery.message.publishedAtMs <= sinceMs) this.#journal?.write(delivery);
      else this.#flushLater();
    }
  }

  #takeAll(): Delivery[] {
    return [...this.#inFlight.takeWhile(() => true), ...this.#owed.takeAll(), ...this.#waiting.takeAll()];
  }

  #dropExpiredInFlight(): void {
    for (const delivery of this.#inFlight.takeWhile(({ message }) => this.#isExpired(message))) {
      delivery.confirm?.(false);
      this.#drop(delivery, 'expired');
    }
  }

  #drop(delivery: Delivery, why: string): void {
    this.#options.counters.count('deliveryDrops', why);
    this.#erase(delivery);
  }

  #erase(delivery: Delivery): void {
    if (delivery.storedAs !== undefined) this.#journal?.erase(delivery);
  }

  #isExpired({ publishedAtMs, expiryMs }: Message): boolean {
    const ageMs = this.#options.wallClock.nowMs() - publishedAtMs;
    return ageMs > Math.min(expiryMs, this.#options.limits.redeliveryMs);
  }
}
