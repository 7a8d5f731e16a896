/**
 * A recording of a real bus on the screen of a running system: `pitwall car replay` beside `pitwall race`, in a browser.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentSummary } from '#cli/car/attend.js';
import { launchBrowser, noBrowser } from '../helpers/browser.js';
import { sharedFolder } from '../helpers/shared-data.js';
import { ROOT } from '../helpers/tree.js';
import { RaceDesk, type Run } from './race-desk.js';

const PADDOCK_DBC = join(ROOT, 'test/fixtures/can/paddock.dbc');
const REAL_DBC = resolve(sharedFolder, 'data/can/brz_sample.dbc');
const REAL_LOG = resolve(sharedFolder, 'data/can/brz_candump_90s.log.gz');
const noLog = existsSync(REAL_LOG) ? '' : 'no shared data; set PITWALL_SHARED';
/** Long enough for a busy machine; nothing here is a measurement. */
const SOON_MS = 30_000;

const desk = new RaceDesk();
let url: string;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  const race = desk.run('race', '--json', '--cars', '2', '--laps', '500', '--speed', '1', '--port', '0');
  await vi.waitFor(() => expect(race.out[0] ?? race.err()).toContain('"ready"'), SOON_MS);
  ({ url } = JSON.parse(race.out[0]) as { url: string });
  if (noBrowser) return;
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1600, height: 920 } });
  await page.goto(url);
}, 2 * SOON_MS);
afterAll(async () => {
  await browser?.close();
  desk.close();
});

/** `seconds` of a bus that ended years ago: rpm climbs, oil is warm. */
function recording(seconds: number): string {
  const lines: string[] = [];
  for (let i = 0; i < seconds * 100; i++) {
    const rpm = (4000 + 10 * i) * 4;
    const data = [rpm & 0xff, (rpm >> 8) & 0xff, 90 + 40, 0, 0, 0, 0, 0];
    const hex = data.map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
    lines.push(`(${(1_600_000_000 + i / 100).toFixed(6)}) can0 100#${hex}`);
  }
  const path = join(desk.data, 'bus.log');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const lastOf = (run: Run) => JSON.parse(run.out.at(-1) ?? '{}') as AgentSummary;

it('plays a recording into the running system: every frame is acknowledged end to end', async () => {
  const run = desk.run('car', 'replay', recording(1), '--dbc', PADDOCK_DBC, '--thing', 'car-77', '--json');
  expect(await run.exit, run.err()).toBe(0);
  const summary = lastOf(run);
  expect(summary).toMatchObject({ type: 'summary', thing: 'car-77', dropped: {}, unsent: 0, unacked: 0 });
  expect(summary.sampled).toBeGreaterThan(5);
  expect(summary.journaled).toBe(summary.sampled);
  expect(summary.acked).toBe(summary.sampled);
  expect(summary.sources.can).toMatchObject({ frames: 100, failures: 0 });
  const { lastRaceMs } = JSON.parse(readFileSync(join(desk.data, 'agents/car-77/replayed.json'), 'utf8'));
  expect(lastRaceMs).toBeGreaterThan(Date.now() - 60_000);
});

it('^C ends it with what it had, a summary, and 130', async () => {
  const run = desk.run('car', 'replay', recording(600), '--dbc', PADDOCK_DBC, '--thing', 'car-78', '--json');
  await expect.poll(() => run.out.length, { timeout: SOON_MS }).toBeGreaterThan(1);
  run.child.kill('SIGINT');
  expect(await run.exit, run.err()).toBe(130);
  expect(lastOf(run)).toMatchObject({ type: 'summary', thing: 'car-78', dropped: {} });
  expect(lastOf(run).journaled).toBe(lastOf(run).sampled);
});

describe.skipIf(noBrowser !== '')(`on the screen${noBrowser && ` (skipped: ${noBrowser})`}`, () => {
  const strips = () => page.locator('pw-car .strip select:visible');
  const namesOfCar = () =>
    strips()
      .first()
      .locator('option')
      .evaluateAll((options) => options.map((option) => option.getAttribute('value')));

  /** Selects the car that is in no roster, and waits for its channels. */
  async function select(thing: string): Promise<void> {
    await page.locator(`pw-tower tr[data-entry="${thing}"]`).click({ timeout: SOON_MS });
    await expect.poll(() => strips().count(), { timeout: SOON_MS }).toBeGreaterThan(0);
  }

  it('a car that is in no roster is listed, and shows its own channels with their units', async () => {
    const run = desk.run('car', 'replay', recording(120), '--dbc', PADDOCK_DBC, '--thing', 'car-79', '--json');
    await select('car-79');
    expect(await page.locator('pw-tower tr[data-entry="car-79"] .c-state').textContent()).toBe('not listed');
    expect(await namesOfCar()).toEqual(expect.arrayContaining(['Rpm', 'OilTemp']));
    const reading = () => page.locator('pw-car .strip-head').first().textContent();
    await expect.poll(reading, { timeout: SOON_MS }).toMatch(/\d/);
    await expect.poll(() => page.locator('pw-car').textContent(), { timeout: SOON_MS }).toContain('1/min');
    run.child.kill('SIGINT');
    await run.exit;
  });

  it.skipIf(noLog !== '')(
    `the real log of 90 s plays, and its channels move${noLog && ` (skipped: ${noLog})`}`,
    async () => {
      const run = desk.run('car', 'replay', REAL_LOG, '--dbc', REAL_DBC, '--thing', 'car-86', '--json');
      await select('car-86');
      const readings = () => page.locator('pw-car .reading').allTextContents();
      await expect
        .poll(async () => (await readings()).every((text) => /\d/.test(text)), { timeout: SOON_MS })
        .toBe(true);
      const before = await readings();
      await expect.poll(readings, { timeout: SOON_MS }).not.toEqual(before);
      expect((await namesOfCar()).length).toBeGreaterThan(10);
      run.child.kill('SIGINT');
      expect(await run.exit, run.err()).toBe(130);
      expect(lastOf(run)).toMatchObject({ dropped: {}, sources: { can: { failures: 0 } } });
    },
  );
});
