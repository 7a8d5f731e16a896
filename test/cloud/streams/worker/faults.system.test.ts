import { afterEach, expect, test } from 'vitest';
import { type Crew, SHORT } from './crew.js';
import { crews } from './service.js';

const open = crews();
let crew: Crew;
afterEach(() => crew.close());

test('an event loop that is blocked for longer than a lease loses none', async () => {
  crew = await open('busy', SHORT);
  await Promise.all([crew.start('w1'), crew.start('w2')]);
  await crew.until(() => crew.shardsOf('w1').length === 2 && crew.shardsOf('w2').length === 2);
  crew.beginWriting();
  crew.signal('w1', 'SIGUSR2');
  await crew.until(() => crew.events('w1', 'unblocked').length === 1);
  await crew.endWriting();
  const stats = await crew.end('w1');
  expect(stats).toMatchObject({ lost: 0, stalled: 0 });
  expect(crew.events('w1', 'leaseLost')).toEqual([]);
  expect(crew.audit().duplicates).toBe(0);
});

test('one that is blocked for longer than it may be is replaced, and commits nothing when it is back', async () => {
  crew = await open('stuck', { ...SHORT, stallMs: 600, blockMs: 4_000 });
  await crew.start('w1');
  await crew.until(() => crew.shardsOf('w1').length === 4);
  await crew.start('w2', { stallMs: 10_000 });
  crew.beginWriting();
  crew.signal('w1', 'SIGUSR2');
  await crew.until(() => crew.shardsOf('w2').length === 4);
  await crew.until(() => crew.events('w1', 'unblocked').length === 1);
  await crew.until(() => crew.events('w1', 'leaseLost').length > 0);
  await crew.endWriting();
  const stats = await crew.end('w1');
  expect(stats.stalled).toBeGreaterThan(0);
  const { duplicates, uncommitted } = crew.audit();
  expect(duplicates).toBeLessThanOrEqual(uncommitted);
});
