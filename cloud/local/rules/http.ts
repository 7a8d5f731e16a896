/** The rules' action `http`: POSTs to destinations that their owners have confirmed. */
import type { HttpRequest, Senders, SendResult } from '#rules/actions/senders.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';

/** A request and as much of its answer as is read. */
export type Fetch = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: Uint8Array; signal: AbortSignal; redirect: 'error' },
) => Promise<Response>;

export interface HttpPostOptions {
  fetch: Fetch;
  wallClock: Clock;
}

/** Quotas and retry rules of the action: three tries within three seconds in all, wall time. */
const REQUEST_MS_MAX = 3_000;
const ATTEMPTS = 3;
const ANSWER_BYTES_MAX = 16_384;

/** All retries are in here: what comes out is final. */
export function httpPost({ fetch, wallClock }: HttpPostOptions): (request: HttpRequest) => Promise<SendResult> {
  return async (request) => {
    const endMs = wallClock.nowMs() + REQUEST_MS_MAX;
    let failure: SendResult = {};
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const leftMs = endMs - wallClock.nowMs();
      if (leftMs <= 0) break;
      const { again, ...result } = await tryOnce(fetch, request, Math.ceil(leftMs));
      if (result.errorCode === undefined) return result;
      failure = { ...result, retriable: false };
      if (!again) break;
    }
    return failure;
  };
}

export interface HttpSendersOptions {
  post(request: HttpRequest): Promise<SendResult>;
  /** Whether the owner of a confirmation URL wants messages. Asked for each. */
  isEnabled(confirmationUrl: string): boolean;
}

/** The `http` entry of the rules' senders. */
export function httpSenders({ post, isEnabled }: HttpSendersOptions): Pick<Senders, 'http'> {
  const sendOne = async (request: HttpRequest): Promise<SendResult> => {
    if (isEnabled(request.confirmationUrl)) return post(request);
    const errorMessage = `${request.confirmationUrl} is not confirmed by its owner, or not enabled`;
    return { errorCode: 'DestinationNotEnabled', errorMessage, retriable: false };
  };
  return { http: (destination) => ({ resource: destination, send: (requests) => Promise.all(requests.map(sendOne)) }) };
}

async function tryOnce(
  fetch: Fetch,
  { url, headers, body }: HttpRequest,
  timeoutMs: number,
): Promise<SendResult & { again?: boolean }> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // A redirect would lead away from what was confirmed.
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const whole = await isWithin(response, ANSWER_BYTES_MAX);
    if (response.ok) return {};
    const again = whole && (response.status === 429 || response.status >= 500);
    return { errorCode: `Http${response.status}`, errorMessage: `${url} answered ${response.status}`, again };
  } catch (error) {
    // Not tried again where the connection was closed, nor beyond the time-out.
    return { errorCode: errorCode(error), errorMessage: `${url} gave no answer`, again: false };
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
