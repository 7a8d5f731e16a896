import type { EventEmitter } from 'node:events';
import { Aedes, type Client } from 'aedes';
import type { RuleIngress } from '#rules/engine.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { Admission, type Publish } from './admission.js';
import { LibraryBus, LibraryStore } from './aedes-parts.js';
import { Announcements } from './announcements.js';
import { Answers } from './answers.js';
import type { Authoriser } from './authoriser.js';
import { type Arrival, Clients, dropWill } from './clients/clients.js';
import { Connects } from './clients/connects.js';
import { Publishes } from './clients/publishes.js';
import { Rights } from './clients/rights.js';
import { Subscriptions } from './clients/subscriptions.js';
import type { Counters } from './counters.js';
import { Distribution } from './delivery/distribution.js';
import type { Retained } from './delivery/retained.js';
import { Router } from './delivery/router.js';
import type { Session } from './delivery/session.js';
import type { SessionStore } from './delivery/session-store.js';
import { Sessions } from './delivery/sessions.js';
import type { Deviations } from './deviations.js';
import type { DeviceServices } from './device-services.js';
import type { Faults } from './faults.js';
import { Gate } from './gate.js';
import type { IotCoreLimits } from './limits.js';
import { guardPackets, type ParsedPacket } from './packet-guard.js';
import { type ConnectionRecord, Presence } from './presence/presence.js';
import type { DisconnectReason } from './presence/reasons.js';
import { Refusal } from './refusal.js';
import { routeOf } from './routes.js';
import type { ShadowService } from './shadow/service.js';

export interface BrokerOptions {
  authoriser: Authoriser;
  rules: RuleIngress;
  shadows: ShadowService;
  retained: Retained;
  /** Without it, persistent sessions end with the process. */
  sessionStore?: SessionStore;
  /** Jobs and provisioning; without them their topics are refused. */
  services?: DeviceServices;
  faults: Readonly<Faults>;
  /** Draws the faults. */
  random: Random;
  limits: IotCoreLimits;
  deviations: Deviations;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
  log: Log;
}

/** A connection whose PUBACKs, all the library itself has to say, are not taken for this long is cut. */
const DRAIN_TIMEOUT_MS = 10_000;
/** A packet over this multiple of the greatest payload is cut off unread; below, the refusal can name its topic. */
const PACKET_BYTES_FACTOR = 2;
/** Packets of QoS 2. */
const QOS_2_PACKETS: readonly string[] = ['pubrec', 'pubrel', 'pubcomp'];

/**
 * MQTT 3.1.1 as AWS IoT Core behaves, around aedes: aedes speaks the protocol, the decisions and the deliveries are ours.
 * Whatever is refused ends the connection, unless a deviation says otherwise.
 */
export class Broker {
  readonly retained: Retained;
  readonly #limits: IotCoreLimits;
  readonly #aedes: Aedes;
  readonly #clients: Clients;
  readonly #sessions: Sessions;
  readonly #presence: Presence;
  readonly #admission: Admission;
  readonly #distribution: Distribution;
  readonly #announcements: Announcements;
  readonly #answers: Answers;
  readonly #connects: Connects;
  readonly #publishes: Publishes;
  readonly #subscriptions: Subscriptions;
  readonly #rights: Rights;

  private constructor(options: BrokerOptions) {
    const { limits, wallClock, counters, log } = options;
    this.retained = options.retained;
    this.#limits = limits;
    const router = new Router(counters);
    const clients = new Clients(options);
    const sessions = new Sessions(router, { ...options, store: options.sessionStore });
    const presence = new Presence(limits, wallClock);
    const admission = new Admission(options);
    const distribution = new Distribution({ ...options, router });
    const announcements = new Announcements({ admission, distribution, log });
    const parts = { ...options, clients, sessions, presence, admission, distribution, announcements };
    const answers = new Answers(parts);
    const subscriptions = new Subscriptions(parts);
    this.#clients = clients;
    this.#sessions = sessions;
    this.#presence = presence;
    this.#admission = admission;
    this.#distribution = distribution;
    this.#announcements = announcements;
    this.#answers = answers;
    this.#subscriptions = subscriptions;
    this.#connects = new Connects({ ...parts, subscriptions, gate: new Gate(options) });
    this.#publishes = new Publishes({ ...parts, answers });
    this.#rights = new Rights(parts);
    this.#aedes = this.#newLibrary();
    this.#listen(log);
  }

  static async create(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    await broker.#sessions.restore();
    await broker.#aedes.listen();
    return broker;
  }

  /**
   * Takes over a connection whose certificate or signature is verified.
   *
   * @returns ends it for a reason that shows outside MQTT
   */
  handle(arrival: Arrival): (reason: DisconnectReason) => void {
    const client = this.#aedes.handle(arrival.stream);
    this.#clients.arrived(client, arrival);
    // The library forgets a client that another one of the same id has overtaken while it was being authenticated.
    arrival.stream.once('close', () => this.#connects.left(client));
    guardPackets(client, {
      bytesMax: this.#limits.payloadBytes * PACKET_BYTES_FACTOR,
      tooLong: () =>
        this.#clients.closeFor(
          client,
          new Refusal('payloadSize', 'A packet announces more than any publish may have.'),
        ),
      inspect: (packet) => this.#inspect(client, packet),
      refused: (refusal) => this.#clients.closeFor(client, refusal),
    });
    return (reason) => {
      this.#clients.endFor(client, reason);
      if (reason === 'CLIENT_INITIATED_DISCONNECT') dropWill(client);
      client.close();
    };
  }

  /**
   * A publish that did not come over MQTT: to the rules, to subscribers, or both, as its topic says. Resolves when the
   * rules have it. Raises Refusal for a topic that nobody may publish to.
   */
  async publish(publish: Publish, principal: string, hops?: number): Promise<void> {
    const route = routeOf(publish.topic, this.#limits);
    if (publish.retain && publish.topic.startsWith('$')) {
      throw new Refusal('retain', `A reserved topic retains nothing: ${publish.topic}.`);
    }
    if (route.kind === 'service') {
      throw new Refusal('reservedTopic', `Only a connection over MQTT can be answered on ${publish.topic}.`);
    }
    await this.#admission.admitUnconnected(publish, route, { principal, hops });
    if (publish.retain) await this.retained.keep(publish);
    this.#distribution.route(publish);
    if (route.kind === 'shadow') this.#answers.ofShadow(route.address, publish.payload);
  }

  /** Publishes what a service of AWS says on its own reserved topics: rules and subscribers get it. */
  announce(topic: string, payload: Buffer): Promise<void> {
    return this.#announcements.announce(topic, payload);
  }

  /** The connection of a client id, or the last one while AWS would still tell of it. */
  connection(clientId: string): ConnectionRecord | undefined {
    return this.#presence.find(clientId);
  }

  /** Granted QoS by filter; undefined when there is no session. */
  subscriptions(clientId: string): ReadonlyMap<string, 0 | 1> | undefined {
    return (this.#connectedSession(clientId) ?? this.#sessions.persistent(clientId))?.subscriptions;
  }

  /**
   * A message to one client, whether it subscribed or not.
   *
   * @param confirmed told whether the PUBACK came; without it the message is sent at QoS 0
   * @returns what became of it: the client is away, or its policies do not let it have the topic
   */
  send(
    clientId: string,
    publish: Publish,
    confirmed?: (acknowledged: boolean) => void,
  ): 'sent' | 'away' | 'mayNotReceive' {
    return this.#distribution.send(this.#connectedSession(clientId), publish, confirmed);
  }

  /** Ends a client's connection, and on request its session. False when there is neither. */
  async disconnect(
    clientId: string,
    reason: DisconnectReason,
    { endSession = false, preventWill = false } = {},
  ): Promise<boolean> {
    const client = this.#clients.registered.get(clientId);
    const had = client !== undefined || this.#sessions.persistent(clientId) !== undefined;
    if (client) {
      if (preventWill) dropWill(client);
      this.#clients.endFor(client, reason);
      await new Promise<void>((resolve) => client.close(resolve));
    }
    if (endSession) this.#sessions.drop(clientId);
    return had;
  }

  /** Client ids that are connected as this principal. */
  clientsOf(principal: string): string[] {
    return this.#clients.idsOf(principal);
  }

  async close(): Promise<void> {
    this.#announcements.close();
    await this.#distribution.close();
    this.#rights.close();
    for (const client of this.#clients.registered.values()) {
      this.#clients.endFor(client, 'SERVER_INITIATED_DISCONNECT');
    }
    const left = [...this.#clients.registered.values()];
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    // The library may still be about to say so: the store of the sessions closes next.
    for (const client of left) this.#connects.left(client);
  }

  /** The library with our decisions, our message bus and our store. */
  #newLibrary(): Aedes {
    const subscriptions = this.#subscriptions;
    return new Aedes({
      mq: new LibraryBus((packet) => this.#distribution.published(packet)),
      persistence: new LibraryStore({
        subscriptionsOf: (clientId) => subscriptions.ofSession(clientId),
        unsubscribed: (clientId, filters) => subscriptions.remove(this.#sessions.persistent(clientId), filters),
        retain: (packet) => this.retained.keep(packet),
      }),
      connectTimeout: this.#limits.connectPacketMs,
      drainTimeout: DRAIN_TIMEOUT_MS,
      preConnect: (client, packet, done) => this.#connects.asked(client, packet, done),
      authenticate: (client, username, password, done) =>
        this.#connects.authenticate(client, { clientId: client.id, username, password }, done),
      authorizePublish: (client, packet, done) => this.#publishes.authorise(client, packet as Publish, done),
      authorizeSubscribe: (client, subscription, done) => subscriptions.authorise(client, subscription, done),
    });
  }

  #listen(log: Log): void {
    const library = this.#aedes;
    library.on('client', (client) => this.#connects.registered(client));
    library.on('clientReady', (client) => this.#connects.ready(client));
    library.on('clientDisconnect', (client) => this.#connects.left(client));
    library.on('keepaliveTimeout', (client) => this.#clients.endFor(client, 'MQTT_KEEP_ALIVE_TIMEOUT'));
    library.on('clientError', (client, error) => this.#clients.failed(client, error));
    library.on('connectionError', (client, error) => this.#clients.failed(client, error));
    (library as EventEmitter).on('error', (error) => log.error('The broker failed.', { error: errorCode(error) }));
    library.on('subscribe', (subscriptions, client) => this.#subscriptions.subscribed(client, subscriptions));
    library.on('unsubscribe', (filters, client) => this.#subscriptions.unsubscribed(client, filters));
  }

  /** Before the library sees it. */
  #inspect(client: Client, { cmd, subscriptions, messageId }: ParsedPacket): Refusal | undefined {
    const max = this.#limits.subscriptionsPerRequest;
    if (cmd === 'disconnect') this.#clients.endFor(client, 'CLIENT_INITIATED_DISCONNECT');
    else if (cmd === 'puback') this.#clients.session(client)?.outbox.acknowledged(messageId ?? 0);
    else if (cmd === 'subscribe' && (subscriptions?.length ?? 0) > max) {
      return new Refusal('subscriptionLimit', `More than ${max} filters in one SUBSCRIBE.`);
    } else if (messageId === 0) {
      return new Refusal('packet', `A ${cmd} with the packet identifier 0.`);
    } else if (QOS_2_PACKETS.includes(cmd)) return new Refusal('qos2', 'QoS 2 is not supported by AWS IoT.');
    return undefined;
  }

  #connectedSession(clientId: string): Session | undefined {
    return this.#clients.registered.has(clientId) ? this.#sessions.get(clientId) : undefined;
  }
}
