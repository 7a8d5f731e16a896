import { isUtf8 } from 'node:buffer';
import type { Random } from '#wire/random.js';
import { readJson } from './json.js';
import type { Value } from './values.js';

/** A published message, as far as SQL can see it. */
export interface MessageContext {
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
}

/** What SQL reads that is not of the message. */
export interface Environment {
  random: Random;
  /** What accountid() gives; Undefined when absent. */
  accountId?: string;
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
  #levels: string[] | undefined;
  #traceId: string | undefined;

  constructor(message: MessageContext, environment: Environment) {
    this.message = message;
    this.environment = environment;
  }

  /** The payload as JSON; Undefined when it is not JSON in UTF-8 (also when it is empty). */
  document(): Value {
    if (!this.#decoded) {
      this.#decoded = true;
      this.#document = decodeJson(this.message.payload);
    }
    return this.#document;
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
