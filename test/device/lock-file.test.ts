import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '#device/agent.js';
import { checkConfig } from '#device/config/load.js';
import { inOwnFolder } from '#device/config/own-folder.js';
import { releaseLock, takeLock } from '#device/lock-file.js';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-lock-'));
  path = join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('a lock file', () => {
  test('is had once, and by the next after it was given up', () => {
    expect(takeLock(path)).toBeUndefined();
    expect(takeLock(path)).toBe(process.pid);
    releaseLock(path);
    expect(takeLock(path)).toBeUndefined();
  });

  test('of a process that is gone does not count', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(path, JSON.stringify({ pid, began: null }));
    expect(takeLock(path)).toBeUndefined();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test.skipIf(!existsSync('/proc/self/stat'))('of a process whose number another one has now does not count', () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, began: 'before the reboot 12' }));
    expect(takeLock(path)).toBeUndefined();
  });

  test.each(['', '{', 'null', '{"pid":"x"}'])('that was cut off while it was written (%j) does not count', (text) => {
    writeFileSync(path, text);
    expect(takeLock(path)).toBeUndefined();
  });
});

describe('an agent has its data folder for itself', () => {
  const config = () =>
    checkConfig(
      {
        thing: 'car-7',
        dataDir: 'data',
        destinations: [{ name: 'aws', endpoint: { host: 'localhost' }, ca: 'ca', cert: 'cert', key: 'key' }],
        sources: [{ kind: 'can', dbc: ['a.dbc'], input: 'stdin' }],
      },
      'car.json',
      dir,
    );
  const agent = () => ({ stop: async () => {} }) as Agent;

  test('until it is stopped', async () => {
    const first = await inOwnFolder(config(), async () => agent());
    await expect(inOwnFolder(config(), async () => agent())).rejects.toMatchObject({ code: 'PW-AGENT-FOLDER' });
    await first.stop();
    await (await inOwnFolder(config(), async () => agent())).stop();
  });

  test('and gives it up when it cannot start', async () => {
    const failed = inOwnFolder(config(), () => Promise.reject(new Error('no DBC')));
    await expect(failed).rejects.toThrow('no DBC');
    await (await inOwnFolder(config(), async () => agent())).stop();
  });
});
