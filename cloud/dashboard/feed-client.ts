import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { EVERY_THING, type FeedEvent, type FeedId, formatFeedId } from './feed-events.js';
import type { FeedHub } from './hub.js';
import { apply, type JsonObject } from './merge-patch.js';
import { decodeEvent, SseParser } from './sse.js';
import type { RaceView, SamplePoints } from './view.js';

/** Wait before the first new attempt; doubled each time up to the maximum, each shortened by up to half at random. */
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;
/** Three heartbeats without a byte: the connection is dead although TCP has not noticed. */
export const SILENCE_MS = 15_000;

export interface FeedClientStats {
  url: string;
  connected: boolean;
  connects: number;
  /** Connections that failed or ended. */
  failures: number;
  /** Times that a delta did not follow on the last one, and a snapshot was asked for. */
  gaps: number;
  /** In words, why it is not connected; empty when it is. */
  reason: string;
}

export interface FeedClient {
  stats(): FeedClientStats;
  /** Settles when the signal has ended the client; never rejects. */
  readonly done: Promise<void>;
}

export interface FeedClientOptions {
  /** E.g. `http://127.0.0.1:40123/feed`. */
  url: string;
  /** Fed under the upstream's own numbers. */
  hub: FeedHub;
  random: Random;
  log: Log;
  signal: AbortSignal;
  /** Called when the connection comes up or goes down. */
  onChange?: () => void;
  silenceMs?: number;
}

/**
 * Follows an upstream feed for ever: connects, relays every event to the hub, and after a loss comes back with the last
 * id, so that the hub's own clients see a pause and no gap. Attempts never end, the wait between them is bounded.
 *
 * @example
 * const client = connectFeed({ url: engine.feedUrl, hub, random, log, signal });
 */
export function connectFeed(options: FeedClientOptions): FeedClient {
  const { url, hub, random, log, signal } = options;
  const stats: FeedClientStats = {
    url,
    connected: false,
    connects: 0,
    failures: 0,
    gaps: 0,
    reason: 'not connected yet',
  };
  let last: FeedId | undefined;
  let failuresInRow = 0;

  function connection(connected: boolean, reason: string): void {
    stats.connected = connected;
    stats.reason = reason;
    options.onChange?.();
  }

  function relay(event: FeedEvent): void {
    // An engine's status is about its own sources; what this hub tells its clients is about the engine.
    if (event.type === 'status') return;
    if (!hub.relay(event)) {
      stats.gaps++;
      last = undefined;
      throw new PitwallError('PW-SCREEN-FEED', { what: 'A delta does not follow on the last one.', retriable: true });
    }
    if (event.type !== 'samples') last = event.id;
    failuresInRow = 0;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await readEvents(url, {
          lastEventId: last && formatFeedId(last),
          thing: EVERY_THING,
          silenceMs: options.silenceMs ?? SILENCE_MS,
          signal,
          onOpen() {
            stats.connects++;
            connection(true, '');
            log.info('feed connected', { url });
          },
          onEvent: relay,
        });
      } catch (error) {
        if (signal.aborted) break;
        stats.failures++;
        failuresInRow++;
        const reason = whyOf(error);
        if (stats.reason !== reason) log.warn('feed lost, trying again', { url, reason });
        connection(false, reason);
      }
      await pause(backoffMs(failuresInRow, random), signal);
    }
    connection(false, 'closed');
  }

  return { stats: () => ({ ...stats }), done: run() };
}

export interface ReadFeedOptions {
  /** Called with the whole view after each change. */
  onView?: (view: RaceView, id: FeedId) => void;
  onSamples?: (points: SamplePoints) => void;
  /** Whose samples; default `*` when `onSamples` is given. */
  thing?: string;
  signal: AbortSignal;
}

/**
 * Reads a feed over one connection, for tests and probes. Resolves when the signal aborts; rejects with PW-SCREEN-FEED
 * when it cannot connect, and when the server ends the stream.
 *
 * @example
 * await readFeed(url, { onView: (view) => laps.push(view.lap), signal: AbortSignal.timeout(10_000) });
 */
export async function readFeed(url: string, options: ReadFeedOptions): Promise<void> {
  let view: JsonObject | undefined;
  try {
    await readEvents(url, {
      thing: options.thing ?? (options.onSamples ? EVERY_THING : undefined),
      silenceMs: SILENCE_MS,
      signal: options.signal,
      onEvent(event) {
        if (event.type === 'samples') options.onSamples?.(event.points);
        if (event.type !== 'snapshot' && event.type !== 'delta') return;
        view = event.type === 'snapshot' ? (event.view as unknown as JsonObject) : apply(view, event.patch);
        options.onView?.(view as unknown as RaceView, event.id);
      },
    });
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

interface ReadOptions {
  lastEventId?: string;
  thing?: string;
  silenceMs: number;
  signal: AbortSignal;
  onOpen?: () => void;
  onEvent: (event: FeedEvent) => void;
}

/** One connection: ends by raising, also when the server ends the stream. */
async function readEvents(url: string, options: ReadOptions): Promise<never> {
  const address = new URL(url);
  if (options.thing !== undefined) address.searchParams.set('thing', options.thing);
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new PitwallError('PW-SCREEN-FEED', { what: `Nothing came for ${options.silenceMs} ms.` })),
    options.silenceMs,
  );
  timer.unref();
  try {
    const response = await fetch(address, {
      headers: { accept: 'text/event-stream', ...(options.lastEventId && { 'last-event-id': options.lastEventId }) },
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
    const type = response.headers.get('content-type') ?? 'nothing';
    if (!response.ok || !response.body || !type.startsWith('text/event-stream')) {
      await response.body?.cancel();
      throw new PitwallError('PW-SCREEN-FEED', {
        what: `${url} answered ${response.status} (${type}), not a feed.`,
        retriable: true,
      });
    }
    options.onOpen?.();
    const parser = new SseParser((message) => {
      const event = decodeEvent(message);
      if (event) options.onEvent(event);
    });
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      timer.refresh();
      parser.push(decoder.decode(bytes as Uint8Array, { stream: true }));
    }
    throw new PitwallError('PW-SCREEN-FEED', { what: 'The server ended the feed.', retriable: true });
  } finally {
    clearTimeout(timer);
  }
}

/** E.g. `ECONNREFUSED`: fetch hides the reason in the cause. */
function whyOf(error: unknown): string {
  if (error instanceof PitwallError) return error.message;
  const cause = error instanceof Error ? error.cause : undefined;
  return errorCode(cause ?? error);
}

function backoffMs(failuresInRow: number, random: Random): number {
  const doubled = RECONNECT_MIN_MS * 2 ** Math.min(failuresInRow, 10);
  return Math.min(RECONNECT_MAX_MS, doubled) * (1 - random() / 2);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(wake, ms);
    timer.unref();
    signal.addEventListener('abort', wake, { once: true });
    function wake() {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    }
  });
}
