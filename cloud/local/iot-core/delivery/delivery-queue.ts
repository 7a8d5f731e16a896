import type { Message } from './message.js';

/** One message for one client. */
export interface Delivery {
  message: Message;
  /** The shared subscription that chose this client: it chooses another when this one leaves. */
  group?: { choose(message: Message): void };
  /** Told what became of a direct message; no session keeps one. */
  confirm?: (acknowledged: boolean) => void;
}

/** First in, first out, and knows its bytes. */
export class DeliveryQueue {
  #items: Delivery[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
    this.#bytes += delivery.message.bytes;
  }

  first(): Delivery | undefined {
    return this.#items[this.#head];
  }

  shift(): Delivery | undefined {
    const delivery = this.#items[this.#head];
    if (!delivery) return undefined;
    this.#head++;
    this.#bytes -= delivery.message.bytes;
    // Gives back what was taken now and then: shifting an array is linear.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }

  /** All of it, in order; the queue is empty then. */
  takeAll(): Delivery[] {
    const all = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
    return all;
  }
}
