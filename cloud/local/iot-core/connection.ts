import type { TLSSocket } from 'node:tls';
import { operatorRights, type Permissions, thingPermissions } from './authorisation.js';
import type { IotCoreLimits } from './limits.js';
import { PublishRate } from './rate.js';
import { Refusal } from './refusal.js';
import { checkFilter, type Route, routeOf } from './routes.js';

/**
 * Who a connection is: what its certificate or its signature says, nothing else. User names are not looked at: the SDK
 * sends metrics there.
 */
export interface Identity {
  /** Common name of the certificate: the thing, or the operator. Of a signature the access key's id. */
  name: string;
  /** SHA-256 of the certificate's DER, 64 hex digits: AWS's certificate id. Of a signature the access key's id. */
  principal: string;
  sourceIp: string | undefined;
  /** By SigV4, with the account's own keys. */
  signed: boolean;
}

/** Identity of a socket whose certificate TLS has verified. Raises Refusal. */
export function identityOf(socket: TLSSocket): Identity {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  if (typeof subject?.CN !== 'string' || subject.CN === '') {
    throw new Refusal('identity', 'The certificate has no single common name; wanted the name of a thing.');
  }
  return {
    name: subject.CN,
    principal: fingerprint256.replaceAll(':', '').toLowerCase(),
    sourceIp: socket.remoteAddress,
    signed: false,
  };
}

/** Topics whose decision a connection remembers; a car uses about ten. */
const REMEMBERED_TOPICS_MAX = 64;

/** One connected client: its rights, compiled once, and what it has used of its limits. */
export class Connection {
  readonly clientId: string;
  readonly principal: string;
  readonly sourceIp: string | undefined;
  /** Of a thing, not of people and services. */
  readonly isThing: boolean;
  readonly rate: PublishRate;
  readonly #filters = new Set<string>();
  readonly #permissions: Permissions;
  readonly #limits: IotCoreLimits;
  readonly #routes = new Map<string, Route>();
  readonly #receives = new Map<string, boolean>();

  constructor(
    identity: Identity,
    clientId: string,
    options: { isOperator: boolean; limits: IotCoreLimits; nowMs: number },
  ) {
    this.clientId = clientId;
    this.principal = identity.principal;
    this.sourceIp = identity.sourceIp;
    this.isThing = !options.isOperator;
    this.#permissions = options.isOperator ? operatorRights : thingPermissions(identity.name);
    this.#limits = options.limits;
    this.rate = new PublishRate(options.limits, options.nowMs);
    if (!this.#permissions.allows('iot:Connect', clientId)) {
      throw new Refusal('clientId', `The certificate of ${identity.name} may not connect as "${clientId}".`);
    }
  }

  /** Where a publish to this topic goes. Raises Refusal when it may not. */
  route(topic: string): Route {
    const known = this.#routes.get(topic);
    if (known) return known;
    const route = routeOf(topic, this.#limits);
    if (!this.#permissions.allows('iot:Publish', topic)) {
      throw new Refusal('notAuthorised', `${this.clientId} may not publish to ${topic}.`);
    }
    remember(this.#routes, topic, route);
    return route;
  }

  /** Raises Refusal: reserved topics hold no retained messages, others need the right. */
  checkRetain(topic: string): void {
    if (topic.startsWith('$') || !this.#permissions.allows('iot:RetainPublish', topic)) {
      throw new Refusal('retain', `${this.clientId} may not publish a retained message to ${topic}.`);
    }
  }

  /** A will needs the rights of a publish when it is left. Raises Refusal. */
  checkWill({ topic, qos, retain }: { topic: string; qos: number; retain: boolean }): void {
    this.route(topic);
    if (qos === 2) throw new Refusal('qos2', `A will of QoS 2 to ${topic}; AWS IoT supports 0 and 1.`);
    if (retain) this.checkRetain(topic);
  }

  /** Counts the filter in. Raises Refusal when it may not be subscribed to, or is one too many. */
  subscribe(filter: string, qos: number): void {
    if (qos === 2) throw new Refusal('qos2', `QoS 2 is not supported by AWS IoT: ${filter}.`);
    checkFilter(filter, this.#limits);
    if (!this.#permissions.allows('iot:Subscribe', filter)) {
      throw new Refusal('notAuthorised', `${this.clientId} may not subscribe to ${filter}.`);
    }
    this.#filters.add(filter);
    if (this.#filters.size > this.#limits.subscriptions) {
      throw new Refusal(
        'subscriptionLimit',
        `More than ${this.#limits.subscriptions} subscriptions on one connection.`,
      );
    }
  }

  unsubscribe(filter: string): void {
    this.#filters.delete(filter);
  }

  /** Asked for each delivery: a filter may match more than its subscriber may have. */
  mayReceive(topic: string): boolean {
    let may = this.#receives.get(topic);
    if (may === undefined) {
      may = this.#permissions.allows('iot:Receive', topic);
      remember(this.#receives, topic, may);
    }
    return may;
  }
}

function remember<V>(decisions: Map<string, V>, topic: string, decision: V): void {
  if (decisions.size >= REMEMBERED_TOPICS_MAX) decisions.clear();
  decisions.set(topic, decision);
}
