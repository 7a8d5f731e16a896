import type { EventEmitter } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { Aedes, type AedesPublishPacket, type AuthenticateError, type Client, type ConnectPacket } from 'aedes';
import type { RuleIngress } from '#rules/engine.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { Admission, type Publish } from './admission.js';
import { Connection, identityOf } from './connection.js';
import type { Counters } from './counters.js';
import type { IotCoreLimits } from './limits.js';
import { guardPacketLength } from './packet-guard.js';
import { PublishQueue } from './publish-queue.js';
import { Refusal } from './refusal.js';
import { Router } from './router.js';
import { routeOf } from './routes.js';
import { Sessions } from './sessions.js';
import type { ShadowService } from './shadow/service.js';
import type { ShadowAddress } from './shadow/topics.js';

export interface BrokerOptions {
  /** Common name of the certificate that may do everything. */
  operatorName: string;
  /** Names that may connect; undefined: every certificate that the authority signed. */
  things?: ReadonlySet<string>;
  rules: RuleIngress;
  shadows: ShadowService;
  limits: IotCoreLimits;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
  log: Log;
}

/** A connection that takes nothing for this long is cut. */
const DRAIN_TIMEOUT_MS = 10_000;
/** A packet over this multiple of the greatest payload is cut off unread; below, the refusal can name its topic. */
const PACKET_BYTES_FACTOR = 2;
const CONNACK_NOT_AUTHORISED = 5;

/** What a client asked for in CONNECT, until it is authenticated. */
interface Asked {
  will: Publish | undefined;
  clientId: string;
}

interface Connected {
  connection: Connection;
  queue: PublishQueue<Publish>;
}

/**
 * MQTT 3.1.1 over mutual TLS as AWS IoT Core behaves, around aedes: aedes speaks the protocol, the decisions are ours. A
 * refused publish or subscription closes the connection, a refused connection gets CONNACK 5.
 */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #aedes: Aedes;
  readonly #sessions: Sessions;
  readonly #admission: Admission;
  readonly #asked = new WeakMap<Client, Asked>();
  readonly #connected = new WeakMap<Client, Connected>();
  /** Connections of things by client id: an operator's tool may not take one over. */
  readonly #thingsConnected = new Map<string, Client>();

  private constructor(options: BrokerOptions) {
    const { limits, wallClock, counters, log } = options;
    this.#options = options;
    this.#sessions = new Sessions(limits, wallClock, counters);
    this.#admission = new Admission(options);
    this.#aedes = new Aedes({
      mq: new Router(),
      persistence: this.#sessions,
      drainTimeout: DRAIN_TIMEOUT_MS,
      preConnect: (client, packet, done) => this.#preConnect(client, packet, done),
      authenticate: (client, _username, _password, done) => this.#authenticate(client, done),
      authorizePublish: (client, packet, done) => this.#authorisePublish(client, packet as Publish, done),
      authorizeSubscribe: (client, subscription, done) => {
        const refusal = this.#refuse(() => this.#connectionOf(client).subscribe(subscription.topic, subscription.qos));
        done(refusal ?? null, subscription);
      },
      authorizeForward: (client, packet) => this.#authoriseForward(client, packet),
    });
    this.#aedes.on('clientReady', () => this.#count('connects'));
    this.#aedes.on('client', () => this.#count('connections', 1));
    this.#aedes.on('clientDisconnect', (client) => this.#disconnected(client));
    this.#aedes.on('clientError', (client, error) => this.#clientFailed(client, error));
    this.#aedes.on('connectionError', (client, error) => this.#clientFailed(client, error));
    (this.#aedes as EventEmitter).on('error', (error) => log.error('The broker failed.', { error: errorCode(error) }));
    this.#aedes.on('subscribe', (subscriptions, client) => {
      const max = limits.subscriptionsPerRequest;
      if (subscriptions.length <= max) return;
      this.#closeFor(client, new Refusal('subscriptionLimit', `More than ${max} filters in one SUBSCRIBE.`));
    });
    this.#aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) this.#connected.get(client)?.connection.unsubscribe(filter);
    });
  }

  static async create(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    await broker.#aedes.listen();
    return broker;
  }

  /** Takes over a socket whose certificate is verified. */
  handle(socket: TLSSocket): void {
    const client = this.#aedes.handle(socket);
    guardPacketLength(socket, client, this.#options.limits.payloadBytes * PACKET_BYTES_FACTOR, () => {
      this.#closeFor(client, new Refusal('payloadSize', 'A packet announces more than any publish may have.'));
    });
  }

  /**
   * A publish that did not come over MQTT: to the rules, to subscribers, or both, as its topic says. Resolves when the
   * rules have it. Raises Refusal for a topic that nobody may publish to.
   */
  async publish(publish: Publish, principal: string): Promise<void> {
    const route = routeOf(publish.topic, this.#options.limits);
    this.#options.counters.stats.publishesIn++;
    await this.#admission.toRules(route, publish, { clientId: '', principal });
    if (route.kind !== 'basicIngest') await this.#fanOut(publish);
    if (route.kind === 'shadow') this.#answerShadow(route.address, publish.payload);
  }

  /** Publishes what a service of AWS says on its own reserved topics: rules and subscribers get it. */
  async announce(topic: string, payload: Buffer): Promise<void> {
    const publish: Publish = { topic, payload, qos: 1, retain: false };
    await this.#admission.toRules({ kind: 'topic' }, publish, { clientId: '', principal: '' });
    await this.#fanOut(publish);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  #fanOut({ topic, payload, qos, retain }: Publish): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#aedes.publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  #preConnect(client: Client, packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    const { keepAliveMinSeconds: min, keepAliveMaxSeconds: max } = this.#options.limits;
    // AWS: 0 and anything longer mean the longest, anything shorter the shortest.
    packet.keepalive = packet.keepalive ? Math.min(max, Math.max(min, packet.keepalive)) : max;
    this.#asked.set(client, { will: packet.will as Publish | undefined, clientId: packet.clientId });
    done(null, true);
  }

  #authenticate(client: Client, done: (error: AuthenticateError | null, success: boolean | null) => void): void {
    const refusal = this.#refuse(() => this.#admitClient(client));
    if (refusal) this.#options.log.warn('A client was refused.', { clientId: client.id, why: refusal.message });
    done(refusal ? Object.assign(refusal, { returnCode: CONNACK_NOT_AUTHORISED }) : null, !refusal);
  }

  /** Raises Refusal. */
  #admitClient(client: Client): void {
    const { limits, operatorName, things, raceClock } = this.#options;
    const { clientId, will } = this.#asked.get(client) as Asked;
    const identity = identityOf(client.conn as TLSSocket);
    const isOperator = identity.name === operatorName;
    if (!isOperator && things && !things.has(identity.name)) {
      throw new Refusal('identity', `${identity.name} is not a registered thing.`);
    }
    if (Buffer.byteLength(clientId) > limits.clientIdBytes || clientId.startsWith('$')) {
      throw new Refusal('clientId', `A client id of at most ${limits.clientIdBytes} bytes that does not start with $.`);
    }
    if (isOperator && (things?.has(clientId) || this.#thingsConnected.has(clientId))) {
      throw new Refusal('clientId', `${clientId} is a thing; only its own certificate may connect as it.`);
    }
    const connection = new Connection(identity, client.id, { isOperator, limits, nowMs: raceClock.nowMs() });
    if (will) connection.checkWill(will);
    this.#connected.set(client, { connection, queue: this.#newQueue(connection) });
    if (!isOperator) this.#thingsConnected.set(client.id, client);
  }

  /** Raises Refusal for a client that is not authenticated. */
  #connectionOf(client: Client): Connection {
    const connected = this.#connected.get(client);
    if (!connected) throw new Refusal('identity', 'Nobody who is connected.');
    return connected.connection;
  }

  #newQueue(connection: Connection): PublishQueue<Publish> {
    return new PublishQueue((publish) => this.#admission.admit(connection, publish));
  }

  #authorisePublish(client: Client | null, publish: Publish, done: (error?: Error | null) => void): void {
    const connected = client && this.#connected.get(client);
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
        log.warn('A publish was refused; the connection is closed.', { clientId: client.id, why: error.message });
        done(error);
        return;
      }
      done(null);
      if (publish.qos === 1 && !client.closed) counters.stats.acked++;
      if (isWill) return;
      const route = connection.route(publish.topic);
      if (route.kind === 'shadow') this.#answerShadow(route.address, publish.payload);
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

  #authoriseForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    const connection = this.#connected.get(client)?.connection;
    if (!connection?.mayReceive(packet.topic)) return null;
    const { counters, limits } = this.#options;
    if (client.conn.writableLength > limits.slowConsumerBytes) {
      counters.stats.shed++;
      return null;
    }
    counters.stats.publishesOut++;
    return packet;
  }

  #closeFor(client: Client, refusal: Refusal): void {
    this.#countRefusal(refusal);
    this.#options.log.warn('The connection is closed.', { clientId: client.id, why: refusal.message });
    client.close();
  }

  #disconnected(client: Client): void {
    this.#count('connections', -1);
    this.#sessions.disconnected(client.id);
    if (this.#thingsConnected.get(client.id) === client) this.#thingsConnected.delete(client.id);
    const abandoned = this.#connected.get(client)?.queue.close() ?? 0;
    this.#count('abandoned', abandoned);
  }

  /** Our own refusals were told when they were made. */
  #clientFailed(client: Client, error: Error): void {
    if (error instanceof Refusal) return;
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

  #count(name: 'connections' | 'connects' | 'abandoned', by = 1): void {
    this.#options.counters.stats[name] += by;
  }
}

function toJson(payload: unknown): Buffer {
  return Buffer.from(JSON.stringify(payload));
}
