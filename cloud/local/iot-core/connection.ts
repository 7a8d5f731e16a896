import { checkPayload, type Publish } from './admission.js';
import type { Authoriser, ConnectFacts, Permissions } from './authoriser.js';
import type { Identity } from './identity.js';
import type { IotCoreLimits } from './limits.js';
import { PublishRate } from './rate.js';
import { Refusal } from './refusal.js';
import { checkFilter, type Route, routeOf } from './routes.js';

/** Topics whose decision a connection remembers; a car uses about ten. */
const REMEMBERED_TOPICS_MAX = 64;

/** One connected client: its rights, compiled once, and what it has used of its limits. */
export class Connection {
  readonly clientId: string;
  readonly principal: string;
  readonly sourceIp: string | undefined;
  /** Of a thing, not of people and services. */
  readonly isThing: boolean;
  /** The one thing of its certificate, when it is attached exclusively. */
  readonly exclusiveThing: string | undefined;
  readonly rate: PublishRate;
  readonly #filters = new Set<string>();
  readonly #identity: Identity;
  readonly #connect: ConnectFacts;
  readonly #authoriser: Authoriser;
  #permissions: Permissions;
  readonly #limits: IotCoreLimits;
  readonly #routes = new Map<string, Route>();
  readonly #receives = new Map<string, boolean>();

  /** Raises Refusal for a certificate that may not connect, or not under this client id. */
  constructor(
    identity: Identity,
    connect: ConnectFacts,
    { authoriser, limits, nowMs }: { authoriser: Authoriser; limits: IotCoreLimits; nowMs: number },
  ) {
    const { principal, permissions } = authoriser.admit(identity, connect);
    this.clientId = connect.clientId;
    this.principal = identity.principal;
    this.sourceIp = identity.sourceIp;
    this.isThing = !authoriser.isOperator(identity);
    this.exclusiveThing = principal.things.find(({ exclusive }) => exclusive)?.thingName;
    this.#identity = identity;
    this.#connect = connect;
    this.#authoriser = authoriser;
    this.#permissions = permissions;
    this.#limits = limits;
    this.rate = new PublishRate(limits, nowMs);
    if (!permissions.allows('iot:Connect', this.clientId)) {
      throw new Refusal('notAuthorised', `${this.principal} may not connect as "${this.clientId}".`);
    }
  }

  /**
   * From now on the rights hold that the principal has now. As in AWS, what is connected and subscribed to stays so. Raises
   * Refusal for a certificate that may not be connected any more.
   */
  reauthorise(): void {
    this.#permissions = this.#authoriser.admit(this.#identity, this.#connect).permissions;
    this.#routes.clear();
    this.#receives.clear();
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
  checkWill({ topic, qos, retain, payload }: Publish): void {
    this.route(topic);
    checkPayload({ topic, payload }, this.#limits);
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
