import type { Clock } from '#wire/clock.js';
import { TokenBucket } from '../../token-bucket.js';
import type { Counters } from '../counters.js';
import type { IotCoreLimits } from '../limits.js';
import { type Delivery, DeliveryQueue } from './delivery-queue.js';
import type { Message } from './message.js';

/** The way to a connected client. */
export interface Link {
  /** Bytes written that the client has not taken. */
  readonly unsentBytes: number;
  write(packet: Buffer, flushed: () => void): void;
  /** Whether it may have messages of this topic now. */
  mayReceive(topic: string): boolean;
  /** Takes one message from what the connection may carry a second; false: nothing left, nothing taken. */
  takeRate(bytes: number): boolean;
}

export interface OutboxOptions {
  limits: IotCoreLimits;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
}

/** How often a message that waits for a rate looks again, wall ms: rates are in race time, whose speed is not known here. */
const RATE_POLL_MS = 10;
const MESSAGE_ID_MAX = 0xffff;

/**
 * What one client is to get: sent at once when it can take it, else kept within bounds, so that a client that does not
 * read costs a fixed amount of memory and nobody's time. QoS 0 is sent or dropped; QoS 1 is kept until its PUBACK, at
 * most `unacknowledged` of them on the wire.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #link: Link | undefined;
  /** Owed by the session when its client came back: goes out at a pace of its own. */
  #owed = new DeliveryQueue();
  #owedPace: TokenBucket;
  /** Wall ms. */
  #lastOwedAtMs = 0;
  #waiting = new DeliveryQueue();
  readonly #inFlight = new Map<number, Delivery>();
  /** Whether messages outlive the connection: a persistent session's do. */
  readonly #persistent: boolean;
  #lastId = 0;
  #poll: NodeJS.Timeout | undefined;
  /** Since when the first one waits for the connection's rate, wall ms. */
  #heldSinceMs: number | undefined;

  constructor(persistent: boolean, options: OutboxOptions) {
    this.#persistent = persistent;
    this.#options = options;
    this.#owedPace = this.#newPace();
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
    this.#waiting = new DeliveryQueue();
    this.#owedPace = this.#newPace();
    this.#pump();
  }

  /** The client is gone. What a shared subscription had chosen it for goes to another member. */
  detach(): void {
    this.#link = undefined;
    this.#heldSinceMs = undefined;
    clearTimeout(this.#poll);
    this.#poll = undefined;
    const left = [...this.#inFlight.values(), ...this.#owed.takeAll(), ...this.#waiting.takeAll()];
    this.#inFlight.clear();
    for (const delivery of left) {
      if (delivery.confirm) delivery.confirm(false);
      else if (delivery.group) delivery.group.choose(delivery.message);
      else if (this.#persistent) this.#waiting.push(delivery);
    }
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
    this.#enqueue({ message: message.keep(), group });
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
    const delivery = this.#inFlight.get(messageId);
    if (!delivery) return;
    this.#inFlight.delete(messageId);
    delivery.confirm?.(true);
    this.#pump();
  }

  #sendOrDrop(message: Message, link: Link): void {
    const { counters } = this.#options;
    if (this.#isSlow(link)) {
      counters.stats.shed++;
    } else if (!link.takeRate(message.bytes)) {
      counters.count('deliveryDrops', 'rate');
    } else {
      counters.stats.publishesOut++;
      link.write(message.encode(), this.#flushed);
    }
  }

  #enqueue(delivery: Delivery): void {
    const { limits, counters } = this.#options;
    const { bytes } = delivery.message;
    const isFull = () =>
      this.#owed.length + this.#waiting.length >= limits.sessionQueueMessages ||
      this.#owed.bytes + this.#waiting.bytes + bytes > limits.sessionQueueBytes;
    while (isFull() && (this.#owed.shift() ?? this.#waiting.shift())) counters.count('deliveryDrops', 'queueFull');
    this.#waiting.push(delivery);
  }

  /** Sends what can go out now. Called whenever something may have changed that. */
  #pump(): void {
    const link = this.#link;
    if (!link) return;
    for (let queue = this.#nextQueue(); queue && this.#hasRoom(link); queue = this.#nextQueue()) {
      const { message } = queue.first() as Delivery;
      if (this.#isExpired(message)) {
        queue.shift();
        this.#options.counters.count('deliveryDrops', 'expired');
      } else if (!link.mayReceive(message.topic)) {
        queue.shift();
      } else if (this.#mayPass(message, link)) {
        if (queue === this.#owed) this.#takeOwed();
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
    if (this.#owed.length > 0 && this.#mayOwe()) return this.#owed;
    return this.#waiting.length > 0 ? this.#waiting : undefined;
  }

  /** Not slower than one in `throttleWaitMs` either: the race may stand still until this very client goes on. */
  #mayOwe(): boolean {
    const { limits, raceClock, wallClock } = this.#options;
    return this.#owedPace.has(1, raceClock.nowMs()) || wallClock.nowMs() - this.#lastOwedAtMs >= limits.throttleWaitMs;
  }

  #takeOwed(): void {
    const { raceClock, wallClock } = this.#options;
    if (this.#owedPace.has(1, raceClock.nowMs())) this.#owedPace.take(1, raceClock.nowMs());
    this.#lastOwedAtMs = wallClock.nowMs();
  }

  #hasRoom(link: Link): boolean {
    const { unacknowledged } = this.#options.limits;
    if (this.#inFlight.size >= unacknowledged) this.#dropExpiredInFlight();
    return this.#inFlight.size < unacknowledged && !this.#isSlow(link);
  }

  #isSlow(link: Link): boolean {
    return link.unsentBytes > this.#options.limits.slowConsumerBytes;
  }

  /** The connection's rate; not longer than `throttleWaitMs`, as for publishes that come in. */
  #mayPass(message: Message, link: Link): boolean {
    const { limits, wallClock, counters } = this.#options;
    if (link.takeRate(message.bytes)) {
      this.#heldSinceMs = undefined;
      return true;
    }
    const nowMs = wallClock.nowMs();
    this.#heldSinceMs ??= nowMs;
    if (nowMs - this.#heldSinceMs < limits.throttleWaitMs) return false;
    this.#heldSinceMs = undefined;
    counters.stats.throttleOverruns++;
    return true;
  }

  #send(delivery: Delivery, link: Link): void {
    const messageId = this.#nextId();
    this.#inFlight.set(messageId, delivery);
    this.#options.counters.stats.publishesOut++;
    link.write(delivery.message.encode(messageId), this.#flushed);
  }

  #nextId(): number {
    do {
      this.#lastId = (this.#lastId % MESSAGE_ID_MAX) + 1;
    } while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
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

  #dropExpiredInFlight(): void {
    for (const [messageId, { message, confirm }] of this.#inFlight) {
      if (!this.#isExpired(message)) return;
      this.#inFlight.delete(messageId);
      confirm?.(false);
      this.#options.counters.count('deliveryDrops', 'expired');
    }
  }

  #isExpired({ publishedAtMs, expiryMs }: Message): boolean {
    const ageMs = this.#options.wallClock.nowMs() - publishedAtMs;
    return ageMs > Math.min(expiryMs, this.#options.limits.redeliveryMs);
  }

  #newPace(): TokenBucket {
    return new TokenBucket(this.#options.limits.sessionDeliveriesPerSecond, this.#options.raceClock.nowMs());
  }
}
