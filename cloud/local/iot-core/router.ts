import { TopicFilters } from './topic-filters.js';

/** A message under way inside the broker, as aedes has it. */
export interface RoutedPacket {
  topic: string;
}

type Listener = (packet: RoutedPacket, done: () => void) => void;

/**
 * Carries a published message to the connections that subscribed: what aedes calls its emitter (`mq`). Ours matches as AWS
 * does and has no bound on messages under way: a subscriber that stops reading is shed, not waited for.
 */
export class Router {
  readonly #listeners = new TopicFilters<Listener>();
  #closed = false;

  on(filter: string, listener: Listener, done?: () => void): this {
    this.#listeners.add(filter, listener);
    if (done) setImmediate(done);
    return this;
  }

  removeListener(filter: string, listener: Listener, done?: () => void): this {
    this.#listeners.remove(filter, listener);
    if (done) setImmediate(done);
    return this;
  }

  /** `done` when every subscriber's connection has taken the message. */
  emit(packet: RoutedPacket, done: (error?: Error) => void): this {
    const listeners = this.#closed ? [] : this.#listeners.match(packet.topic);
    let left = listeners.length;
    if (left === 0) {
      done();
      return this;
    }
    const taken = () => {
      left -= 1;
      if (left === 0) done();
    };
    for (const listener of listeners) listener(packet, taken);
    return this;
  }

  close(done: () => void): void {
    this.#closed = true;
    setImmediate(done);
  }
}
