import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ScreenDecision } from '#cloud/dashboard/decisions.js';
import { readFeed } from '#cloud/dashboard/feed-client.js';
import { type FeedServer, startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { type Screen, type ScreenOptions, startScreen } from '#cloud/dashboard/server.js';
import type { RaceView, SamplePoints } from '#cloud/dashboard/view.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { SyntheticRace } from './synthetic-race.js';

let race: SyntheticRace;
let hub: FeedHub;
let engine: FeedServer;
let webDir: string;
let decisions: ScreenDecision[];
const closing: (() => Promise<unknown>)[] = [];

async function screenOf(changes: Partial<ScreenOptions> = {}): Promise<Screen> {
  const screen = await startScreen({
    port: 0,
    nextFreePort: true,
    upstreams: [engine.url],
    decide: async (decision) => {
      decisions.push(decision);
    },
    log: silentLog,
    wallClock,
    random: seededRandom(5),
    webDir,
    ...changes,
  });
  closing.push(() => screen.close());
  return screen;
}

async function engineOf(port?: number, maxUnsentBytes?: number): Promise<FeedServer> {
  const server = await startFeedServer({ hub, log: silentLog, port, maxUnsentBytes });
  closing.push(() => server.close());
  return server;
}

/** Follows a feed; the newest of everything is there to look at. */
function follow(url: string, thing?: string) {
  const leaving = new AbortController();
  const seen: { views: RaceView[]; ids: string[]; samples: SamplePoints[] } = { views: [], ids: [], samples: [] };
  const done = readFeed(url, {
    thing,
    onView: (view, id) => {
      seen.views.push(view);
      seen.ids.push(`${id.epoch}.${id.seq}`);
    },
    onSamples: (points) => seen.samples.push(points),
    signal: leaving.signal,
  });
  closing.push(async () => {
    leaving.abort();
    await done.catch(() => {});
  });
  return Object.assign(seen, { done, leave: () => leaving.abort() });
}

/** A plain GET of a feed that collects text until `until` is in it. */
async function feedText(url: string, until: string, headers: Record<string, string> = {}): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  let text = '';
  for await (const bytes of response.body!) {
    text += Buffer.from(bytes as Uint8Array).toString();
    if (text.includes(until)) break;
  }
  leaving.abort();
  return text;
}

/** Like fetch, which refuses to send a Host and an Origin of one's own. */
function rawRequest(url: string, options: { method?: string; headers?: Record<string, string>; body?: string }) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const request = httpRequest(url, { method: options.method ?? 'GET', headers: options.headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

beforeEach(async () => {
  race = new SyntheticRace({ seed: 9, cars: 5 });
  hub = new FeedHub();
  decisions = [];
  engine = await engineOf();
  webDir = await mkdtemp(join(tmpdir(), 'pitwall-web-'));
  await mkdir(join(webDir, 'assets'));
  await writeFile(join(webDir, 'index.html'), '<!doctype html><title>Pitwall</title>');
  await writeFile(join(webDir, 'assets', 'main-abc.js'), 'console.log(1)');
  await writeFile(join(webDir, 'assets', 'main-abc.js.br'), 'compressed');
  await writeFile(join(webDir, 'notes.secret'), 'no');
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(webDir, { recursive: true, force: true });
});

describe('feed over HTTP', () => {
  it('relays snapshot, deltas and samples through the screen under the engine’s numbers', async () => {
    hub.publish(race.advance(100), 3);
    const screen = await screenOf();
    const page = follow(`${screen.url}/feed`, 'car-2');
    await vi.waitFor(() => expect(page.views).toHaveLength(1));
    for (let step = 0; step < 5; step++) hub.publish(race.advance(500), 3);
    hub.samples(race.samples('car-1'));
    hub.samples(race.samples('car-2'));
    await vi.waitFor(() => {
      expect(page.views.at(-1)).toEqual(race.view);
      expect(page.samples.map(({ thing }) => thing)).toEqual(['car-2']);
    });
    expect(page.ids.at(-1)).toBe(`${hub.id.epoch}.${hub.id.seq}`);
  });

  it.each(['header', 'query'])('resumes by Last-Event-ID in the %s: deltas only', async (where) => {
    hub.publish(race.advance(100), 3);
    const last = `${hub.id.epoch}.${hub.id.seq}`;
    hub.publish(race.advance(500), 3);
    hub.publish(race.advance(500), 3);
    const end = `id: ${hub.id.epoch}.${hub.id.seq}`;
    const text =
      where === 'header'
        ? await feedText(engine.url, end, { 'last-event-id': last })
        : await feedText(`${engine.url}?lastEventId=${last}`, end);
    expect(text.match(/^event: .*$/gm)).toEqual(['event: delta', 'event: delta']);
    expect(text.startsWith('retry: 1000\n\n')).toBe(true);
    expect(await feedText(engine.url, end)).toContain('event: snapshot');
  });

  it('an engine that comes back with a higher fence is followed again; the page keeps its connection', async () => {
    hub.publish(race.advance(100), 3);
    const screen = await screenOf();
    const page = follow(`${screen.url}/feed`);
    await vi.waitFor(() => expect(page.views).toHaveLength(1));
    const port = Number(new URL(engine.url).port);
    await engine.close();
    await vi.waitFor(() => expect(screen.stats().upstreams[0].connected).toBe(false));
    hub = new FeedHub();
    hub.publish(race.advance(5_000), 4);
    engine = await engineOf(port);
    await vi.waitFor(() => expect(page.ids.at(-1)).toBe(`4.${hub.id.seq}`), 8_000);
    expect(page.views.at(-1)).toEqual(race.view);
    expect(screen.stats().upstreams[0]).toMatchObject({ connected: true, connects: 2 });
  });

  it('cuts a client that does not read, counts it, and others see nothing of it', async () => {
    const bounded = await engineOf(undefined, 64 * 1024);
    hub.publish(race.advance(100), 3);
    const lazy: Socket = connect(Number(new URL(bounded.url).port), '127.0.0.1');
    closing.push(async () => lazy.destroy());
    const cut = new Promise((resolve) => lazy.once('close', resolve));
    lazy.write('GET /feed?thing=* HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    lazy.pause();
    await vi.waitFor(() => expect(bounded.stats().clients).toBe(1));
    const reader = follow(bounded.url);
    // The kernel's own buffers take some megabytes before the server notices.
    let step = 0;
    while (bounded.stats().cut === 0 && step++ < 2_000) {
      race.view.name = `${step}`.padEnd(32 * 1024, '.');
      hub.publish(race.advance(10), 3);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bounded.stats()).toMatchObject({ cut: 1, clients: 1 });
    await vi.waitFor(() => expect(reader.views.at(-1)?.name).toBe(race.view.name));
    lazy.resume();
    await cut;
  });

  it('refuses a client above the bound', async () => {
    const small = await startFeedServer({ hub, log: silentLog, maxClients: 1 });
    closing.push(() => small.close());
    follow(small.url);
    await vi.waitFor(() => expect(small.stats().clients).toBe(1));
    await expect(follow(small.url).done).rejects.toMatchObject({ code: 'PW-SCREEN-FEED' });
    expect(small.stats()).toMatchObject({ clients: 1, refused: 1 });
  });

  it('says in words that the engine does not answer, and that it does again', async () => {
    const port = Number(new URL(engine.url).port);
    await engine.close();
    const screen = await screenOf();
    expect(await feedText(`${screen.url}/feed`, 'ECONNREFUSED')).toContain('"state":"down"');
    engine = await engineOf(port);
    expect(await feedText(`${screen.url}/feed`, '"state":"up"')).toContain('event: status');
  });
});

describe('decisions', () => {
  const decision = { revision: 2, decision: 'accepted', author: ' K. Marrowby ' };

  async function post(screen: Screen, headers: Record<string, string>, body = JSON.stringify(decision)) {
    const path = `${screen.url}/api/calls/call%2F7/decision`;
    const { status, body: text } = await rawRequest(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status, code: JSON.parse(text).error?.code };
  }

  async function screenWithRace(changes: Partial<ScreenOptions> = {}): Promise<Screen> {
    hub.publish(race.advance(100), 3);
    const screen = await screenOf(changes);
    await feedText(`${screen.url}/feed`, 'event: snapshot');
    return screen;
  }

  it('hands a decision on, with the race that is shown', async () => {
    const screen = await screenWithRace();
    expect(await post(screen, { origin: screen.url })).toEqual({ status: 202, code: undefined });
    expect(decisions).toEqual([
      { race: 'synthetic-1', callId: 'call/7', revision: 2, decision: 'accepted', author: 'K. Marrowby' },
    ]);
  });

  it('refuses what does not come from its own page', async () => {
    const screen = await screenWithRace();
    expect(await post(screen, { origin: 'http://evil.example' })).toEqual({ status: 403, code: 'PW-SCREEN-ORIGIN' });
    expect(await post(screen, {})).toEqual({ status: 403, code: 'PW-SCREEN-ORIGIN' });
    expect(await post(screen, { origin: 'null' })).toEqual({ status: 403, code: 'PW-SCREEN-ORIGIN' });
    const rebound = { host: `evil.example:${screen.port}`, origin: `http://evil.example:${screen.port}` };
    expect(await post(screen, rebound)).toEqual({ status: 421, code: 'PW-SCREEN-HOST' });
    const form = { origin: screen.url, 'content-type': 'text/plain' };
    expect(await post(screen, form)).toEqual({ status: 415, code: 'PW-SCREEN-BODY' });
    expect(decisions).toEqual([]);
  });

  it.each([
    ['not JSON', '{', 400],
    ['a decision that is none', JSON.stringify({ ...decision, decision: 'maybe' }), 400],
    ['no author', JSON.stringify({ ...decision, author: ' ' }), 400],
    ['a field too many', JSON.stringify({ ...decision, force: true }), 400],
    ['too much', JSON.stringify({ ...decision, author: 'x'.repeat(5_000) }), 413],
  ])('refuses a body with %s', async (_, body, status) => {
    const screen = await screenWithRace();
    expect(await post(screen, { origin: screen.url }, body)).toEqual({ status, code: 'PW-SCREEN-BODY' });
    expect(decisions).toEqual([]);
  });

  it('says whether trying again can help when the decision is not taken', async () => {
    const fenced = new PitwallError('PW-STATE-FENCED', { what: 'The call was superseded.' });
    const failing = await screenWithRace({ decide: () => Promise.reject(fenced) });
    expect(await post(failing, { origin: failing.url })).toEqual({ status: 409, code: 'PW-STATE-FENCED' });
    const broken = await screenWithRace({ decide: () => Promise.reject(new Error('socket hang up')) });
    expect(await post(broken, { origin: broken.url })).toEqual({ status: 503, code: 'PW-SCREEN-DECISION' });
  });

  it('takes none while no race is known', async () => {
    const screen = await screenOf();
    expect(await post(screen, { origin: screen.url })).toEqual({ status: 503, code: 'PW-SCREEN-DECISION' });
  });
});

describe('screen server', () => {
  it('serves the page with its types, caching and a policy against foreign scripts', async () => {
    const { url } = await screenOf();
    const page = await fetch(`${url}/`, { headers: { 'accept-encoding': 'identity' } });
    expect(await page.text()).toContain('<title>Pitwall</title>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const script = await fetch(`${url}/assets/main-abc.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toContain('immutable');
    const packed = await rawRequest(`${url}/assets/main-abc.js`, { headers: { 'accept-encoding': 'gzip, br;q=1' } });
    expect(packed.body).toBe('compressed');
  });

  it.each(['/nothing', '/notes.secret', '/../package.json', '/%2e%2e/package.json', '/assets/main-abc.js.br'])(
    'answers 404 to %s',
    async (path) => {
      const { port } = await screenOf();
      const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
        httpRequest({ port, path, host: '127.0.0.1' }, (response) => {
          let body = '';
          response.on('data', (chunk) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(404);
      expect(JSON.parse(body).error.code).toBe('PW-SCREEN-NOT-FOUND');
    },
  );

  it('takes the next free port and says so, or refuses when that is not wanted', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => other.close(resolve)));
    const { port } = other.address() as AddressInfo;
    const screen = await screenOf({ port });
    expect(screen.portWasBusy).toBe(true);
    expect(screen.port).toBeGreaterThan(port);
    expect((await fetch(`${screen.url}/healthz`)).status).toBe(200);
    await expect(screenOf({ port, nextFreePort: false })).rejects.toMatchObject({ code: 'PW-SCREEN-PORT' });
    expect((await screenOf()).portWasBusy).toBe(false);
  });

  it('answers to its own names only', async () => {
    const screen = await screenOf({ allowedHosts: ['pitwall.team.lan'] });
    const status = async (host: string) => (await rawRequest(`${screen.url}/healthz`, { headers: { host } })).status;
    expect(await status(`localhost:${screen.port}`)).toBe(200);
    expect(await status(`[::1]:${screen.port}`)).toBe(200);
    expect(await status('pitwall.team.lan')).toBe(200);
    expect(await status('evil.example')).toBe(421);
  });

  it('tells machines how it is', async () => {
    hub.publish(race.advance(100), 3);
    const screen = await screenOf();
    await feedText(`${screen.url}/feed`, 'event: snapshot');
    const health = await (await fetch(`${screen.url}/healthz`)).json();
    expect(health).toMatchObject({ ok: true, race: { race: 'synthetic-1' }, upstreams: [{ connected: true }] });
    const metrics = await (await fetch(`${screen.url}/metrics`)).text();
    expect(metrics).toMatch(/^pitwall_screen_upstreams_connected 1$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect((await rawRequest(`${screen.url}/healthz`, { method: 'DELETE' })).status).toBe(405);
  });

  it('without a built page says what to run, and feeds all the same', async () => {
    hub.publish(race.advance(100), 3);
    const screen = await screenOf({ webDir: join(webDir, 'absent') });
    const page = await rawRequest(screen.url, {});
    expect(page.status).toBe(503);
    expect(JSON.parse(page.body).error).toMatchObject({ code: 'PW-SCREEN-NO-PAGE', fix: 'npm run build:web' });
    expect(await feedText(`${screen.url}/feed`, 'event: snapshot')).toContain('synthetic-1');
  });

  it('closes with clients connected, and frees its port', async () => {
    const screen = await screenOf();
    const page = follow(`${screen.url}/feed`);
    await vi.waitFor(() => expect(screen.stats().feed.clients).toBe(1));
    await screen.close();
    await expect(page.done).rejects.toMatchObject({ code: 'PW-SCREEN-FEED' });
    const again = await screenOf({ port: screen.port, nextFreePort: false });
    expect(again.port).toBe(screen.port);
  });
});
