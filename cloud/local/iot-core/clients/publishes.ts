import type { Client } from 'aedes';
import type { Log } from '#wire/log.js';
import type { Admission, Publish } from '../admission.js';
import { sendNowhere } from '../aedes-parts.js';
import type { Answers } from '../answers.js';
import type { Counters } from '../counters.js';
import { reasonOfRefusal } from '../presence/reasons.js';
import { PublishQueue } from '../publish-queue.js';
import { Refusal } from '../refusal.js';
import type { Clients, Connected } from './clients.js';

export interface PublishesOptions {
  clients: Clients;
  admission: Admission;
  answers: Answers;
  counters: Counters;
  log: Log;
}

/** What clients publish, wills too. */
export class Publishes {
  readonly #options: PublishesOptions;

  constructor(options: PublishesOptions) {
    this.#options = options;
  }

  authorise(client: Client | null, publish: Publish, done: (error?: Error | null) => void): void {
    const { clients, admission } = this.#options;
    const connected = client && clients.get(client)?.connected;
    if (!connected) {
      done(new Refusal('identity', 'A publish from nobody who is connected.'));
      return;
    }
    // Aedes asks about a will when the connection is closed, and its queue with it.
    const queue = client.closed
      ? new PublishQueue<Publish>((will) => admission.admit(connected.connection, will))
      : connected.queue;
    const isWill = client.closed;
    queue.push(publish, (error) => {
      if (error) this.#refused(client, error);
      if (publish.discarded) sendNowhere(publish);
      done(error ?? null);
      if (error || publish.discarded) return;
      if (publish.qos === 1 && !client.closed) this.#options.counters.stats.acked++;
      if (!isWill) this.#answer(client, connected, publish);
    });
  }

  #refused(client: Client, error: Error): void {
    const { clients, log } = this.#options;
    clients.countRefusal(error);
    if (error instanceof Refusal) clients.endFor(client, reasonOfRefusal(error.reason));
    log.warn('A publish was refused; the connection is closed.', { clientId: client.id, why: error.message });
  }

  /** The shadow service ignores wills, and so do the others; rules and subscribers do not. */
  #answer(client: Client, { connection }: Connected, publish: Publish): void {
    const { answers } = this.#options;
    const route = connection.route(publish.topic);
    if (route.kind === 'shadow') answers.ofShadow(route.address, publish.payload);
    if (route.kind === 'service') answers.ofService(client, connection, route.call, publish);
  }
}
