/**
 * The first pictures of `npm run docs:picture`: the screen (docs/screen.png) and its strategy panel (docs/strategy.png), from the
 * real page of a real race. Needs Chromium (PITWALL_CHROMIUM names another one) and a build.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE = join(ROOT, 'docs/screen.png');
const STRATEGY = join(ROOT, 'docs/strategy.png');
const CALL_TIMEOUT_MS = 240_000;

const data = mkdtempSync(join(tmpdir(), 'pitwall-picture-'));
const race = spawn(process.execPath, [join(ROOT, 'cli/bin.js'), 'race', '--port', '0', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [url] = await new Promise<string[]>((resolve) =>
    createInterface(race.stdout).once('line', (line) => resolve([line])),
  );
  const browser = await chromium.launch({
    executablePath: process.env.PITWALL_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 1600, height: 920 } });
  await page.goto(url);
  // A call that waits for its answer: what the screen is for.
  await page
    .getByRole('button', { name: /accept/i })
    .first()
    .waitFor({ timeout: CALL_TIMEOUT_MS });
  await page.waitForTimeout(1_000);
  await page.screenshot({ path: PICTURE });
  await page.keyboard.press('s');
  // The whole panel, without its scroll bar.
  await page.setViewportSize({ width: 1600, height: 1060 });
  await page.locator('pw-strategy [data-test="stay-or-pit"] td').first().waitFor({ timeout: CALL_TIMEOUT_MS });
  await page.locator('.side').screenshot({ path: STRATEGY });
  await browser.close();
  process.stdout.write(`${PICTURE}\n${STRATEGY}\n`);
} finally {
  race.kill('SIGINT');
  await new Promise((resolve) => race.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
