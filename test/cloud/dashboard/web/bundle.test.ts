import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

/** What the page may weigh: with Lit and uPlot it has about 35 kB. */
const MAX_JS_BROTLI_BYTES = 60_000;
const ASSETS = fileURLToPath(new URL('../../../../dist/cloud/dashboard/web/assets', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../../../cloud/dashboard/web', import.meta.url));
const built = existsSync(ASSETS);

describe('the page as built', () => {
  it.skipIf(!built)(
    `its scripts stay under ${MAX_JS_BROTLI_BYTES} bytes, packed${built ? '' : ' (skipped: run npm run build:web)'}`,
    () => {
      const scripts = readdirSync(ASSETS).filter((name) => name.endsWith('.js'));
      const bytes = scripts.map((name) => brotliCompressSync(readFileSync(join(ASSETS, name))).length);
      expect(scripts.length).toBeGreaterThan(0);
      expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_JS_BROTLI_BYTES);
    },
  );
});

describe('the page’s sources', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|css|html)$/.test(name),
  );
  const texts = files
    .filter((name) => name !== 'vite.config.ts')
    .map((name) => ({ name, text: readFileSync(join(SOURCES, name), 'utf8') }));

  it('ask nothing of Node', () => {
    const asking = texts.filter(({ text }) => /from '(node:|#)/.test(text));
    expect(asking.map(({ name }) => name)).toEqual([]);
  });

  it('ask nothing of the network beyond their own server', () => {
    const foreign = texts.filter(({ text }) =>
      /(https?:)?\/\/[a-z0-9-]+\.[a-z]{2,}/i.test(text.replaceAll('http://www.w3.org', '')),
    );
    expect(foreign.map(({ name }) => name)).toEqual([]);
  });
});
