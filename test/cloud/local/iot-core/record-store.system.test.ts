import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordStore } from '#cloud/local/iot-core/record-store.js';
import { SourceProcess } from '../../../helpers/source-process.js';

const CHILD = fileURLToPath(new URL('./record-store-child.ts', import.meta.url));

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-records-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Versioned {
  version: number;
}

async function kept(store: RecordStore<Versioned>): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for await (const [key, { version }] of store.entries()) found.push([key, version]);
  return found;
}

it('what put has resolved is there after kill −9, each key at its last version, all of a write or none', async () => {
  const writer = new SourceProcess(CHILD, dir);
  await writer.printed(200);
  await writer.kill();
  const last = Number(writer.lines.at(-1));
  const store = await RecordStore.open<Versioned>(dir);
  const found = await kept(store);
  // The batch that was on its way may be there as well.
  const version = found[0][1];
  expect([last, last + 1]).toContain(version);
  expect(found).toEqual([
    ['a', version],
    ['b', version],
    [`gone ${version}`, version],
  ]);
  await store.close();
});

it('what write takes away is gone, together with what it puts', async () => {
  const store = await RecordStore.open<Versioned>(dir);
  await store.put('a', { version: 1 });
  await store.write([
    ['a', undefined],
    ['b', { version: 1 }],
  ]);
  expect(await kept(store)).toEqual([['b', 1]]);
  await store.close();
});
