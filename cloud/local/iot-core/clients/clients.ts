import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Client } from 'aedes';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Publish } from '../admission.js';
import type { Connection } from '../connection.js';
import type { Counters } from '../counters.js';
import type { Session } from '../delivery/session.js';
import type { Identity, Login } from '../identity.js';
import type { ConnectionRecord } from '../presence/presence.js';
import { type DisconnectReason, reasonOfError, reasonOfRefusal } from '../presence/reasons.js';
import type { PublishQueue } from '../publish-queue.js';
import { Refusal } from '../refusal.js';

/** A connection that has said nothing in MQTT yet. */
export interface Arrival {
  stream: Duplex;
  /** Asked at CONNECT. Rejects with Refusal. */
  identify(login: Login): Identity | Promise<Identity>;
  addresses: Pick<ConnectionRecord, 'sourceIp' | 'sourcePort' | 'targetIp' | 'targetPort'>;
}

/** What is known of a client of the library, more with each step. */
export interface Known {
  arrival: Arrival;
  sessionIdentifier: string;
  /** As CONNECT said. */
  asked?: { will: Publish | undefined; clientId: string; isPersistent: boolean; keepAliveSeconds: number };
  /** Since it was authenticated. */
  connected?: Connected;
  /** Why it ends; the first reason counts. */
  ending?: DisconnectReason;
}

export interface Connected {
  connection: Connection;
  queue: PublishQueue<Publish>;
  /** Filters of its persistent session that it may no longer have. */
  lost: string[];
  /** Since it is registered: any other with its client id is gone. */
  registered?: { session: Session; record: ConnectionRecord };
}

/** Who is on the line, and how somebody is shown out. */
export class Clients {
  /** Until they are gone. */
  readonly authenticated = new Set<Client>();
  /** By client id. */
  readonly registered = new Map<string, Client>();
  readonly #known = new WeakMap<Client, Known>();
  readonly #counters: Counters;
  readonly #log: Log;

  constructor({ counters, log }: { counters: Counters; log: Log }) {
    this.#counters = counters;
    this.#log = log;
  }

  arrived(client: Client, arrival: Arrival): void {
    this.#known.set(client, { arrival, sessionIdentifier: randomUUID() });
  }

  get(client: Client): Known | undefined {
    return this.#known.get(client);
  }

  session(client: Client): Session | undefined {
    return this.#known.get(client)?.connected?.registered?.session;
  }

  /** Client ids that are connected as this principal. */
  idsOf(principal: string): string[] {
    return [...this.registered].flatMap(([clientId, client]) =>
      this.#known.get(client)?.connected?.connection.principal === principal ? [clientId] : [],
    );
  }

  /** Says why a connection is about to end. */
  endFor(client: Client, reason: DisconnectReason): void {
    const known = this.#known.get(client);
    if (known) known.ending ??= reason;
  }

  closeFor(client: Client, refusal: Refusal): void {
    this.countRefusal(refusal);
    this.endFor(client, reasonOfRefusal(refusal.reason));
    this.#log.warn('The connection is closed.', { clientId: client.id, why: refusal.message });
    client.close();
  }

  /** Our own refusals were told when they were made. */
  failed(client: Client, error: Error): void {
    if (error instanceof Refusal) return;
    this.endFor(client, reasonOfError(error));
    this.#log.info('A connection failed.', { clientId: client.id, error: errorCode(error), why: error.message });
  }

  /** Runs a check and counts what it refuses. */
  refuse(check: () => void): Refusal | undefined {
    try {
      check();
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.countRefusal(error);
      return error;
    }
  }

  countRefusal(error: Error): void {
    this.#counters.count('refused', error instanceof Refusal ? error.reason : errorCode(error));
  }
}

/** The library publishes the will of any client that has one. */
export function dropWill(client: Client): void {
  (client as { will?: unknown }).will = undefined;
}
