/** A client's way through the broker: CONNECT, authenticated, registered, ready, left. */
import { randomUUID } from 'node:crypto';
import type { AuthenticateError, Client, ConnectPacket } from 'aedes';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Admission, Publish } from '../admission.js';
import type { Announcements } from '../announcements.js';
import type { Connection } from '../connection.js';
import type { Counters } from '../counters.js';
import { ClientLink } from '../delivery/link.js';
import type { Sessions } from '../delivery/sessions.js';
import type { Deviations } from '../deviations.js';
import type { Gate } from '../gate.js';
import type { Identity, Login } from '../identity.js';
import type { IotCoreLimits } from '../limits.js';
import { connectedEvent, connectFailedEvent, disconnectedEvent } from '../presence/lifecycle.js';
import type { Presence } from '../presence/presence.js';
import { reasonOfRefusal } from '../presence/reasons.js';
import { PublishQueue } from '../publish-queue.js';
import { Refusal, type RefusalReason } from '../refusal.js';
import type { Clients, Known } from './clients.js';
import type { Subscriptions } from './subscriptions.js';

export interface ConnectsOptions {
  clients: Clients;
  gate: Gate;
  admission: Admission;
  sessions: Sessions;
  subscriptions: Subscriptions;
  presence: Presence;
  announcements: Announcements;
  limits: IotCoreLimits;
  deviations: Pick<Deviations, 'refusedConnect' | 'mqtt31'>;
  raceClock: Clock;
  counters: Counters;
  log: Log;
}

type AuthenticateDone = (error: AuthenticateError | null, success: boolean | null) => void;

/** Protocol level; 4 is MQTT 3.1.1. */
const MQTT_3_1 = 3;
const UNKNOWN_VERSION = 0;
/** Return codes of CONNACK (MQTT 3.1.1, §3.2.2.3). */
const RETURN_CODE: Partial<Record<RefusalReason, number>> = { clientId: 2, connectRate: 3 };
const NOT_AUTHORISED = 5;

export class Connects {
  readonly #options: ConnectsOptions;
  readonly #clients: Clients;

  constructor(options: ConnectsOptions) {
    this.#options = options;
    this.#clients = options.clients;
  }

  asked(client: Client, packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    const { keepAliveMinSeconds: min, keepAliveMaxSeconds: max } = this.#options.limits;
    const known = this.#clients.get(client) as Known;
    const { clientId, clean, keepalive: keepAliveSeconds = 0 } = packet;
    // The library refuses a version that it does not know, with return code 1.
    if (packet.protocolVersion === MQTT_3_1 && this.#options.deviations.mqtt31 === 'refuse') {
      Object.assign(packet, { protocolVersion: UNKNOWN_VERSION });
    }
    if (clientId === '') packet.clientId = randomUUID();
    // AWS: 0 and anything longer mean the longest, anything shorter the shortest.
    packet.keepalive = keepAliveSeconds ? Math.min(max, Math.max(min, keepAliveSeconds)) : max;
    known.asked = { will: packet.will as Publish | undefined, clientId, isPersistent: !clean, keepAliveSeconds };
    done(null, true);
  }

  authenticate(client: Client, login: Login, done: AuthenticateDone): void {
    const { arrival } = this.#clients.get(client) as Known;
    const identified = arrival.identify(login);
    if (!(identified instanceof Promise)) {
      this.#admit(client, () => identified, done);
      return;
    }
    identified
      .then(
        (identity) => this.#admit(client, () => identity, done),
        (error: unknown) => this.#admit(client, () => raise(error), done),
      )
      .catch((error: unknown) => {
        this.#options.log.error('A client could not be admitted.', { error: errorCode(error) });
        client.close();
      });
  }

  registered(client: Client): void {
    const known = this.#clients.get(client);
    if (!known?.connected || !known.asked) return;
    const { sessions, subscriptions, presence, announcements, counters } = this.#options;
    const { connected, arrival, asked, sessionIdentifier } = known;
    const session = sessions.open(client.id, client.clean);
    subscriptions.remove(session, connected.lost);
    const record = presence.connected({
      clientId: client.id,
      sessionIdentifier,
      principal: connected.connection.principal,
      thingName: connected.connection.exclusiveThing,
      clean: client.clean,
      keepAliveSeconds: asked.keepAliveSeconds,
      ...arrival.addresses,
      connectedAtMs: this.#raceMs(),
    });
    connected.registered = { session, record };
    this.#clients.registered.set(client.id, client);
    counters.stats.connections++;
    announcements.tell(client.id, connectedEvent(record));
    // The library registers a client that left while it was being admitted, and says nothing of its end.
    if (client.closed) this.left(client);
  }

  ready(client: Client): void {
    this.#options.counters.stats.connects++;
    const { connected, arrival } = this.#clients.get(client) ?? {};
    if (!connected?.registered || !arrival) return;
    const link = new ClientLink(arrival.stream, connected.connection, this.#options.raceClock);
    connected.registered.session.outbox.attach(link);
  }

  left(client: Client): void {
    this.#clients.authenticated.delete(client);
    const known = this.#clients.get(client);
    if (!known?.connected?.registered) return;
    const { sessions, presence, announcements, counters } = this.#options;
    const { connected, ending = 'CONNECTION_LOST' } = known;
    const { session, record } = known.connected.registered;
    connected.registered = undefined;
    counters.stats.connections--;
    counters.stats.abandoned += connected.queue.close();
    counters.count('disconnects', ending);
    const { registered } = this.#clients;
    if (registered.get(client.id) === client) registered.delete(client.id);
    sessions.left(session);
    const end = { atMs: this.#raceMs(), reason: ending };
    presence.disconnected(record, end.reason, end.atMs);
    announcements.tell(client.id, disconnectedEvent(record, end));
  }

  #admit(client: Client, identify: () => Identity, done: AuthenticateDone): void {
    if (client.closed) return;
    const refusal = this.#clients.refuse(() => {
      const known = this.#clients.get(client) as Known;
      const other = this.#clients.registered.get(client.id);
      const connection = this.#admitOrTell(client, known, identify(), other);
      const queue = new PublishQueue<Publish>((publish) => this.#options.admission.admit(connection, publish));
      known.connected = { connection, queue, lost: [] };
      this.#clients.authenticated.add(client);
      if (other) this.#clients.endFor(other, 'DUPLICATE_CLIENTID');
    });
    if (!refusal) {
      done(null, true);
      return;
    }
    this.#options.log.warn('A client was refused.', { clientId: client.id, why: refusal.message });
    if (this.#options.deviations.refusedConnect === 'close') {
      client.close();
      return;
    }
    done(Object.assign(refusal, { returnCode: RETURN_CODE[refusal.reason] ?? NOT_AUTHORISED }), false);
  }

  /** Raises Refusal, after the event that tells of it. */
  #admitOrTell(
    client: Client,
    { asked, sessionIdentifier }: Known,
    identity: Identity,
    other: Client | undefined,
  ): Connection {
    const isThingConnected = (other && this.#clients.get(other)?.connected?.connection.isThing) ?? false;
    try {
      const { clientId = '', isPersistent = false, will } = asked ?? {};
      if (clientId === '' && isPersistent) throw new Refusal('clientId', 'A persistent session needs a client id.');
      const request = { clientId: client.id, isPersistent, will };
      return this.#options.gate.admit(identity, request, isThingConnected);
    } catch (error) {
      const { principal, sourceIp } = identity;
      const who = { clientId: client.id, principal, sessionIdentifier, sourceIp, thingName: undefined };
      // AWS tells of who may not, not of who asks in the wrong way.
      if (error instanceof Refusal && reasonOfRefusal(error.reason) === 'AUTH_ERROR') {
        this.#options.announcements.tell(client.id, connectFailedEvent(who, this.#raceMs()));
      }
      throw error;
    }
  }

  #raceMs(): number {
    return Math.round(this.#options.raceClock.nowMs());
  }
}

function raise(error: unknown): never {
  throw error;
}
