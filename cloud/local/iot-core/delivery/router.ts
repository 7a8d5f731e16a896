import type { Counters } from '../counters.js';
import type { Message } from './message.js';
import type { Session } from './session.js';
import { parseShared, SharedGroup } from './shared-group.js';
import { TopicFilters } from './topic-filters.js';

interface Subscription {
  session: Session;
  qos: 0 | 1;
}

/** Who gets a message: every session that subscribed, once, and one member of each shared subscription. */
export class Router {
  readonly #counters: Counters;
  readonly #subscribers = new TopicFilters<Subscription>();
  readonly #groups = new TopicFilters<SharedGroup>();
  /** By `$share/<name>/<filter>`. */
  readonly #groupByName = new Map<string, SharedGroup>();
  readonly #subscriptions = new WeakMap<Session, Map<string, Subscription>>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  subscribe(session: Session, filter: string, qos: 0 | 1): void {
    this.unsubscribe(session, filter);
    session.subscriptions.set(filter, qos);
    const shared = parseShared(filter);
    if (shared) {
      let group = this.#groupByName.get(filter);
      if (!group) {
        group = new SharedGroup(filter, this.#counters);
        this.#groupByName.set(filter, group);
        this.#groups.add(shared.filter, group);
      }
      group.members.set(session, qos);
      return;
    }
    const subscription = { session, qos };
    const own = this.#subscriptions.get(session) ?? new Map<string, Subscription>();
    this.#subscriptions.set(session, own.set(filter, subscription));
    this.#subscribers.add(filter, subscription);
  }

  unsubscribe(session: Session, filter: string): void {
    if (!session.subscriptions.delete(filter)) return;
    const shared = parseShared(filter);
    if (shared) {
      const group = this.#groupByName.get(filter);
      if (!group) return;
      group.members.delete(session);
      if (group.members.size > 0) return;
      this.#groupByName.delete(filter);
      this.#groups.remove(shared.filter, group);
      return;
    }
    const own = this.#subscriptions.get(session);
    const subscription = own?.get(filter);
    if (!own || !subscription) return;
    own.delete(filter);
    this.#subscribers.remove(filter, subscription);
  }

  unsubscribeAll(session: Session): void {
    for (const filter of [...session.subscriptions.keys()]) this.unsubscribe(session, filter);
  }

  /** The shared subscription of this filter, while it has members. */
  group(filter: string): SharedGroup | undefined {
    return this.#groupByName.get(filter);
  }

  route(message: Message): void {
    const found = this.#subscribers.match(message.topic);
    if (found.length === 1) found[0].session.outbox.offer(message, found[0].qos);
    else if (found.length > 1) for (const [session, qos] of once(found)) session.outbox.offer(message, qos);
    if (this.#groupByName.size === 0) return;
    for (const group of this.#groups.match(message.topic)) group.choose(message);
  }
}

/** Several filters of one session match: it gets the message once, at the highest QoS that it asked for. */
function once(subscriptions: readonly Subscription[]): Map<Session, 0 | 1> {
  const highest = new Map<Session, 0 | 1>();
  for (const { session, qos } of subscriptions) {
    if (qos > (highest.get(session) ?? -1)) highest.set(session, qos);
  }
  return highest;
}
