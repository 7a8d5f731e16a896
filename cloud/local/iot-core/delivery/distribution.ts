import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Publish } from '../admission.js';
import type { Counters } from '../counters.js';
import { serviceCallOf } from '../device-services.js';
import { Disturbance } from '../disturbance.js';
import type { Faults } from '../faults.js';
import { BASIC_INGEST_PREFIX } from '../routes.js';
import { Message } from './message.js';
import type { Retained } from './retained.js';
import type { Router } from './router.js';
import type { Session } from './session.js';
import { isWildcard } from './topic-filters.js';

export interface DistributionOptions {
  router: Router;
  retained: Retained;
  faults: Readonly<Faults>;
  random: Random;
  counters: Counters;
  wallClock: Clock;
  log: Log;
}

type Outgoing = Pick<Publish, 'topic' | 'payload' | 'qos' | 'expiryMs'>;

/** From a publish to the sessions that get it; a few twice or late, as AWS promises neither order nor single delivery. */
export class Distribution {
  readonly #options: DistributionOptions;
  readonly #disturbance: Disturbance<Message>;

  constructor(options: DistributionOptions) {
    const { router, faults, counters, random, log } = options;
    this.#options = options;
    this.#disturbance = new Disturbance({
      pass: (message) => router.route(message),
      rates: () => ({ duplicate: faults.deliveryDuplicate, reorder: faults.deliveryReorder }),
      count: (what) => counters.stats[what === 'duplicated' ? 'deliveriesDuplicated' : 'deliveriesReordered']++,
      random,
      log,
    });
  }

  /** A client's publish. Nobody subscribes to what is for a service alone. */
  published(publish: Pick<Publish, 'topic' | 'payload' | 'qos'>): void {
    const { topic } = publish;
    // Frames first: they are most of what is published.
    if (topic.startsWith(BASIC_INGEST_PREFIX) || !topic.startsWith('$') || !serviceCallOf(topic)) this.route(publish);
  }

  /** To all who subscribed. Basic Ingest has no subscribers. */
  route(publish: Outgoing): void {
    if (!publish.topic.startsWith(BASIC_INGEST_PREFIX)) void this.#disturbance.push(this.#message(publish));
  }

  /** Hands on what is held back. */
  close(): Promise<void> {
    return this.#disturbance.close();
  }

  /**
   * To one session, whether it subscribed or not.
   *
   * @param confirmed told whether the PUBACK came; without it the message is sent at QoS 0
   * @returns what became of it: the client is away, or its policies do not let it have the topic
   */
  send(
    session: Session | undefined,
    publish: Outgoing,
    confirmed?: (acknowledged: boolean) => void,
  ): 'sent' | 'away' | 'mayNotReceive' {
    if (!session?.outbox.connected) return 'away';
    if (!session.outbox.takes(publish.topic)) return 'mayNotReceive';
    session.outbox.direct(this.#message(publish), confirmed);
    return 'sent';
  }

  subscribe(session: Session, filter: string, qos: 0 | 1): void {
    this.#options.router.subscribe(session, filter, qos);
    // A wildcard subscription gets no retained messages, a shared one neither.
    const retained = isWildcard(filter) ? undefined : this.#options.retained.get(filter);
    if (retained) session.outbox.offer(this.#message(retained, true), qos);
  }

  unsubscribe(session: Session, filter: string): void {
    this.#options.router.unsubscribe(session, filter);
  }

  #message(publish: Outgoing, retain = false): Message {
    const { expiryMs } = publish;
    return new Message(publish, { publishedAtMs: this.#options.wallClock.nowMs(), retain, expiryMs });
  }
}
