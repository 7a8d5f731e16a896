import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ScreenDecision } from '#cloud/dashboard/decisions.js';
import { type FeedServer, startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { type Screen, startScreen } from '#cloud/dashboard/server.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { launchBrowser, noBrowser } from '../../helpers/browser.js';
import { ownStrategy } from './own-strategy.js';
import { SyntheticRace } from './synthetic-race.js';

const WEB_DIR = fileURLToPath(new URL('../../../dist/cloud/dashboard/web', import.meta.url));
const SEED = 7;
const CARS = 40;
// Run in the page; as text, because the tests' own program knows no DOM.
const SCROLLS =
  'document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth';
const FOREIGN_REQUESTS =
  "performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(location.origin)).length";
/** Bright pixels of each strip, read from a copy. */
const INKED_PIXELS = `[...document.querySelectorAll('pw-car canvas')].map((canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((_, at) => at % 4 === 2 && data[at] > 200 && data[at + 1] > 0).length;
})`;
const skipped = noBrowser || (existsSync(WEB_DIR) ? '' : 'the page is not built: npm run build:web');

describe.skipIf(skipped !== '')(
  `the page in a browser, ${CARS} cars at 10 Hz, seed ${SEED}${skipped && ` (skipped: ${skipped})`}`,
  () => {
    const hub = new FeedHub();
    const race = new SyntheticRace({ seed: SEED, cars: CARS, fromLap: 21 });
    const decisions: ScreenDecision[] = [];
    const complaints: string[] = [];
    let engine: FeedServer;
    let screen: Screen;
    let browser: Browser;
    let page: Page;
    let ticking: NodeJS.Timeout | undefined;
    let moving = false;

    /** Long enough for a busy machine; nothing here is a measurement. */
    const soon = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
    const text = (test: string) => page.locator(`[data-test="${test}"]`).textContent();
    const selectedEntry = () => page.locator('pw-tower tr.selected').getAttribute('data-entry');
    const entries = () =>
      page.locator('pw-tower tbody tr').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-entry')));

    const standing = () =>
      Object.values(race.view.rows)
        .sort((left, right) => left.order - right.order)
        .map(({ entry }) => entry);

    function tick(): void {
      if (!moving) return;
      hub.publish(race.advance(100), 1);
      for (const { thing } of Object.values(race.view.rows)) if (thing) hub.samples(race.samples(thing));
    }

    beforeAll(async () => {
      engine = await startFeedServer({ hub, log: silentLog });
      screen = await startScreen({
        port: 0,
        nextFreePort: true,
        upstreams: [engine.url],
        decide: async (decision) => {
          decisions.push(decision);
          const call = race.view.calls[decision.callId];
          call.status = decision.decision;
          call.decidedBy = decision.author;
        },
        log: silentLog,
        wallClock,
        random: seededRandom(SEED),
        webDir: WEB_DIR,
      });
      ticking = setInterval(tick, 100);
      browser = await launchBrowser();
      page = await browser.newPage({ viewport: { width: 1600, height: 920 } });
      page.on('console', (message) => {
        if (message.type() !== 'log' && message.type() !== 'info') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('requestfailed', (request) => {
        // The page itself ends its stream when another car is selected.
        const ended =
          new URL(request.url()).pathname === '/feed' && request.failure()?.errorText === 'net::ERR_ABORTED';
        if (!ended) complaints.push(`failed: ${request.url()}`);
      });
    });

    afterEach(() => {
      moving = true;
    });

    afterAll(async () => {
      clearInterval(ticking);
      await browser?.close();
      await screen?.close();
      await engine?.close();
    });

    it('says in words why there is nothing yet', async () => {
      await page.goto(screen.url);
      await soon(() => text('empty')).toContain('no session is open');
      expect(await text('mode')).toBe('CONNECTING');
    });

    it('shows every car in running order as soon as a race is there, all rows in view', async () => {
      await page
        .locator('pw-tower tbody tr')
        .nth(CARS - 1)
        .waitFor();
      await soon(() => text('mode')).toBe('LIVE');
      expect(await text('flag')).toContain('GREEN');
      expect(await text('lap')).toMatch(/^2\d\/60$/);
      const last = await page.locator('pw-tower tbody tr').last().boundingBox();
      expect(last!.y + last!.height).toBeLessThan(920);
      const scrolls = await page.evaluate(SCROLLS);
      expect(scrolls).toBe(false);
    });

    it('moves: gaps change, and who passes comes to stand above', async () => {
      const gapOf = (row: number) => page.locator('pw-tower tbody tr').nth(row).locator('.c-gap').textContent();
      const before = await gapOf(5);
      await soon(() => gapOf(5)).not.toBe(before);
      moving = false;
      const [first, second, ...others] = standing();
      const view = structuredClone(race.view);
      view.rows[first].order = 2;
      view.rows[second].order = 1;
      hub.publish(view, 1);
      await soon(entries).toEqual([second, first, ...others]);
    });

    it('selects our own car first; then by click and by key, and keeps it in the address', async () => {
      expect(await selectedEntry()).toBe('24');
      // Places must stand still while one is counted down and up again.
      moving = false;
      hub.publish(race.view, 1);
      await soon(entries).toEqual(standing());
      const tenth = standing()[9];
      await page.locator(`pw-tower tr[data-entry="${tenth}"]`).click();
      await soon(selectedEntry).toBe(tenth);
      expect(new URL(page.url()).hash).toBe(`#car=${tenth}`);
      await page.keyboard.press('h');
      await soon(selectedEntry).toBe('24');
      const below = standing()[standing().indexOf('24') + 1];
      await page.keyboard.press('j');
      await soon(selectedEntry).toBe(below);
      await page.keyboard.press('k');
      await soon(selectedEntry).toBe('24');
      expect(await text('car-title')).toContain(race.view.rows['24'].driver);
    });

    it('draws the samples of the selected car, and only those are sent', async () => {
      await soon(() => page.locator('pw-car .reading').allTextContents()).not.toContain('');
      const inked = () => page.evaluate<number[]>(INKED_PIXELS);
      await soon(async () => (await inked()).every((count) => count > 20)).toBe(true);
      const { samplesIn, samplesOut } = screen.stats().hub;
      expect(samplesIn).toBeGreaterThan(samplesOut * (CARS / 2));
    });

    it('posts what a person decides, signed, and shows what became of it', async () => {
      race.call('call-1', { text: 'Pit now: four tyres, fill' });
      const card = page.locator('[data-call="call-1"]');
      await card.getByText('Pit now').waitFor();
      expect(await card.locator('li').count()).toBe(3);
      await page.locator('pw-calls input').fill('K. Marrowby');
      await page.locator('pw-calls input').press('Enter');
      await card.getByRole('button', { name: 'Accept' }).click();
      await card.getByText('✓ ACCEPTED').waitFor();
      expect(decisions).toEqual([
        { race: 'synthetic-1', callId: 'call-1', revision: 1, decision: 'accepted', author: 'K. Marrowby' },
      ]);
      expect(await card.textContent()).toContain('decided by K. Marrowby');
      expect(await card.getByRole('button').count()).toBe(0);
    });

    it('space holds the tower still, but a pit call still appears', async () => {
      await page.locator('pw-tower th').first().click();
      await page.keyboard.press(' ');
      await page.locator('[data-test="paused"]').waitFor();
      const tower = () => page.locator('pw-tower tbody').textContent();
      const held = await tower();
      race.call('call-2', { text: 'Pit under this caution' });
      await page.locator('[data-call="call-2"]').waitFor();
      expect(await tower()).toBe(held);
      await page.keyboard.press(' ');
      await soon(tower).not.toBe(held);
    });

    it('shows the strategy of an own car by key, with what each group rests on, and says why where there is none', async () => {
      expect(await page.locator('pw-strategy').isVisible()).toBe(false);
      await page.keyboard.press('h');
      await page.keyboard.press('s');
      expect(await text('no-answers')).toContain('No answer yet');
      expect(await page.locator('pw-car .strips').isVisible()).toBe(false);
      race.view.strategy = ownStrategy('24');
      hub.publish(race.view, 1);
      await page.locator('pw-strategy h3', { hasText: 'Fuel' }).waitFor();
      expect(await page.locator('pw-strategy h3', { hasText: 'Data' }).textContent()).toMatch(/timing \d+ s ●/);
      await page.keyboard.press('j');
      await soon(() => text('no-answers')).toContain('is not ours');
      await page.locator('[data-test="tab-telemetry"]').click();
      // Of the car that was selected last: its samples come first.
      await soon(() => page.locator('pw-car .strips').isVisible()).toBe(true);
      await page.keyboard.press('h');
    });

    it('opens its help by key', async () => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('next car').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    });

    it('is a picture that can be shown', async () => {
      const picture = await page.screenshot({ path: process.env.PITWALL_SCREENSHOT });
      expect(picture.length).toBeGreaterThan(50_000);
    });

    it('stays when the race is over, and says so', async () => {
      moving = false;
      race.view.phase = 'finished';
      race.view.flag = 'checkered';
      hub.publish(race.view, 1);
      await page.locator('[data-test="mode"]', { hasText: 'RACE OVER' }).waitFor();
      expect(await text('race-over')).toContain('P1');
      expect(await page.locator('pw-tower tbody tr').count()).toBe(CARS);
    });

    it('had nothing to complain about until here, and everything came from its own server', async () => {
      expect(complaints).toEqual([]);
      const foreign = await page.evaluate(FOREIGN_REQUESTS);
      expect(foreign).toBe(0);
    });

    it('says in words that the engine is gone, and comes back with it', async () => {
      moving = false;
      race.view.phase = 'running';
      hub.publish(race.view, 1);
      await page.locator('[data-test="mode"]', { hasText: 'LIVE' }).waitFor();
      const port = Number(new URL(engine.url).port);
      await engine.close();
      await page.locator('[data-test="mode"]', { hasText: 'NO DATA' }).waitFor();
      expect(await page.locator('pw-top-bar .reason').textContent()).toContain('race engine does not answer');
      engine = await startFeedServer({ hub, log: silentLog, port });
      hub.publish(race.advance(1_000), 1);
      await page.locator('[data-test="mode"]', { hasText: 'LIVE' }).waitFor();
    });
  },
);
