import type { HttpRequest, Sender, Senders, SendResult } from '#rules/actions/senders.js';
import { randomUuid } from '#rules/sql/evaluation.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';

/** A request and as much of its answer as is read. */
export type Fetch = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: Uint8Array; signal: AbortSignal; redirect: 'error' },
) => Promise<Response>;

export interface HttpDestinationsOptions {
  fetch: Fetch;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Where a destination's owner confirms: the token is appended. */
  enableUrl: string;
  /** Destinations that were confirmed before. */
  confirmed?: Iterable<string>;
}

/** Quotas and retry rules of the action: three tries within three seconds in all, wall time. */
const REQUEST_MS_MAX = 3_000;
const ATTEMPTS = 3;
const ANSWER_BYTES_MAX = 16_384;

/**
 * HTTP destinations of the rules. Each is asked once, by a POST to its confirmation URL, whether it wants messages; until the
 * token of that question comes back (`confirm`), actions to it fail.
 *
 * @example
 * const destinations = new HttpDestinations({ fetch, wallClock, random, log, enableUrl: 'http://127.0.0.1:9000/confirmdestination/' });
 * destinations.confirm(token);
 */
export class HttpDestinations {
  readonly #options: HttpDestinationsOptions;
  readonly #confirmed: Set<string>;
  /** Tokens of questions that are not answered yet → destination. */
  readonly #asked = new Map<string, string>();

  constructor(options: HttpDestinationsOptions) {
    this.#options = options;
    this.#confirmed = new Set(options.confirmed);
  }

  /** The `http` entry of the rules' senders. */
  readonly http: NonNullable<Senders['http']> = (destination): Sender<HttpRequest> => {
    if (!this.#confirmed.has(destination)) void this.#ask(destination);
    return { resource: destination, send: (requests) => Promise.all(requests.map((request) => this.#send(request))) };
  };

  /** Whether the token was one that is waited for. */
  confirm(token: string): boolean {
    const destination = this.#asked.get(token);
    if (destination === undefined) return false;
    this.#asked.delete(token);
    this.#confirmed.add(destination);
    return true;
  }

  async #ask(destination: string): Promise<void> {
    const token = randomUuid(this.#options.random);
    this.#asked.set(token, destination);
    const enableUrl = `${this.#options.enableUrl}${token}`;
    const body = { messageType: 'DestinationConfirmation', arn: destination, confirmationToken: token, enableUrl };
    const result = await this.#post({
      url: destination,
      confirmationUrl: destination,
      headers: { 'content-type': 'application/json', 'x-amz-rules-engine-message-type': 'DestinationConfirmation' },
      body: Buffer.from(JSON.stringify(body)),
    });
    if (result.errorCode !== undefined) {
      this.#options.log.warn('an HTTP destination could not be asked to confirm', { destination, ...result });
    }
  }

  #send(request: HttpRequest): Promise<SendResult> {
    if (this.#confirmed.has(request.confirmationUrl)) return this.#post(request);
    const errorMessage = `${request.confirmationUrl} is not confirmed by its owner`;
    return Promise.resolve({ errorCode: 'DestinationNotEnabled', errorMessage, retriable: false });
  }

  /** All retries are in here: what comes out is final. */
  async #post(request: HttpRequest): Promise<SendResult> {
    const { wallClock } = this.#options;
    const endMs = wallClock.nowMs() + REQUEST_MS_MAX;
    let failure: SendResult = {};
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const leftMs = endMs - wallClock.nowMs();
      if (leftMs <= 0) break;
      const { again, ...result } = await this.#try(request, Math.ceil(leftMs));
      if (result.errorCode === undefined) return result;
      failure = { ...result, retriable: false };
      if (!again) break;
    }
    return failure;
  }

  async #try({ url, headers, body }: HttpRequest, timeoutMs: number): Promise<SendResult & { again?: boolean }> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      // A redirect would lead away from what was confirmed.
      const response = await this.#options.fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      const whole = await isWithin(response, ANSWER_BYTES_MAX);
      if (response.ok) return {};
      const again = whole && (response.status === 429 || response.status >= 500);
      return { errorCode: `Http${response.status}`, errorMessage: `${url} answered ${response.status}`, again };
    } catch (error) {
      // Not tried again where the connection was closed, nor beyond the time-out.
      return { errorCode: errorCode(error), errorMessage: `${url} gave no answer`, again: false };
    }
  }
}

/** Reads an answer to its end, or as far as the bound. */
async function isWithin(response: Response, bytesMax: number): Promise<boolean> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > bytesMax) return false;
  }
  return true;
}
