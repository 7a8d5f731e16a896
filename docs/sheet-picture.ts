/**
 * The second picture of `npm run docs:picture`: a practice sheet (docs/sheet.png), from the product: the local services,
 * `pitwall load` of the example's laps, `pitwall report practice`, and the page that it writes. Needs Chromium
 * (PITWALL_CHROMIUM names another one) and a build.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE = join(ROOT, 'docs/sheet.png');
const RUN = 'practice-2';
const CAR = '3';

const data = mkdtempSync(join(tmpdir(), 'pitwall-picture-'));
const pitwall = (...argv: string[]) =>
  spawn(process.execPath, [join(ROOT, 'cli/bin.js'), ...argv, '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

async function run(...argv: string[]): Promise<void> {
  const child = pitwall(...argv);
  child.stdout.resume();
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`pitwall ${argv.join(' ')} ended with ${code}`);
}

const local = pitwall('local', '--json');
try {
  await new Promise((resolve) => createInterface(local.stdout).once('line', resolve));
  await run('load', join(ROOT, 'examples/practice.csv'), '--run', RUN, '--track', 'Example Ring', '--yes');
  await run('report', 'practice', '--run', RUN, '--car', CAR, '--out', data);
  const browser = await chromium.launch({
    executablePath: process.env.PITWALL_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  const page = await browser.newPage({ viewport: { width: 860, height: 840 } });
  await page.goto(pathToFileURL(join(data, `${RUN}-car-${CAR}.html`)).href);
  await page.screenshot({ path: PICTURE });
  await browser.close();
  process.stdout.write(`${PICTURE}\n`);
} finally {
  local.kill('SIGINT');
  await new Promise((resolve) => local.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}
