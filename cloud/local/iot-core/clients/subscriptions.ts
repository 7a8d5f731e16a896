import type { Client, Subscription } from 'aedes';
import type { Clock } from '#wire/clock.js';
import type { Announcements } from '../announcements.js';
import type { Distribution } from '../delivery/distribution.js';
import type { Session } from '../delivery/session.js';
import type { Sessions } from '../delivery/sessions.js';
import type { Deviations } from '../deviations.js';
import { subscriptionsEvent } from '../presence/lifecycle.js';
import { reasonOfRefusal } from '../presence/reasons.js';
import { Refusal } from '../refusal.js';
import type { Clients } from './clients.js';

export interface SubscriptionsOptions {
  clients: Clients;
  sessions: Sessions;
  distribution: Distribution;
  announcements: Announcements;
  deviations: Pick<Deviations, 'refusedSubscription'>;
  raceClock: Clock;
}

type SubscribeDone = (error: Error | null, granted?: Subscription | null) => void;

/** Whether the library is bringing back what a session had: that comes before CONNACK, what a client asks for after it. */
const isRestoring = (client: Client): boolean => !(client as unknown as { connackSent: boolean }).connackSent;

/** MQTT 3.1.1, §3.9.3. */
const SUBACK_FAILURE = 0x80;

/**
 * The library tells a client that its session is present when it brings a subscription back. A session without any brings this
 * one, which is not granted; no client can ask for it.
 */
const NO_SUBSCRIPTION = { topic: '$session', qos: 0 } as const;

/** SUBSCRIBE and UNSUBSCRIBE. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #clients: Clients;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#clients = options.clients;
  }

  authorise(client: Client, subscription: Subscription, done: SubscribeDone): void {
    if (isRestoring(client) && subscription.topic === NO_SUBSCRIPTION.topic) {
      done(null, null);
      return;
    }
    const refusal = this.#refusalOf(client, subscription);
    // A filter that a session brought back is only left out: closing would keep its client away for good.
    if (refusal && (isRestoring(client) || this.#isAnswered(refusal))) done(null, null);
    else done(refusal ?? null, subscription);
  }

  /** Called when the SUBACK is written: no message comes before it. */
  subscribed(client: Client, subscriptions: readonly { topic: string; qos: number }[]): void {
    const registered = this.#clients.get(client)?.connected?.registered;
    if (!registered) return;
    const { session, record } = registered;
    const granted = subscriptions.filter(({ qos }) => qos !== SUBACK_FAILURE);
    if (granted.length === 0) return;
    const { distribution, announcements } = this.#options;
    for (const { topic, qos } of granted as { topic: string; qos: 0 | 1 }[]) {
      distribution.subscribe(session, topic, qos);
    }
    this.#options.sessions.changed(session);
    const topics = granted.map(({ topic }) => topic);
    announcements.tell(client.id, subscriptionsEvent('subscribed', record, { topics, atMs: this.#raceMs() }));
  }

  unsubscribed(client: Client, filters: readonly string[]): void {
    const connected = this.#clients.get(client)?.connected;
    // The library says so at the end of a connection too: that is no UNSUBSCRIBE.
    if (!connected?.registered || client.closed) return;
    const { session, record } = connected.registered;
    this.remove(session, filters);
    for (const filter of filters) connected.connection.unsubscribe(filter);
    const event = subscriptionsEvent('unsubscribed', record, { topics: filters, atMs: this.#raceMs() });
    this.#options.announcements.tell(client.id, event);
  }

  remove(session: Session | undefined, filters: readonly string[]): void {
    if (!session || filters.length === 0) return;
    const { distribution, sessions } = this.#options;
    for (const filter of filters) distribution.unsubscribe(session, filter);
    sessions.changed(session);
  }

  /** Of the persistent session that a client resumes. */
  ofSession(clientId: string): { topic: string; qos: 0 | 1 }[] {
    const session = this.#options.sessions.persistent(clientId);
    if (!session) return [];
    if (session.subscriptions.size === 0) return [NO_SUBSCRIPTION];
    return [...session.subscriptions].map(([topic, qos]) => ({ topic, qos }));
  }

  #refusalOf(client: Client, { topic, qos }: Subscription): Refusal | undefined {
    const connected = this.#clients.get(client)?.connected;
    if (!connected) return new Refusal('identity', 'A subscription of nobody who is connected.');
    const refusal = this.#clients.refuse(() => connected.connection.subscribe(topic, qos));
    if (refusal && isRestoring(client)) connected.lost.push(topic);
    else if (refusal && !this.#isAnswered(refusal)) this.#clients.endFor(client, reasonOfRefusal(refusal.reason));
    return refusal;
  }

  #isAnswered({ reason }: Refusal): boolean {
    return reason === 'notAuthorised' && this.#options.deviations.refusedSubscription === 'answer';
  }

  #raceMs(): number {
    return Math.round(this.#options.raceClock.nowMs());
  }
}
