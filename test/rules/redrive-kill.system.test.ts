import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openOutbox } from '#rules/actions/outbox.js';

const CHILD = new URL('redrive-child.ts', import.meta.url).pathname;
const WINDOW = 10;
const MESSAGES = 300;
const KILLS = 3;

it(`killed ${KILLS} times on the way, a redrive sends all of ${MESSAGES} messages, at most a window twice each time`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pitwall-redrive-kill-'));
  const sentFile = join(dir, 'sent');
  const outboxDir = join(dir, 'outbox');
  const outbox = openOutbox(outboxDir, { segmentBytes: 20_000 });
  const failures = [{ failedAction: 'KinesisAction', failedResource: 'race', errorMessage: 'down' }];
  for (let n = 0; n < MESSAGES; n++) {
    const message = {
      ruleName: 'r',
      topic: 'a',
      cloudwatchTraceId: '',
      clientId: 'c',
      base64OriginalPayload: '',
      failures,
    };
    await outbox.put({ key: `k${n}`, message, replay: { clientId: 'c', principal: '', timestampMs: n } });
  }
  await outbox.close();

  const sent = () => (existsSync(sentFile) ? readFileSync(sentFile, 'utf8').trimEnd().split('\n') : []);
  const run = (killAfter: number) =>
    new Promise<void>((resolve) => {
      const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', CHILD, outboxDir, sentFile]);
      const watching = setInterval(() => sent().length >= killAfter && child.kill('SIGKILL'), 1);
      child.once('exit', () => {
        clearInterval(watching);
        resolve();
      });
    });
  for (let kill = 1; kill <= KILLS; kill++) await run(kill * 60);
  expect(readdirSync(outboxDir)).not.toEqual([]);
  await run(Number.POSITIVE_INFINITY);

  const keys = sent();
  expect(new Set(keys).size).toBe(MESSAGES);
  expect(keys.length - MESSAGES).toBeLessThanOrEqual(KILLS * WINDOW);
  expect(readdirSync(outboxDir)).toEqual([]);
  rmSync(dir, { recursive: true, force: true });
});
