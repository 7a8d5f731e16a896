import { afterAll, afterEach, expect, test } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { testFolder } from '../../local/local-aws.js';
import { type Crew, SHORT } from './crew.js';
import { freeze, handOver, killMidBatch, outage, storm } from './faults.js';
import { crews } from './service.js';

const open = crews();
const folder = testFolder();
let crew: Crew;
afterEach(() => crew.close());
afterAll(() => folder.remove());

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

test('killed in the middle of its batches, a worker is replaced where it last committed', async () => {
  crew = await open('killed', { ...SHORT, batchMs: 50, commitEvery: 10 });
  await killMidBatch(crew);
});

test('a frozen worker comes back fenced', async () => {
  crew = await open('frozen', SHORT);
  await freeze(crew, 3_000);
});

test('planned changes of owner cost no duplicates', async () => {
  crew = await open('planned', { ...SHORT, commitEvery: 1_000 });
  await handOver(crew);
});

test('an outage of the lease table: reading goes on, emitting stops in time, nothing is lost', async () => {
  crew = await outage((url) => open('outage', SHORT, 4, url), folder.path, SHORT, 4_000);
});

const seed = Math.floor(Math.random() * 2 ** 32);
test(`splits and merges while workers come, go, freeze and die (seed ${seed})`, async () => {
  crew = await open('storm', SHORT, 2);
  await storm(crew, seededRandom(seed), { leaseMs: SHORT.leaseMs, steps: 3, operations: 100 });
});
