/**
 * What happens to a publish before it is acknowledged: name, rights, size, rate, rules. In this order, so that nothing
 * refused costs the rules anything, and nothing acknowledged has missed them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleIngress } from '#rules/engine.js';
import type { MqttProperties } from '#rules/sql/evaluation.js';
import type { Clock } from '#wire/clock.js';
import { TokenBucket } from '../token-bucket.js';
import type { Connection } from './connection.js';
import type { Counters } from './counters.js';
import type { Deviations } from './deviations.js';
import type { IotCoreLimits } from './limits.js';
import { Refusal } from './refusal.js';
import type { Route } from './routes.js';

/** A PUBLISH as it came. Aedes gives text for payloads that it made itself. */
export interface Publish {
  topic: string;
  payload: Buffer | string;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** How long it may wait for a subscriber, ms; only over HTTP and from rules. */
  expiryMs?: number;
  /** MQTT 5's, for rules: subscribers speak 3.1.1. Only over HTTP and from rules. */
  properties?: MqttProperties;
  /** It is over the rate, at QoS 0: nobody gets it. */
  discarded?: boolean;
}

/** Who published, as rules see it; a client id is empty over HTTP. */
export type Publisher = Pick<Connection, 'clientId' | 'principal'> & { sourceIp?: string; hops?: number };

export interface AdmissionOptions {
  rules: RuleIngress;
  limits: IotCoreLimits;
  deviations: Pick<Deviations, 'qos0OverRate'>;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
}

/** How often a throttled publish looks again, wall ms: the rate is counted in race time, whose speed is not known here. */
const THROTTLE_POLL_MS = 5;

export class Admission {
  readonly #options: AdmissionOptions;
  /** Publishes that the account may take a second. */
  readonly #account: TokenBucket;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#account = new TokenBucket(options.limits.accountPublishesPerSecond, options.raceClock.nowMs());
  }

  /**
   * Returns when the publish may be acknowledged, or is marked as discarded; a promise only when it has to wait. Raises or
   * rejects with Refusal.
   */
  admit(connection: Connection, publish: Publish): void | Promise<void> {
    const { limits, deviations, counters, raceClock } = this.#options;
    const { topic, qos } = publish;
    if (qos === 2) throw new Refusal('qos2', `QoS 2 is not supported by AWS IoT: ${topic}.`);
    const route = connection.route(topic);
    if (publish.retain) connection.checkRetain(topic);
    const bytes = checkPayload(publish, limits);
    counters.stats.publishesIn++;
    const take = () => {
      const nowMs = raceClock.nowMs();
      if (!this.#account.has(1, nowMs) || connection.rate.take(bytes, nowMs) > 0) return false;
      this.#account.take(1, nowMs);
      return true;
    };
    if (!take()) {
      if (qos === 0 && deviations.qos0OverRate === 'discard') {
        publish.discarded = true;
        counters.stats.discarded++;
        return;
      }
      counters.stats.throttled++;
      return this.#afterThrottle(take).then(() => this.toRules(route, publish, connection));
    }
    return this.toRules(route, publish, connection);
  }

  /** As `admit`, of a publish over HTTP, whose right to the topic is its caller's: nobody's rate but the account's. */
  async admitUnconnected(
    publish: Publish,
    route: Route,
    { principal, hops }: Pick<Publisher, 'principal' | 'hops'>,
  ): Promise<void> {
    const { counters } = this.#options;
    counters.stats.publishesIn++;
    if (!this.#takeAccount()) {
      counters.stats.throttled++;
      await this.#afterThrottle(() => this.#takeAccount());
    }
    await this.toRules(route, publish, { clientId: '', principal, hops });
  }

  /** Hands a message to the rules; a promise when they have no room. They see no requests to services. */
  toRules(
    route: Route,
    { topic, payload, properties }: Publish,
    { clientId, principal, sourceIp, hops }: Publisher,
  ): void | Promise<void> {
    if (route.kind === 'service') return;
    const { rules, raceClock, counters } = this.#options;
    const message = {
      topic,
      payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
      clientId,
      principal,
      timestampMs: raceClock.nowMs(),
      sourceIp,
      ...properties,
      hops,
    };
    if (route.kind === 'basicIngest') counters.stats.basicIngest++;
    const pending = rules.ingest(
      route.kind === 'basicIngest' ? { ...message, topic: route.topic, rule: route.rule } : message,
    );
    if (pending === undefined) return;
    counters.stats.rulesWaits++;
    return pending.catch((cause: unknown) => {
      throw new Refusal('rulesFailed', `The rules did not take a message on ${topic}.`, cause);
    });
  }

  #takeAccount(): boolean {
    const nowMs = this.#options.raceClock.nowMs();
    const has = this.#account.has(1, nowMs);
    if (has) this.#account.take(1, nowMs);
    return has;
  }

  async #afterThrottle(take: () => boolean): Promise<void> {
    const { limits, counters, wallClock } = this.#options;
    const untilMs = wallClock.nowMs() + limits.throttleWaitMs;
    do {
      await sleep(THROTTLE_POLL_MS);
      if (take()) return;
    } while (wallClock.nowMs() < untilMs);
    counters.stats.throttleOverruns++;
  }
}

/** Bytes of the payload. Raises Refusal when they are too many. */
export function checkPayload(
  { topic, payload }: Pick<Publish, 'topic' | 'payload'>,
  { payloadBytes }: Pick<IotCoreLimits, 'payloadBytes'>,
): number {
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  if (bytes > payloadBytes) {
    throw new Refusal('payloadSize', `A payload of ${bytes} bytes to ${topic}; at most ${payloadBytes}.`);
  }
  return bytes;
}
