import type { Backlog, Delivery } from './delivery-queue.js';

const MESSAGE_ID_MAX = 0xffff;

/** QoS 1 messages on the wire without a PUBACK, by packet identifier, in the order of sending. */
export class InFlight {
  readonly #backlog: Backlog;
  readonly #deliveries = new Map<number, Delivery>();
  #lastId = 0;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  get size(): number {
    return this.#deliveries.size;
  }

  /** @returns the packet identifier */
  add(delivery: Delivery): number {
    do {
      this.#lastId = (this.#lastId % MESSAGE_ID_MAX) + 1;
    } while (this.#deliveries.has(this.#lastId));
    this.#deliveries.set(this.#lastId, delivery);
    this.#backlog.bytes += delivery.message.bytes;
    return this.#lastId;
  }

  take(messageId: number): Delivery | undefined {
    const delivery = this.#deliveries.get(messageId);
    if (!delivery) return undefined;
    this.#deliveries.delete(messageId);
    this.#backlog.bytes -= delivery.message.bytes;
    return delivery;
  }

  /** Those at the front of which `test` holds. */
  takeWhile(test: (delivery: Delivery) => boolean): Delivery[] {
    const taken: Delivery[] = [];
    for (const [messageId, delivery] of this.#deliveries) {
      if (!test(delivery)) break;
      this.take(messageId);
      taken.push(delivery);
    }
    return taken;
  }

  all(): Delivery[] {
    return [...this.#deliveries.values()];
  }
}
