import { isUtf8 } from 'node:buffer';
import type { Random } from '#wire/random.js';
import { readJson } from './json.js';
import type { Lookups } from './lookups.js';
import type { Value } from './values.js';

/** A published message, as far as SQL can see it. */
export interface MessageContext extends MqttProperties {
  /** Without the Basic Ingest prefix. */
  topic: string;
  payload: Uint8Array;
  /** Empty or absent when it was not published by MQTT: clientid() is then "n/a" and traceid() Undefined. */
  clientId?: string;
  principal?: string;
  /** What timestamp() gives: epoch ms, whole. */
  timestampMs: number;
  sourceIp?: string;
  traceId?: string;
  /** How many rules have republished it. */
  hops?: number;
}

export const MQTT_PROPERTIES = ['content_type', 'response_topic', 'correlation_data', 'format_indicator'] as const;
/** What `format_indicator` may say. */
export const PAYLOAD_FORMATS: ReadonlySet<string> = new Set(['UNSPECIFIED_BYTES', 'UTF8_DATA']);
export type MqttProperty = (typeof MQTT_PROPERTIES)[number];

/** What a message of MQTT 5 says beside its payload: published over HTTP, or republished by a rule with headers. */
export interface MqttProperties {
  /** What get_mqtt_property() gives, by its names; correlation data in base64. */
  mqttProperties?: Partial<Record<MqttProperty, string>>;
  /** In the order in which they were sent; a key may come twice. */
  userProperties?: readonly (readonly [key: string, value: string])[];
}

/** What SQL reads that is not of the message. */
export interface Environment {
  random: Random;
  /** What accountid() gives; Undefined when absent. */
  accountId?: string;
  /** What is absent cannot be looked up: rules that do are refused when they are created. */
  lookups?: Lookups;
}

/**
 * One message being evaluated, by however many rules. What is dear is done when first asked for and kept: opaque frames are
 * never decoded, and two rules on one topic decode once.
 */
export class Evaluation {
  readonly message: MessageContext;
  readonly environment: Environment;
  #decoded = false;
  #document: Value;
  #refusal: unknown;
  #levels: string[] | undefined;
  #traceId: string | undefined;

  constructor(message: MessageContext, environment: Environment) {
    this.message = message;
    this.environment = environment;
  }

  /**
   * The payload as JSON; Undefined when it is not JSON in UTF-8 (also when it is empty).
   *
   * @throws PitwallError `PW-RULE-LIMIT` when it is nested too deep, to every rule that asks
   */
  document(): Value {
    if (!this.#decoded) this.#decode();
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#document;
  }

  #decode(): void {
    this.#decoded = true;
    try {
      this.#document = decodeJson(this.message.payload);
    } catch (error) {
      this.#refusal = error;
    }
  }

  /** Level `n` of the topic, from 1. */
  topicLevel(n: number): string | undefined {
    this.#levels ??= this.message.topic.split('/');
    return this.#levels[n - 1];
  }

  traceId(): string {
    this.#traceId ??= this.message.traceId ?? randomUuid(this.environment.random);
    return this.#traceId;
  }
}

function decodeJson(payload: Uint8Array): Value {
  if (payload.length === 0 || !isUtf8(payload)) return undefined;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** RFC 9562 version 4, from a generator that is passed in. */
export function randomUuid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16));
  digits[12] = 4;
  digits[16] = 8 + (digits[16] & 3);
  const hex = digits.map((digit) => digit.toString(16)).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
