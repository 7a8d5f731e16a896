import { AsyncLocalStorage } from 'node:async_hooks';
import { matchesFilter } from '../uplink/filter.js';
import type { Log } from '../wire/log.js';

/** Handed what was published on a topic that its filter names. */
export type BusHandler = (topic: string, message: unknown) => void;

export interface BusStats {
  published: number;
  delivered: number;
  /** Left out because a subscriber's queue was full: its oldest. */
  dropped: number;
  /** Handlers that threw. */
  failed: number;
}

const DEFAULT_QUEUE_MAX = 256;

interface Subscription {
  filter: string;
  handler: BusHandler;
  queueMax: number;
  queue: { topic: string; message: unknown }[];
  isDue: boolean;
}

/**
 * Topics within the agent, with MQTT's filters (`+`, `#`). A publisher never waits and never hears of a subscriber's faults:
 * each subscriber has a bounded queue of its own, emptied after the publisher's turn; when it is full its oldest goes.
 *
 * Topics: `laps` (the car's beacon), `flags`, `sheets`; components add their own.
 *
 * @example
 * const off = bus.subscribe('laps/+', (topic, lap) => show(lap));
 * bus.publish('laps/car', { lapHint: 12, lapTimeMs: 29_874 });
 */
export class LocalBus {
  readonly stats: BusStats = { published: 0, delivered: 0, dropped: 0, failed: 0 };
  readonly #subscriptions = new Set<Subscription>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  publish(topic: string, message: unknown): void {
    this.stats.published++;
    for (const subscription of this.#subscriptions) {
      if (!matchesFilter(subscription.filter, topic)) continue;
      const { queue, queueMax } = subscription;
      if (queue.length >= queueMax) {
        queue.shift();
        this.stats.dropped++;
      }
      queue.push({ topic, message });
      if (subscription.isDue) continue;
      subscription.isDue = true;
      setImmediate(() => this.#deliver(subscription));
    }
  }

  /** Returns what ends it; what waits then is not delivered. */
  subscribe(filter: string, handler: BusHandler, queueMax = DEFAULT_QUEUE_MAX): () => void {
    const subscription: Subscription = {
      filter,
      // What a handler leaves behind is its subscriber's, not the publisher's.
      handler: AsyncLocalStorage.bind(handler),
      queueMax,
      queue: [],
      isDue: false,
    };
    this.#subscriptions.add(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.queue.length = 0;
    };
  }

  #deliver(subscription: Subscription): void {
    subscription.isDue = false;
    const { queue, handler, filter } = subscription;
    // What is published meanwhile waits for the next turn: two that answer each other do not hold up the agent.
    for (const { topic, message } of queue.splice(0)) {
      try {
        handler(topic, message);
        this.stats.delivered++;
      } catch (error) {
        this.stats.failed++;
        this.#log.error('bus: a subscriber failed', { filter, topic, error: String(error) });
      }
    }
  }
}
