import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, Ubuntu and others put it; `PITWALL_CHROMIUM` names another. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of an installed Chromium, or undefined. */
export const chromiumPath: string | undefined = [process.env.PITWALL_CHROMIUM ?? '', ...PLACES].find(
  (path) => path && existsSync(path),
);

/** Why browser tests are skipped; empty when they are not. */
export const noBrowser: string = chromiumPath
  ? ''
  : 'no Chromium: apt-get install -y chromium, or set PITWALL_CHROMIUM';

/** A headless browser that talks to nobody but the page it is given. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
