import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Log } from '#wire/log.js';
import type { FeedEvent } from './feed-events.js';
import { refuse } from './http-answers.js';
import type { FeedHub } from './hub.js';
import { listen } from './listen.js';
import { encodeEvent } from './sse.js';

/** A comment this often, so that a dead peer is noticed and proxies keep the connection. */
export const HEARTBEAT_MS = 5_000;
/** More than this unsent to one client, and it is cut; it comes back, and resumes or gets a snapshot. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** From here on a client gets no samples until it has caught up: those are never repaired anyway. */
const SAMPLES_UNSENT_BYTES = MAX_UNSENT_BYTES / 4;
/** Browsers, relays and probes at one time. */
const MAX_FEED_CLIENTS = 64;
/** What a browser waits before it comes back. */
const RETRY_MS = 1_000;

export interface FeedHandlerOptions {
  hub: FeedHub;
  log: Log;
  heartbeatMs?: number;
  maxUnsentBytes?: number;
  maxClients?: number;
}

export interface FeedHandlerStats {
  clients: number;
  /** Clients cut because they read too slowly. */
  cut: number;
  /** Clients refused because there were `maxClients`. */
  refused: number;
  /** Samples not sent to clients that were behind. */
  samplesDropped: number;
  eventsSent: number;
}

export interface FeedHandler {
  /** Answers `GET /feed?thing=car-1`: server-sent events until the client leaves. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  stats(): FeedHandlerStats;
  /** Ends every client's stream. */
  close(): void;
}

/**
 * The feed over HTTP: `snapshot` {view} and `delta` {patch} with `id: epoch.seq`, `samples` {points}, `status` {state,
 * reason}. A client resumes by the header Last-Event-ID, or by `?lastEventId=` (what a page needs that opens a new stream
 * for another car); `?thing=` names whose samples it wants, `*` for all.
 */
export function createFeedHandler(options: FeedHandlerOptions): FeedHandler {
  const { hub, log } = options;
  const maxUnsentBytes = options.maxUnsentBytes ?? MAX_UNSENT_BYTES;
  const samplesUnsentBytes = Math.min(SAMPLES_UNSENT_BYTES, maxUnsentBytes / 4);
  const maxClients = options.maxClients ?? MAX_FEED_CLIENTS;
  const clients = new Map<ServerResponse, () => void>();
  const counts = { cut: 0, refused: 0, samplesDropped: 0, eventsSent: 0 };

  function leave(response: ServerResponse): void {
    clients.get(response)?.();
    clients.delete(response);
  }

  /** False when the client was cut: it has more unsent than it may. */
  function write(response: ServerResponse, text: string): boolean {
    if (response.writableLength + text.length <= maxUnsentBytes) {
      response.write(text);
      return true;
    }
    counts.cut++;
    leave(response);
    log.warn('feed client cut: it reads too slowly', { unsentBytes: response.writableLength, maxUnsentBytes });
    response.destroy();
    return false;
  }

  function send(response: ServerResponse, event: FeedEvent): void {
    if (event.type === 'samples' && response.writableLength > samplesUnsentBytes) {
      counts.samplesDropped++;
    } else if (!response.destroyed && write(response, encodeEvent(event))) {
      counts.eventsSent++;
    }
  }

  const heartbeat = setInterval(() => {
    for (const response of clients.keys()) write(response, ': beat\n\n');
  }, options.heartbeatMs ?? HEARTBEAT_MS);
  heartbeat.unref();

  return {
    handle(request, response) {
      if (request.method !== 'GET') {
        refuse(response, 405, 'PW-SCREEN-METHOD', `${request.method} on /feed; it takes GET.`);
        return;
      }
      if (clients.size >= maxClients) {
        counts.refused++;
        refuse(response, 503, 'PW-SCREEN-FULL', `${clients.size} clients read this feed; at most ${maxClients} may.`);
        return;
      }
      const query = new URL(request.url ?? '/', 'http://feed').searchParams;
      const header = request.headers['last-event-id'];
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // A buffering proxy in front would turn a live feed into a slow one.
        'x-accel-buffering': 'no',
      });
      response.write(`retry: ${RETRY_MS}\n\n`);
      clients.set(response, () => {});
      response.on('close', () => leave(response));
      const unsubscribe = hub.subscribe(
        {
          lastEventId: (typeof header === 'string' ? header : query.get('lastEventId')) ?? undefined,
          thing: query.get('thing') ?? undefined,
        },
        (event) => send(response, event),
      );
      // A snapshot larger than the bound cuts the client before `subscribe` has returned.
      if (clients.has(response)) clients.set(response, unsubscribe);
      else unsubscribe();
    },
    stats: () => ({ clients: clients.size, ...counts }),
    close() {
      clearInterval(heartbeat);
      for (const response of [...clients.keys()]) {
        leave(response);
        response.end();
      }
    },
  };
}

export interface FeedServerOptions extends FeedHandlerOptions {
  /** Default loopback: screens on the same machine relay it. */
  host?: string;
  /** Default 0: any free one. */
  port?: number;
}

export interface FeedServer {
  /** E.g. `http://127.0.0.1:40123/feed`. */
  url: string;
  stats(): FeedHandlerStats;
  close(): Promise<void>;
}

/** The engine's side: a server that answers `/feed` and nothing else. */
export async function startFeedServer(options: FeedServerOptions): Promise<FeedServer> {
  const handler = createFeedHandler(options);
  const server = createServer((request, response) => {
    if (new URL(request.url ?? '/', 'http://feed').pathname === '/feed') handler.handle(request, response);
    else refuse(response, 404, 'PW-SCREEN-NOT-FOUND', `Nothing at ${request.url}; the feed is at /feed.`);
  });
  const { origin } = await listen(server, { host: options.host ?? '127.0.0.1', port: options.port ?? 0, tries: 1 });
  return {
    url: `${origin}/feed`,
    stats: handler.stats,
    close() {
      handler.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
