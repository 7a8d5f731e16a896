import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket } from 'aedes';
import type { RuleIngress } from '#rules/engine.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { Admission, type Publish } from './admission.js';
import { LibraryBus, LibraryStore } from './aedes-parts.js';
import type { Authoriser } from './authoriser.js';
import type { Connection } from './connection.js';
import type { Counters } from './counters.js';
import { ClientLink } from './delivery/link.js';
import { Message } from './delivery/message.js';
import type { Retained } from './delivery/retained.js';
import { Router } from './delivery/router.js';
import type { Session } from './delivery/session.js';
import { Sessions } from './delivery/sessions.js';
import { isWildcard } from './delivery/topic-filters.js';
import { type DeviceServices, type ServiceCall, serviceCallOf } from './device-services.js';
import { Gate } from './gate.js';
import type { Identity, Login } from './identity.js';
import type { IotCoreLimits } from './limits.js';
import { guardPackets, type ParsedPacket } from './packet-guard.js';
import {
  connectedEvent,
  connectFailedEvent,
  disconnectedEvent,
  hasEvents,
  type LifecycleEvent,
  subscriptionsEvent,
} from './presence/lifecycle.js';
import { type ConnectionRecord, Presence } from './presence/presence.js';
import { type DisconnectReason, reasonOfError, reasonOfRefusal } from './presence/reasons.js';
import { PublishQueue } from './publish-queue.js';
import { Refusal } from './refusal.js';
import { BASIC_INGEST_PREFIX, routeOf } from './routes.js';
import type { ShadowService } from './shadow/service.js';
import type { ShadowAddress } from './shadow/topics.js';

export interface BrokerOptions {
  authoriser: Authoriser;
  /** What a refused SUBSCRIBE brings: the end of the connection, as in AWS, or a SUBACK that says so (0x80). Default `close`. */
  refusedSubscription?: 'close' | 'answer';
  rules: RuleIngress;
  shadows: ShadowService;
  retained: Retained;
  /** Jobs and provisioning; without them their topics are refused. */
  services?: DeviceServices;
  limits: IotCoreLimits;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
  log: Log;
}

/** A connection that has said nothing in MQTT yet. */
export interface Arrival {
  stream: Duplex;
  /** Asked at CONNECT. Rejects with Refusal. */
  identify(login: Login): Identity | Promise<Identity>;
  addresses: Pick<ConnectionRecord, 'sourceIp' | 'sourcePort' | 'targetIp' | 'targetPort'>;
}

/** A connection whose PUBACKs, all the library itself has to say, are not taken for this long is cut. */
const DRAIN_TIMEOUT_MS = 10_000;
/** A packet over this multiple of the greatest payload is cut off unread; below, the refusal can name its topic. */
const PACKET_BYTES_FACTOR = 2;
const CONNACK_UNAVAILABLE = 3;
const CONNACK_NOT_AUTHORISED = 5;
/** MQTT 3.1.1, §3.9.3. */
const SUBACK_FAILURE = 0x80;
/** Packets of QoS 2. */
const QOS_2_PACKETS: readonly string[] = ['pubrec', 'pubrel', 'pubcomp'];

type Outgoing = Pick<Publish, 'topic' | 'payload' | 'qos' | 'expiryMs'>;

/** What is known of a client of the library, more with each step. */
interface Known {
  arrival: Arrival;
  sessionIdentifier: string;
  /** As CONNECT said. */
  asked?: { will: Publish | undefined; clientId: string; isPersistent: boolean; keepAliveSeconds: number };
  /** Since it was authenticated. */
  connected?: Connected;
  /** Why it ends; the first reason counts. */
  ending?: DisconnectReason;
}

type AuthenticateDone = (error: AuthenticateError | null, success: boolean | null) => void;

interface Connected {
  connection: Connection;
  queue: PublishQueue<Publish>;
  /** Filters of its persistent session that it may no longer have. */
  lost: string[];
  /** Since it is registered: any other with its client id is gone. */
  registered?: { session: Session; record: ConnectionRecord };
}

/**
 * MQTT 3.1.1 as AWS IoT Core behaves, around aedes: aedes speaks the protocol, the decisions and the deliveries are ours.
 * A refused publish or subscription closes the connection, a refused connection gets CONNACK 5 (too many: 3).
 */
export class Broker {
  readonly retained: Retained;
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #router: Router;
  readonly #sessions: Sessions;
  readonly #presence: Presence;
  readonly #gate: Gate;
  readonly #admission: Admission;
  readonly #known = new WeakMap<Client, Known>();
  /** Authenticated clients, until they are gone. */
  readonly #authenticated = new Set<Client>();
  /** Principals whose rights changed, until open connections learn of it. */
  readonly #changed = new Set<string>();
  readonly #stopListening: () => void;
  /** Registered clients by client id. */
  readonly #clients = new Map<string, Client>();
  #closing = false;

  private constructor(options: BrokerOptions) {
    const { limits, wallClock, counters, log, authoriser } = options;
    this.#options = options;
    this.#stopListening = authoriser.onChange((principals) => this.#rightsChanged(principals));
    this.retained = options.retained;
    this.#router = new Router(counters);
    this.#sessions = new Sessions(this.#router, options);
    this.#presence = new Presence(limits, wallClock);
    this.#gate = new Gate(options);
    this.#admission = new Admission(options);
    this.#aedes = new Aedes({
      mq: new LibraryBus((packet) => this.#published(packet)),
      persistence: new LibraryStore({
        subscriptionsOf: (clientId) => this.#subscriptionsOfSession(clientId),
        unsubscribed: (clientId, filters) => this.#unsubscribe(this.#sessions.persistent(clientId), filters),
        retain: (packet) => this.retained.keep(packet),
      }),
      connectTimeout: limits.connectPacketMs,
      drainTimeout: DRAIN_TIMEOUT_MS,
      preConnect: (client, packet, done) => this.#preConnect(client, packet, done),
      authenticate: (client, username, password, done) =>
        this.#authenticate(client, { clientId: client.id, username, password }, done),
      authorizePublish: (client, packet, done) => this.#authorisePublish(client, packet as Publish, done),
      authorizeSubscribe: (client, subscription, done) => {
        const refusal = this.#authoriseSubscribe(client, subscription);
        // A filter that a session brought back is only left out: closing would keep its client away for good.
        if (refusal && (!client.connected || this.#isAnswered(refusal))) done(null, null);
        else done(refusal ?? null, subscription);
      },
    });
    this.#aedes.on('client', (client) => this.#registered(client));
    this.#aedes.on('clientReady', (client) => this.#ready(client));
    this.#aedes.on('clientDisconnect', (client) => this.#left(client));
    this.#aedes.on('keepaliveTimeout', (client) => this.#endFor(client, 'MQTT_KEEP_ALIVE_TIMEOUT'));
    this.#aedes.on('clientError', (client, error) => this.#clientFailed(client, error));
    this.#aedes.on('connectionError', (client, error) => this.#clientFailed(client, error));
    (this.#aedes as EventEmitter).on('error', (error) => log.error('The broker failed.', { error: errorCode(error) }));
    this.#aedes.on('subscribe', (subscriptions, client) => this.#subscribed(client, subscriptions));
    this.#aedes.on('unsubscribe', (filters, client) => this.#unsubscribed(client, filters));
  }

  static async create(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
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
    this.#known.set(client, { arrival, sessionIdentifier: randomUUID() });
    // The library forgets a client that another one of the same id has overtaken while it was being authenticated.
    arrival.stream.once('close', () => this.#left(client));
    guardPackets(client, {
      bytesMax: this.#options.limits.payloadBytes * PACKET_BYTES_FACTOR,
      tooLong: () =>
        this.#closeFor(client, new Refusal('payloadSize', 'A packet announces more than any publish may have.')),
      inspect: (packet) => this.#inspect(client, packet),
      refused: (refusal) => this.#closeFor(client, refusal),
    });
    return (reason) => {
      this.#endFor(client, reason);
      if (reason === 'CLIENT_INITIATED_DISCONNECT') dropWill(client);
      client.close();
    };
  }

  /**
   * A publish that did not come over MQTT: to the rules, to subscribers, or both, as its topic says. Resolves when the
   * rules have it. Raises Refusal for a topic that nobody may publish to.
   */
  async publish(publish: Publish, principal: string, hops?: number): Promise<void> {
    const route = routeOf(publish.topic, this.#options.limits);
    if (publish.retain && publish.topic.startsWith('$')) {
      throw new Refusal('retain', `A reserved topic retains nothing: ${publish.topic}.`);
    }
    if (route.kind === 'service') {
      throw new Refusal('reservedTopic', `Only a connection over MQTT can be answered on ${publish.topic}.`);
    }
    await this.#admission.admitUnconnected(publish, route, { principal, hops });
    if (publish.retain) await this.retained.keep(publish);
    this.#route(publish);
    if (route.kind === 'shadow') this.#answerShadow(route.address, publish.payload);
  }

  /** Publishes what a service of AWS says on its own reserved topics: rules and subscribers get it. */
  async announce(topic: string, payload: Buffer): Promise<void> {
    const publish: Publish = { topic, payload, qos: 1, retain: false };
    await this.#admission.toRules({ kind: 'topic' }, publish, { clientId: '', principal: '' });
    this.#route(publish);
  }

  /** The connection of a client id, or the last one while AWS would still tell of it. */
  connection(clientId: string): ConnectionRecord | undefined {
    return this.#presence.find(clientId);
  }

  /** Granted QoS by filter; undefined when there is no session. */
  subscriptions(clientId: string): ReadonlyMap<string, 0 | 1> | undefined {
    return (this.#clients.has(clientId) ? this.#sessions.get(clientId) : this.#sessions.persistent(clientId))
      ?.subscriptions;
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
    const session = this.#clients.has(clientId) ? this.#sessions.get(clientId) : undefined;
    if (!session?.outbox.connected) return 'away';
    if (!session.outbox.takes(publish.topic)) return 'mayNotReceive';
    session.outbox.direct(this.#message(publish), confirmed);
    return 'sent';
  }

  /** Ends a client's connection, and on request its session. False when there is neither. */
  async disconnect(
    clientId: string,
    reason: DisconnectReason,
    { endSession = false, preventWill = false } = {},
  ): Promise<boolean> {
    const client = this.#clients.get(clientId);
    const had = client !== undefined || this.#sessions.persistent(clientId) !== undefined;
    if (client) {
      if (preventWill) dropWill(client);
      this.#endFor(client, reason);
      await new Promise<void>((resolve) => client.close(resolve));
    }
    if (endSession) this.#sessions.drop(clientId);
    return had;
  }

  /** Client ids that are connected as this principal. */
  clientsOf(principal: string): string[] {
    return [...this.#clients].flatMap(([clientId, client]) =>
      this.#known.get(client)?.connected?.connection.principal === principal ? [clientId] : [],
    );
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#stopListening();
    for (const client of this.#clients.values()) this.#endFor(client, 'SERVER_INITIATED_DISCONNECT');
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  // A client's way: CONNECT, authenticated, registered, ready, left.

  #preConnect(client: Client, packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    const { keepAliveMinSeconds: min, keepAliveMaxSeconds: max } = this.#options.limits;
    const known = this.#known.get(client) as Known;
    const { clientId, clean, keepalive: keepAliveSeconds = 0 } = packet;
    // AWS: 0 and anything longer mean the longest, anything shorter the shortest.
    packet.keepalive = keepAliveSeconds ? Math.min(max, Math.max(min, keepAliveSeconds)) : max;
    known.asked = { will: packet.will as Publish | undefined, clientId, isPersistent: !clean, keepAliveSeconds };
    done(null, true);
  }

  #authenticate(client: Client, login: Login, done: AuthenticateDone): void {
    const { arrival } = this.#known.get(client) as Known;
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

  #admit(client: Client, identify: () => Identity, done: AuthenticateDone): void {
    if (client.closed) return;
    const refusal = this.#refuse(() => {
      const known = this.#known.get(client) as Known;
      const other = this.#clients.get(client.id);
      const connection = this.#admitOrTell(client, known, identify(), other);
      known.connected = { connection, queue: this.#newQueue(connection), lost: [] };
      this.#authenticated.add(client);
      if (other) this.#endFor(other, 'DUPLICATE_CLIENTID');
    });
    if (!refusal) {
      done(null, true);
      return;
    }
    this.#options.log.warn('A client was refused.', { clientId: client.id, why: refusal.message });
    const returnCode = refusal.reason === 'connectRate' ? CONNACK_UNAVAILABLE : CONNACK_NOT_AUTHORISED;
    done(Object.assign(refusal, { returnCode }), false);
  }

  /** Raises Refusal, after the event that tells of it. */
  #admitOrTell(
    client: Client,
    { asked, sessionIdentifier }: Known,
    identity: Identity,
    other: Client | undefined,
  ): Connection {
    const isThingConnected = (other && this.#known.get(other)?.connected?.connection.isThing) ?? false;
    try {
      const clientId = asked?.clientId === '' ? client.id : (asked?.clientId ?? '');
      const request = { clientId, isPersistent: asked?.isPersistent ?? false, will: asked?.will };
      return this.#gate.admit(identity, request, isThingConnected);
    } catch (error) {
      const { principal, sourceIp } = identity;
      const who = { clientId: client.id, principal, sessionIdentifier, sourceIp, thingName: undefined };
      if (error instanceof Refusal && error.reason !== 'connectRate') {
        this.#tell(client.id, connectFailedEvent(who, this.#raceMs()));
      }
      throw error;
    }
  }

  #registered(client: Client): void {
    const known = this.#known.get(client);
    if (!known?.connected || !known.asked) return;
    const { connected, arrival, asked, sessionIdentifier } = known;
    const session = this.#sessions.open(client.id, client.clean);
    this.#unsubscribe(session, connected.lost);
    const record = this.#presence.connected({
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
    this.#clients.set(client.id, client);
    this.#options.counters.stats.connections++;
    this.#tell(client.id, connectedEvent(record));
    // The library registers a client that left while it was being admitted, and says nothing of its end.
    if (client.closed) this.#left(client);
  }

  #ready(client: Client): void {
    this.#options.counters.stats.connects++;
    const { connected, arrival } = this.#known.get(client) ?? {};
    if (!connected?.registered || !arrival) return;
    const link = new ClientLink(arrival.stream, connected.connection, this.#options.raceClock);
    connected.registered.session.outbox.attach(link);
  }

  #left(client: Client): void {
    this.#authenticated.delete(client);
    const known = this.#known.get(client);
    if (!known?.connected?.registered) return;
    const { connected, ending = 'CONNECTION_LOST' } = known;
    const { session, record } = known.connected.registered;
    connected.registered = undefined;
    const { stats } = this.#options.counters;
    stats.connections--;
    stats.abandoned += connected.queue.close();
    this.#options.counters.count('disconnects', ending);
    if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
    this.#sessions.left(session);
    const end = { atMs: this.#raceMs(), reason: ending };
    this.#presence.disconnected(record, end.reason, end.atMs);
    this.#tell(client.id, disconnectedEvent(record, end));
  }

  // What a client says.

  /** Before the library sees it. */
  #inspect(client: Client, { cmd, subscriptions, messageId }: ParsedPacket): Refusal | undefined {
    const max = this.#options.limits.subscriptionsPerRequest;
    if (cmd === 'disconnect') this.#endFor(client, 'CLIENT_INITIATED_DISCONNECT');
    else if (cmd === 'puback') this.#session(client)?.outbox.acknowledged(messageId ?? 0);
    else if (cmd === 'subscribe' && (subscriptions?.length ?? 0) > max) {
      return new Refusal('subscriptionLimit', `More than ${max} filters in one SUBSCRIBE.`);
    } else if (QOS_2_PACKETS.includes(cmd)) return new Refusal('qos2', 'QoS 2 is not supported by AWS IoT.');
    return undefined;
  }

  #newQueue(connection: Connection): PublishQueue<Publish> {
    return new PublishQueue((publish) => this.#admission.admit(connection, publish));
  }

  #authorisePublish(client: Client | null, publish: Publish, done: (error?: Error | null) => void): void {
    const connected = client && this.#known.get(client)?.connected;
    if (!connected) {
      done(new Refusal('identity', 'A publish from nobody who is connected.'));
      return;
    }
    const { connection } = connected;
    // Aedes asks about a will when the connection is closed. The shadow service ignores wills; rules and subscribers do not.
    const isWill = client.closed;
    const queue = isWill ? this.#newQueue(connection) : connected.queue;
    queue.push(publish, (error) => {
      const { counters, log } = this.#options;
      if (error) {
        this.#countRefusal(error);
        if (error instanceof Refusal) this.#endFor(client, reasonOfRefusal(error.reason));
        log.warn('A publish was refused; the connection is closed.', { clientId: client.id, why: error.message });
        done(error);
        return;
      }
      done(null);
      if (publish.qos === 1 && !client.closed) counters.stats.acked++;
      if (isWill) return;
      const route = connection.route(publish.topic);
      if (route.kind === 'shadow') this.#answerShadow(route.address, publish.payload);
      if (route.kind === 'service') this.#answerCall(client, connection, route.call, publish);
    });
  }

  /** To this very connection: another one of the same client id may be somebody else's. */
  #answerCall(client: Client, connection: Connection, call: ServiceCall, { topic, payload }: Publish): void {
    const { services, counters, log } = this.#options;
    if (!services) {
      this.#closeFor(client, new Refusal('reservedTopic', `Nobody answers on ${topic}: there is no registry.`));
      return;
    }
    const answer = async () => {
      const said = await services.answer(call, topic, Buffer.from(payload), connection);
      counters.count('services', `${call.service} ${call.request.operation} ${said.topic.slice(topic.length + 1)}`);
      if (this.#clients.get(client.id) !== client) return;
      this.send(client.id, { topic: said.topic, payload: toJson(said.payload), qos: 0, retain: false });
    };
    answer().catch((error: unknown) => {
      log.error('A request could not be answered.', { topic, error: errorCode(error) });
    });
  }

  #answerShadow(address: ShadowAddress, payload: Buffer | string): void {
    const { shadows, counters, log } = this.#options;
    const answer = async () => {
      const outcome = await shadows.handle(address, Buffer.from(payload));
      counters.count('shadow', `${address.verb} ${outcome.status}`);
      await Promise.all(outcome.messages.map((each) => this.announce(each.topic, toJson(each.payload))));
    };
    answer().catch((error: unknown) => {
      log.error('A shadow answer could not be published.', { thing: address.thing, error: errorCode(error) });
    });
  }

  #authoriseSubscribe(client: Client, { topic, qos }: { topic: string; qos: number }): Refusal | undefined {
    const connected = this.#known.get(client)?.connected;
    if (!connected) return new Refusal('identity', 'A subscription of nobody who is connected.');
    const refusal = this.#refuse(() => connected.connection.subscribe(topic, qos));
    if (refusal && !client.connected) connected.lost.push(topic);
    else if (refusal && !this.#isAnswered(refusal)) this.#endFor(client, reasonOfRefusal(refusal.reason));
    return refusal;
  }

  #isAnswered({ reason }: Refusal): boolean {
    return reason === 'notAuthorised' && this.#options.refusedSubscription === 'answer';
  }

  /** Called when the SUBACK is written: no message comes before it. */
  #subscribed(client: Client, subscriptions: readonly { topic: string; qos: number }[]): void {
    const registered = this.#known.get(client)?.connected?.registered;
    if (!registered) return;
    const { session, record } = registered;
    const granted = subscriptions.filter(({ qos }) => qos !== SUBACK_FAILURE);
    if (granted.length === 0) return;
    for (const { topic, qos } of granted as { topic: string; qos: 0 | 1 }[]) {
      this.#router.subscribe(session, topic, qos);
      // A wildcard subscription gets no retained messages, a shared one neither.
      const retained = isWildcard(topic) ? undefined : this.retained.get(topic);
      if (retained) session.outbox.offer(this.#message(retained, true), qos);
    }
    const topics = granted.map(({ topic }) => topic);
    this.#tell(client.id, subscriptionsEvent('subscribed', record, { topics, atMs: this.#raceMs() }));
  }

  #unsubscribed(client: Client, filters: readonly string[]): void {
    const connected = this.#known.get(client)?.connected;
    // The library says so at the end of a connection too: that is no UNSUBSCRIBE.
    if (!connected?.registered || client.closed) return;
    const { session, record } = connected.registered;
    this.#unsubscribe(session, filters);
    for (const filter of filters) connected.connection.unsubscribe(filter);
    this.#tell(client.id, subscriptionsEvent('unsubscribed', record, { topics: filters, atMs: this.#raceMs() }));
  }

  #unsubscribe(session: Session | undefined, filters: readonly string[]): void {
    if (session) for (const filter of filters) this.#router.unsubscribe(session, filter);
  }

  #subscriptionsOfSession(clientId: string): { topic: string; qos: 0 | 1 }[] {
    const subscriptions = this.#sessions.persistent(clientId)?.subscriptions ?? [];
    return [...subscriptions].map(([topic, qos]) => ({ topic, qos }));
  }

  // What goes out.

  /** Nobody subscribes to what is for a service alone. */
  #published(publish: Pick<Publish, 'topic' | 'payload' | 'qos'>): void {
    const { topic } = publish;
    // Frames first: they are most of what is published.
    if (topic.startsWith(BASIC_INGEST_PREFIX) || !topic.startsWith('$') || !serviceCallOf(topic)) this.#route(publish);
  }

  /** Basic Ingest has no subscribers. */
  #route(publish: Outgoing): void {
    if (!publish.topic.startsWith(BASIC_INGEST_PREFIX)) this.#router.route(this.#message(publish));
  }

  #message(publish: Outgoing, retain = false): Message {
    const { expiryMs } = publish;
    return new Message(publish, { publishedAtMs: this.#options.wallClock.nowMs(), retain, expiryMs });
  }

  #tell(clientId: string, { topic, payload }: LifecycleEvent): void {
    if (this.#closing || !hasEvents(clientId)) return;
    this.announce(topic, toJson(payload)).catch((error: unknown) => {
      this.#options.log.error('A lifecycle event could not be published.', { topic, error: errorCode(error) });
    });
  }

  // Rights that change.

  #rightsChanged(principals: readonly string[]): void {
    const isPlanned = this.#changed.size > 0;
    for (const principal of principals) this.#changed.add(principal);
    const { policyCacheMs } = this.#options.limits;
    if (policyCacheMs === 0) this.#reauthorise();
    else if (!isPlanned) setTimeout(() => this.#reauthorise(), policyCacheMs).unref();
  }

  /** Open connections go on with the rights of now; whoever may not be connected any more is not. */
  #reauthorise(): void {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    for (const client of [...this.#authenticated]) {
      const connection = this.#known.get(client)?.connected?.connection;
      if (!connection || !changed.has(connection.principal)) continue;
      try {
        connection.reauthorise();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#closeFor(client, error);
      }
    }
  }

  // Ends.

  #closeFor(client: Client, refusal: Refusal): void {
    this.#countRefusal(refusal);
    this.#endFor(client, reasonOfRefusal(refusal.reason));
    this.#options.log.warn('The connection is closed.', { clientId: client.id, why: refusal.message });
    client.close();
  }

  #endFor(client: Client, reason: DisconnectReason): void {
    const known = this.#known.get(client);
    if (known) known.ending ??= reason;
  }

  /** Our own refusals were told when they were made. */
  #clientFailed(client: Client, error: Error): void {
    if (error instanceof Refusal) return;
    this.#endFor(client, reasonOfError(error));
    this.#options.log.info('A connection failed.', {
      clientId: client.id,
      error: errorCode(error),
      why: error.message,
    });
  }

  /** Runs a check and counts what it refuses. */
  #refuse(check: () => void): Refusal | undefined {
    try {
      check();
      return undefined;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#countRefusal(error);
      return error;
    }
  }

  #countRefusal(error: Error): void {
    this.#options.counters.count('refused', error instanceof Refusal ? error.reason : errorCode(error));
  }

  #session(client: Client): Session | undefined {
    return this.#known.get(client)?.connected?.registered?.session;
  }

  #raceMs(): number {
    return Math.round(this.#options.raceClock.nowMs());
  }
}

function toJson(payload: unknown): Buffer {
  return Buffer.from(JSON.stringify(payload));
}

function raise(error: unknown): never {
  throw error;
}

/** The library publishes the will of any client that has one. */
function dropWill(client: Client): void {
  (client as { will?: unknown }).will = undefined;
}
