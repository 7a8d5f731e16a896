import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../helpers/tree.js';

function run(...args: string[]) {
  const child = join(ROOT, 'test/device/components/leaks-child.ts');
  return spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', child, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

describe('what a component leaves behind', () => {
  test('rejections and exceptions long after are that component’s failure, and end no process', () => {
    const { stdout, status } = run();
    const [first, last] = stdout.trim().split('\n');
    expect(JSON.parse(first)).toMatchObject({
      rejects: { failures: 1, reason: 'late rejection' },
      throws: { failures: 1, reason: 'out of a timer' },
      hears: { failures: 1, reason: 'from a handler' },
      sound: { state: 'RUNNING', failures: 0 },
    });
    expect(last).toBe('stopped');
    expect(status).toBe(0);
  });

  test('a fault of the agent itself is not swallowed', () => {
    const { stdout, stderr, status } = run('fault');
    expect(stderr).toContain('the data path');
    expect(stdout).not.toContain('stopped');
    expect(status).not.toBe(0);
  });
});
