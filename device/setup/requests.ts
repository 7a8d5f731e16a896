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

/**
 * Questions to a service over MQTT: one at a time, each with a token that its answer carries, a time limit and its share of
 * an allowance; later and later after failures. What is lost with the connection is the asker's to ask again.
 */
export class Requests {
  unanswered = 0;
  readonly #options: RequestsOptions;
  readonly #pace: Pace;
  #up = false;
  #count = 0;
  #waiting: { request: string; token: string; sinceMs: number } | undefined;

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
    return this.#up && !this.#waiting && this.#pace.mayGo();
  }

  ask(request: string, body: JsonObject): void {
    const { link, topic, wallClock, random, log } = this.#options;
    const token = `${++this.#count}-${Math.floor(random() * 2 ** 32).toString(36)}`;
    this.#waiting = { request, token, sinceMs: wallClock.nowMs() };
    this.#pace.sent();
    const payload = Buffer.from(JSON.stringify({ ...body, clientToken: token }));
    link.publish(`${topic}/${request}`, payload, 1).catch((error: unknown) => {
      log.warn('request: not sent', { topic, request, error: errorCode(error) });
    });
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
    this.#up = false;
    this.#waiting = undefined;
  }
}
