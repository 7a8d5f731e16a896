import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ShadowRecord } from '#cloud/local/iot-core/shadow/core.js';
import { ShadowStore } from '#cloud/local/iot-core/shadow/store.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-shadows-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const record = (version: number): ShadowRecord => ({ version, sections: {} });

it('what put has resolved is on disk while the store is still open, each shadow at its last version', async () => {
  const store = await ShadowStore.open(join(dir, 'live'));
  await Promise.all([1, 2, 3].flatMap((version) => [store.put('a', record(version)), store.put('b', record(version))]));
  await store.put('c', record(1));
  // The files as a kill −9 at this moment would leave them.
  await cp(join(dir, 'live'), join(dir, 'killed'), { recursive: true });
  const found = await ShadowStore.open(join(dir, 'killed'));
  const kept: [string, number][] = [];
  for await (const [key, { version }] of found.entries()) kept.push([key, version]);
  expect(kept).toEqual([
    ['a', 3],
    ['b', 3],
    ['c', 1],
  ]);
  await Promise.all([store.close(), found.close()]);
});
