import { backoffMs } from '../backoff.js';
import type { Link } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { JsonObject } from './json.js';
import { Pace } from './pace.js';

export interface RequestsOptions {
  link: Link;
  /** Topic that the name of a request is appended to. */
  topic: string;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Requests that go out in a minute at most, whatever happens. */
export const REQUESTS_PER_MINUTE = 20;
/** No answer for so long (wall) means that it is lost. */
export const ANSWER_TIMEOUT_MS = 10_000;
const BACKOFF = { minMs: 500, maxMs: 60_000 };
/** So many connections in a row that end on a request without a PUBACK, and the policy is taken to refuse its topic. */
const CUTS_BEFORE_HOLD = 2;
/** Waits of a refused topic: a policy is changed by a person. The jitter parts topics that were blamed together. */
const HOLD = { minMs: 60_000, maxMs: 30 * 60_000 };

/**
 * Questions to a service over MQTT: one at a time, each with a token that its answer carries, a time limit and its share of
 * an allowance; later and later after failures. What is lost with the connection is the asker's to ask again.
 *
 * AWS IoT answers a publish that the policy refuses by closing the connection. Asking at once after each reconnect would
 * close every connection, and the frames with them: after two such ends the topic is named and waits, longer each time.
 */
export class Requests {
  unanswered = 0;
  readonly #options: RequestsOptions;
  readonly #pace: Pace;
  #up = false;
  #count = 0;
  #waiting: { request: string; token: string; sinceMs: number } | undefined;
  /** Token of the request that the broker has not confirmed yet. */
  #unconfirmed: string | undefined;
  /** Connections in a row that ended on an unconfirmed request. */
  #cuts = 0;
  #heldUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#pace = new Pace({ ...options, perMinute: REQUESTS_PER_MINUTE, backoff: BACKOFF });
  }

  /** Times that a request waited for the minute's allowance. */
  get heldBack(): number {
    return this.#pace.heldBack;
  }

  /** Whether a request may go out now. */
  mayAsk(): boolean {
    const isHeld = this.#options.wallClock.nowMs() < this.#heldUntilMs;
    return this.#up && !this.#waiting && !isHeld && this.#pace.mayGo();
  }

  ask(request: string, body: JsonObject): void {
    const { link, topic, wallClock, random, log } = this.#options;
    const token = `${++this.#count}-${Math.floor(random() * 2 ** 32).toString(36)}`;
    this.#waiting = { request, token, sinceMs: wallClock.nowMs() };
    this.#pace.sent();
    const payload = Buffer.from(JSON.stringify({ ...body, clientToken: token }));
    this.#unconfirmed = token;
    link.publish(`${topic}/${request}`, payload, 1).then(
      () => {
        if (this.#unconfirmed !== token) return;
        this.#unconfirmed = undefined;
        this.#cuts = 0;
      },
      (error: unknown) => log.warn('request: not sent', { topic, request, error: errorCode(error) }),
    );
  }

  /** Whether this answers the request under way, which then is no longer. */
  isAnswered(request: string, { clientToken }: JsonObject): boolean {
    if (this.#waiting?.request !== request || this.#waiting.token !== clientToken) return false;
    this.#waiting = undefined;
    return true;
  }

  succeeded(): void {
    this.#pace.succeeded();
  }

  failed(): void {
    this.#pace.failed();
  }

  /** Whether the request under way has just been given up. */
  isGivenUp(): boolean {
    if (!this.#waiting || this.#options.wallClock.nowMs() - this.#waiting.sinceMs < ANSWER_TIMEOUT_MS) return false;
    this.#waiting = undefined;
    this.unanswered++;
    this.#pace.failed();
    return true;
  }

  onLinkUp(): void {
    this.#up = true;
    this.#waiting = undefined;
    this.#pace.succeeded();
  }

  onLinkDown(): void {
    if (this.#up && this.#waiting?.token === this.#unconfirmed) this.#cutOff(this.#waiting?.request);
    this.#up = false;
    this.#waiting = undefined;
    this.#unconfirmed = undefined;
  }

  #cutOff(request: string | undefined): void {
    if (request === undefined || ++this.#cuts < CUTS_BEFORE_HOLD) return;
    const { topic, wallClock, random, log } = this.#options;
    const triedAgainInMs = Math.round(backoffMs(this.#cuts - CUTS_BEFORE_HOLD, HOLD, random));
    this.#heldUntilMs = wallClock.nowMs() + triedAgainInMs;
    log.error('request: the broker seems to refuse this topic', {
      topic: `${topic}/${request}`,
      fix: `Allow iot:Publish on "topic/${topic}/*" in a policy of this certificate.`,
      triedAgainInMs,
    });
  }
}
