import { type BackoffBounds, backoffMs } from '../../backoff.js';
import { PitwallError } from '../../wire/errors.js';
import type { Random } from '../../wire/random.js';

export interface PollerOptions {
  url: string;
  /** Between the begins of two polls, ms; a tenth of it is jitter. */
  intervalMs: number;
  /** Bound on a whole answer, ms. */
  timeoutMs: number;
  /** After failures, ms. */
  backoff: BackoffBounds;
  random: Random;
  /** A new document. */
  onJson: (json: unknown) => void;
  /** The poll before it succeeded, or it is the first. */
  onFailed: (error: Error) => void;
  count: (name: string) => void;
}

/** A field of forty cars with all its stops is some 120 KB. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** What a server asks for with Retry-After is obeyed up to here. */
const RETRY_AFTER_MAX_MS = 300_000;
const JITTER = 0.1;

/**
 * Polls one JSON document by HTTP, with the validators of the last answer (ETag, Last-Modified), so that nothing is sent
 * twice; with a time-out and a bound on the body; with back-off, jitter and Retry-After when it fails.
 */
export class Poller {
  readonly #options: PollerOptions;
  #etag: string | undefined;
  #modified: string | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #aborting = new AbortController();

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#aborting.abort();
  }

  async #poll(): Promise<void> {
    const { count, onFailed, intervalMs, random, backoff } = this.#options;
    count('polls');
    let waitMs = intervalMs * (1 - JITTER / 2 + JITTER * random());
    try {
      await this.#fetch();
      this.#failures = 0;
    } catch (error) {
      if (this.#aborting.signal.aborted) return;
      count('failedPolls');
      if (this.#failures === 0) onFailed(this.#failure(error as Error));
      waitMs = Math.max(waitMs, backoffMs(this.#failures++, backoff, random), retryAfterMsOf(error));
    }
    if (this.#aborting.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#poll(), waitMs);
  }

  async #fetch(): Promise<void> {
    const { url, timeoutMs, onJson, count } = this.#options;
    const signal = AbortSignal.any([this.#aborting.signal, AbortSignal.timeout(timeoutMs)]);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#etag) headers['if-none-match'] = this.#etag;
    if (this.#modified) headers['if-modified-since'] = this.#modified;
    const response = await fetch(url, { headers, signal });
    if (response.status === 304) {
      await response.body?.cancel();
      count('unchanged');
      return;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new RefusedError(response.status, response.headers.get('retry-after'));
    }
    const json: unknown = JSON.parse(await readText(response));
    // Kept only for what was read whole: else the damaged one would never be asked for again.
    this.#etag = response.headers.get('etag') ?? undefined;
    this.#modified = response.headers.get('last-modified') ?? undefined;
    onJson(json);
  }

  #failure(cause: Error): PitwallError {
    const what = `${this.#options.url} was not read: ${cause.cause instanceof Error ? cause.cause.message : cause.message}.`;
    return new PitwallError('PW-SOURCE-INPUT', { what, retriable: true, cause });
  }
}

class RefusedError extends Error {
  readonly retryAfter: string | null;

  constructor(status: number, retryAfter: string | null) {
    super(`status ${status}`);
    this.retryAfter = retryAfter;
  }
}

function retryAfterMsOf(error: unknown): number {
  const seconds = error instanceof RefusedError ? Number(error.retryAfter) : 0;
  return Number.isFinite(seconds) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, seconds * 1000)) : 0;
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  // Some of these feeds begin with a byte order mark.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}
