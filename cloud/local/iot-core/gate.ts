/** Who may connect, and how often: decided at CONNECT, before anything is kept for the client. */
import type { Clock } from '#wire/clock.js';
import { TokenBucket } from '../token-bucket.js';
import type { Publish } from './admission.js';
import type { Authoriser } from './authoriser.js';
import { Connection } from './connection.js';
import type { Identity } from './identity.js';
import type { IotCoreLimits } from './limits.js';
import { Refusal } from './refusal.js';

export interface GateOptions {
  authoriser: Authoriser;
  limits: IotCoreLimits;
  /** Connects are paced in real time, as sessions are: who comes back must not wait for a race that stands still. */
  wallClock: Clock;
  raceClock: Clock;
}

export interface ConnectRequest {
  /** As the client sent it, or the name that it was given when it sent none. */
  clientId: string;
  /** Without clean session. */
  isPersistent: boolean;
  will: Publish | undefined;
}

/** Client ids whose connects of the last second are remembered; whoever has it forgotten may connect at once. */
const REMEMBERED_IDS_MAX = 10_000;

export class Gate {
  readonly #options: GateOptions;
  readonly #all: TokenBucket;
  readonly #byClientId = new Map<string, TokenBucket>();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#all = new TokenBucket(options.limits.connectsPerSecond, options.wallClock.nowMs());
  }

  /**
   * The connection of a client that may connect. Raises Refusal.
   *
   * @param isThingConnected whether a thing is connected under this client id
   */
  admit(identity: Identity, { clientId, isPersistent, will }: ConnectRequest, isThingConnected: boolean): Connection {
    const { limits, authoriser, wallClock, raceClock } = this.#options;
    const nowMs = wallClock.nowMs();
    if (!take(this.#all, nowMs)) {
      throw new Refusal('connectRate', `More than ${limits.connectsPerSecond} connects a second.`);
    }
    if (Buffer.byteLength(clientId) > limits.clientIdBytes || clientId.startsWith('$')) {
      throw new Refusal('clientId', `A client id of at most ${limits.clientIdBytes} bytes that does not start with $.`);
    }
    if (authoriser.isOperator(identity) && (authoriser.isThing(clientId) || isThingConnected)) {
      throw new Refusal('notAuthorised', `${clientId} is a thing; only its own certificate may connect as it.`);
    }
    const connect = { clientId, isPersistent, willTopic: will?.topic };
    const connection = new Connection(identity, connect, { authoriser, limits, nowMs: raceClock.nowMs() });
    if (will) connection.checkWill(will);
    // Last: nobody else's attempts count against the owner of a client id.
    if (!take(this.#bucketOf(clientId, nowMs), nowMs)) {
      throw new Refusal(
        'connectRate',
        `${clientId} connects more than ${limits.connectsPerSecondOfClient} × a second.`,
      );
    }
    return connection;
  }

  #bucketOf(clientId: string, nowMs: number): TokenBucket {
    const known = this.#byClientId.get(clientId);
    if (known) return known;
    if (this.#byClientId.size >= REMEMBERED_IDS_MAX) {
      const [oldest] = this.#byClientId.keys();
      this.#byClientId.delete(oldest);
    }
    const bucket = new TokenBucket(this.#options.limits.connectsPerSecondOfClient, nowMs);
    this.#byClientId.set(clientId, bucket);
    return bucket;
  }
}

function take(bucket: TokenBucket, nowMs: number): boolean {
  const has = bucket.has(1, nowMs);
  if (has) bucket.take(1, nowMs);
  return has;
}
