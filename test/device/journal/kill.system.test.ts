import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from '#device/journal/journal.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

test('kill −9 while it writes: every record that was committed is there, in order and whole', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pitwall-kill-'));
  const writer = join(import.meta.dirname, 'writer.ts');
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', writer, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length > 800) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(child.signalCode).toBe('SIGKILL');
  const committed = Number(said.trim().split('\n').at(-1));
  expect(committed).toBeGreaterThan(100);

  const journal = new Journal({ dir, random: seededRandom(2), raceClock: wallClock, log: silentLog, fsync: 'none' });
  const found = [...journal.cursors[0].unacked()].map(({ entry }) => entry);
  expect(found.length).toBeGreaterThanOrEqual(committed);
  expect(found.map(({ seq }) => seq)).toEqual(found.map((_, i) => i + 1));
  for (const entry of found) {
    const payload = await journal.read(entry);
    expect(payload.every((byte) => byte === entry.seq % 256) && payload.length === 1000).toBe(true);
  }
  await journal.close();
  rmSync(dir, { recursive: true });
});
