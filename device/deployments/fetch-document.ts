import { createHash } from 'node:crypto';
import { backoffMs } from '../backoff.js';
import { PitwallError } from '../wire/errors.js';
import type { Random } from '../wire/random.js';

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FetchOptions {
  random: Random;
  /** Ends it at once. */
  signal?: AbortSignal;
  /** Default 8 MiB. */
  bytesMax?: number;
  /** Wall ms of one attempt, body included. Default 30 000. */
  attemptMs?: number;
  /** Default 5. */
  attempts?: number;
  /** Default: Node's own. */
  fetch?: Fetch;
}

const DEFAULT_BYTES_MAX = 8 * 1024 * 1024;
const DEFAULT_ATTEMPT_MS = 30_000;
const DEFAULT_ATTEMPTS = 5;
const BACKOFF = { minMs: 500, maxMs: 15_000 };
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

/**
 * Gets a document by its URL and checks that it is the one meant: the hash, not the connection, is what is trusted. Bounded
 * in size, time and attempts; what trying again would not change (refused, expired, other bytes) fails at once.
 * Raises PW-DEPLOY-FETCH.
 */
export async function fetchDocument(ref: { url: string; sha256: string }, options: FetchOptions): Promise<Uint8Array> {
  const { attempts = DEFAULT_ATTEMPTS, random, signal } = options;
  for (let failures = 0; ; failures++) {
    try {
      const bytes = await attempt(ref.url, options);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== ref.sha256) throw failed(`has SHA-256 ${sha256}; wanted ${ref.sha256}`, ref.url);
      return bytes;
    } catch (cause) {
      const error =
        cause instanceof PitwallError ? cause : failed(messageOf(cause), ref.url, { cause, retriable: true });
      if (!error.retriable || failures + 1 >= attempts || signal?.aborted) throw error;
      await pause(backoffMs(failures, BACKOFF, random), signal);
    }
  }
}

async function attempt(url: string, options: FetchOptions): Promise<Uint8Array> {
  const { bytesMax = DEFAULT_BYTES_MAX, attemptMs = DEFAULT_ATTEMPT_MS, signal } = options;
  const timeout = AbortSignal.timeout(attemptMs);
  const response = await (options.fetch ?? fetch)(url, {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    // A presigned URL is for one place.
    redirect: 'error',
  });
  if (!response.ok) {
    // What is left of it is not waited for.
    response.body?.cancel().catch(() => {});
    const retriable = response.status >= SERVER_ERROR || response.status === TOO_MANY_REQUESTS;
    throw failed(`was answered with HTTP ${response.status}`, url, { retriable });
  }
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > bytesMax) throw failed(`is larger than ${bytesMax} bytes`, url);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Without the query: a presigned URL is a right, and errors are read by many. */
function failed(what: string, url: string, more: { cause?: unknown; retriable?: boolean } = {}): PitwallError {
  return new PitwallError('PW-DEPLOY-FETCH', { what: `${url.split('?', 1)[0]} ${what}.`, ...more });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `failed: ${String(error)}`;
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `failed: ${error.message}${cause}`;
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
