import type { Message } from './message.js';

/** One message for one client. */
export interface Delivery {
  message: Message;
  /** The shared subscription that chose this client: it chooses another when this one leaves. */
  group?: { readonly filter: string; choose(message: Message): void };
  /** Told what became of a direct message; no session keeps one. */
  confirm?: (acknowledged: boolean) => void;
  /** Where it is on disk. */
  storedAs?: string;
}

/** Bytes of all that waits for clients. */
export interface Backlog {
  bytes: number;
}

/** First in, first out, and knows its bytes. */
export class DeliveryQueue {
  readonly #backlog: Backlog;
  #items: Delivery[] = [];
  #head = 0;
  #bytes = 0;

  constructor(backlog: Backlog) {
    this.#backlog = backlog;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(delivery: Delivery): void {
    this.#items.push(delivery);
    this.#count(delivery.message.bytes);
  }

  first(): Delivery | undefined {
    return this.#items[this.#head];
  }

  shift(): Delivery | undefined {
    const delivery = this.#items[this.#head];
    if (!delivery) return undefined;
    this.#head++;
    this.#count(-delivery.message.bytes);
    // Gives back what was taken now and then: shifting an array is linear.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }

  /** All of it, in order; the queue is empty then. */
  takeAll(): Delivery[] {
    const all = this.all();
    this.#items = [];
    this.#head = 0;
    this.#count(-this.#bytes);
    return all;
  }

  /** All of it, in order. */
  all(): Delivery[] {
    return this.#items.slice(this.#head);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#backlog.bytes += bytes;
  }
}
