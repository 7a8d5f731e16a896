import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { DECISION_PATH, type Decide, handleDecision } from './decisions.js';
import { connectFeed, type FeedClientStats } from './feed-client.js';
import { formatFeedId, type SourceStatus } from './feed-events.js';
import { createFeedHandler, type FeedHandlerStats } from './feed-server.js';
import { answer, refuse } from './http-answers.js';
import { FeedHub, type FeedHubStats } from './hub.js';
import { listen } from './listen.js';
import { metricsOf, type Reading } from './metrics.js';
import { isOwnHost, SECURITY_HEADERS } from './request-guard.js';
import { readStaticFiles } from './static-files.js';

/** Ports tried from the wanted one on. */
const MAX_PORT_TRIES = 20;
/** How often the data's health is asked for and told to the pages on change. */
const STATUS_EVERY_MS = 1_000;

export interface ScreenOptions {
  /** Default `127.0.0.1`; another address opens the screen to the network. */
  host?: string;
  /** Host names beside `localhost` and addresses in digits under which the screen may be called, e.g. `pitwall.team.lan`. */
  allowedHosts?: readonly string[];
  port: number;
  /** A busy port → the next free one of `MAX_PORT_TRIES`; false → PW-SCREEN-PORT. */
  nextFreePort: boolean;
  /** Feeds of the engine (active and standby): `http://127.0.0.1:40123/feed`. The highest fence wins. */
  upstreams: readonly string[];
  decide: Decide;
  /** What the caller knows about the data's way here; told to the person in these words while it is down. */
  dataHealth?: () => SourceStatus;
  log: Log;
  wallClock: Clock;
  random: Random;
  /** Folder of the built page. */
  webDir: string;
}

export interface ScreenStats {
  hub: FeedHubStats;
  feed: FeedHandlerStats;
  upstreams: FeedClientStats[];
  decisions: number;
}

export interface Screen {
  /** What a person opens, e.g. `http://127.0.0.1:8080`. */
  url: string;
  port: number;
  portWasBusy: boolean;
  stats(): ScreenStats;
  close(): Promise<void>;
}

/**
 * The screen's server: the page, the feed relayed from the engine, and the way back for decisions. It keeps nothing: when
 * it starts again, its pages resume by themselves.
 *
 *     GET  /                        the page
 *     GET  /feed                    server-sent events (feed-server.ts)
 *     POST /api/calls/:id/decision  {revision, decision, author} (decisions.ts)
 *     GET  /healthz  /metrics       for machines
 */
export async function startScreen(options: ScreenOptions): Promise<Screen> {
  const { decide, log, wallClock, random } = options;
  const host = options.host ?? '127.0.0.1';
  const startedMs = wallClock.nowMs();
  const allowedHosts = options.allowedHosts ?? [];
  const hub = new FeedHub({ wallClock });
  const feed = createFeedHandler({ hub, log });
  const files = await readStaticFiles(options.webDir);
  if (!files.built) log.warn('the web page has not been built', { webDir: options.webDir, fix: 'npm run build:web' });
  let decisions = 0;

  const closing = new AbortController();
  const clients = options.upstreams.map((url) =>
    connectFeed({ url, hub, random, log, signal: closing.signal, onChange: () => tellStatus() }),
  );
  function tellStatus(): void {
    hub.setStatus(
      sourceStatus(
        clients.map((client) => client.stats()),
        options.dataHealth,
      ),
    );
  }
  const statusTimer = setInterval(tellStatus, STATUS_EVERY_MS);
  statusTimer.unref();
  tellStatus();

  const stats = (): ScreenStats => ({
    hub: hub.stats(),
    feed: feed.stats(),
    upstreams: clients.map((client) => client.stats()),
    decisions,
  });
  const metrics = metricsOf(readingsOf(stats));

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!isOwnHost(request.headers.host, allowedHosts)) {
      refuse(response, 421, 'PW-SCREEN-HOST', `The request is for ${request.headers.host}; this screen is ${host}.`);
      return;
    }
    const path = (request.url ?? '/').split('?', 1)[0];
    const decision = DECISION_PATH.exec(path);
    if (decision) {
      decisions++;
      const callId = decodeURIComponent(decision[1]);
      await handleDecision(request, response, { race: hub.view?.race, callId, decide, log });
    } else if (path === '/feed') {
      feed.handle(request, response);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'PW-SCREEN-METHOD', `${request.method} on ${path}; it takes GET.`);
    } else if (path === '/healthz') {
      answer(response, 200, health());
    } else if (path === '/metrics') {
      response.setHeader('content-type', metrics.contentType);
      response.end(await metrics.metrics());
    } else if (!files.serve(request, response, path)) {
      if (path === '/') refuse(response, 503, 'PW-SCREEN-NO-PAGE', 'The page has not been built.', 'npm run build:web');
      else refuse(response, 404, 'PW-SCREEN-NOT-FOUND', `Nothing at ${path}.`);
    }
  }

  /** Always 200 while the process serves: starting the screen again would not bring an engine back. */
  function health() {
    const { view, id } = hub;
    const race = view && { race: view.race, phase: view.phase, lap: view.lap, id: formatFeedId(id) };
    return {
      ok: true,
      uptimeMs: Math.round(wallClock.nowMs() - startedMs),
      race: race ?? null,
      data: options.dataHealth?.() ?? null,
      upstreams: clients.map((client) => client.stats()),
    };
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      log.error('request failed', { url: request.url, error: String(error) });
      if (response.headersSent) response.destroy();
      else refuse(response, 400, 'PW-SCREEN-BODY', 'The request could not be read.');
    });
  });

  async function close(): Promise<void> {
    clearInterval(statusTimer);
    closing.abort();
    feed.close();
    await Promise.all(clients.map((client) => client.done));
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  try {
    const tries = options.nextFreePort ? MAX_PORT_TRIES : 1;
    const { origin, port, portWasBusy } = await listen(server, { host, port: options.port, tries });
    log.info('screen listens', { url: origin, portWasBusy });
    return { url: origin, port, portWasBusy, stats, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One connected upstream is enough: the standby's feed may be down. */
function sourceStatus(upstreams: FeedClientStats[], dataHealth: ScreenOptions['dataHealth']): SourceStatus {
  if (upstreams.some((upstream) => upstream.connected)) return dataHealth?.() ?? { state: 'up', reason: '' };
  const reasons = upstreams.map(({ url, reason }) => `${new URL(url).host}: ${reason}`);
  return {
    state: 'down',
    reason:
      reasons.length === 0
        ? 'The screen was started without an engine to listen to.'
        : `The race engine does not answer (${reasons.join('; ')}). The screen keeps trying.`,
  };
}

function readingsOf(stats: () => ScreenStats): Reading[] {
  const sum = (pick: (upstream: FeedClientStats) => number) => () =>
    stats().upstreams.reduce((total, upstream) => total + pick(upstream), 0);
  return [
    {
      name: 'pitwall_screen_clients',
      help: 'Pages and probes reading the feed.',
      kind: 'gauge',
      read: () => stats().feed.clients,
    },
    {
      name: 'pitwall_screen_clients_cut_total',
      help: 'Clients cut because they read too slowly.',
      kind: 'counter',
      read: () => stats().feed.cut,
    },
    {
      name: 'pitwall_screen_clients_refused_total',
      help: 'Clients refused at the bound.',
      kind: 'counter',
      read: () => stats().feed.refused,
    },
    {
      name: 'pitwall_screen_samples_dropped_total',
      help: 'Samples not sent to slow clients.',
      kind: 'counter',
      read: () => stats().feed.samplesDropped,
    },
    { name: 'pitwall_screen_events_total', help: 'Events sent.', kind: 'counter', read: () => stats().feed.eventsSent },
    { name: 'pitwall_screen_deltas_total', help: 'Deltas relayed.', kind: 'counter', read: () => stats().hub.deltas },
    {
      name: 'pitwall_screen_resumed_total',
      help: 'Clients that resumed.',
      kind: 'counter',
      read: () => stats().hub.resumed,
    },
    {
      name: 'pitwall_screen_too_old_total',
      help: 'Clients back too late to resume.',
      kind: 'counter',
      read: () => stats().hub.tooOld,
    },
    {
      name: 'pitwall_screen_stale_total',
      help: 'Events refused as a stale writer’s.',
      kind: 'counter',
      read: () => stats().hub.stale,
    },
    {
      name: 'pitwall_screen_decisions_total',
      help: 'Decisions asked for.',
      kind: 'counter',
      read: () => stats().decisions,
    },
    {
      name: 'pitwall_screen_upstreams_connected',
      help: 'Engine feeds connected.',
      kind: 'gauge',
      read: sum((upstream) => Number(upstream.connected)),
    },
    {
      name: 'pitwall_screen_upstream_failures_total',
      help: 'Engine feeds lost or not reached.',
      kind: 'counter',
      read: sum((upstream) => upstream.failures),
    },
    {
      name: 'pitwall_screen_upstream_gaps_total',
      help: 'Deltas that did not follow.',
      kind: 'counter',
      read: sum((upstream) => upstream.gaps),
    },
  ];
}
