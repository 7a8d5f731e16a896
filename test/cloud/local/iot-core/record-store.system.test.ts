import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordStore } from '#cloud/local/iot-core/record-store.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-records-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Versioned {
  version: number;
}

const record = (version: number): Versioned => ({ version });

it('what put has resolved is on disk while the store is still open, each key at its last version', async () => {
  const store = await RecordStore.open<Versioned>(join(dir, 'live'));
  await Promise.all([1, 2, 3].flatMap((version) => [store.put('a', record(version)), store.put('b', record(version))]));
  await store.put('c', record(1));
  // The files as a kill −9 at this moment would leave them.
  await cp(join(dir, 'live'), join(dir, 'killed'), { recursive: true });
  const found = await RecordStore.open<Versioned>(join(dir, 'killed'));
  const kept: [string, number][] = [];
  for await (const [key, { version }] of found.entries()) kept.push([key, version]);
  expect(kept).toEqual([
    ['a', 3],
    ['b', 3],
    ['c', 1],
  ]);
  await Promise.all([store.close(), found.close()]);
});

it('what write takes away is gone, together with what it puts', async () => {
  const store = await RecordStore.open<Versioned>(dir);
  await store.put('a', record(1));
  await store.write([
    ['a', undefined],
    ['b', record(1)],
  ]);
  const kept: string[] = [];
  for await (const [key] of store.entries()) kept.push(key);
  expect(kept).toEqual(['b']);
  await store.close();
});
