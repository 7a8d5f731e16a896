/** `pitwall sim run delivery`, as a user runs it; the whole workload takes a minute, here it is a fraction of its length. */
import { afterAll, expect, it } from 'vitest';
import type { DeliverySummary } from '#cli/sim/delivery-report.js';
import { Desk } from './command.js';

const desk = new Desk();
afterAll(() => desk.close());

const SHORT = ['sim', 'run', 'delivery', '--length', '0.03', '--seed', '7'];

it('measures three policies: nothing lost, nothing out of order, repeats dropped; the same seed measures the same', async () => {
  const [all, again] = await Promise.all([
    desk.json<DeliverySummary>(...SHORT),
    desk.run([...SHORT, '--policy', 'ours', '--json', '--fail', 'p99>1,lost>0']),
  ]);
  const { policies, seed } = all;
  expect(seed).toBe(7);
  expect(policies.map(({ policy }) => policy)).toEqual(['fixed', 'averages', 'ours']);
  for (const result of policies) {
    expect(result).toMatchObject({ lost: 0, outOfOrder: 0, agrees: true });
    expect(result.duplicates).toBeGreaterThan(0);
    expect(result.records).toBe(result.figures.events);
    expect(result.delayMs.p50).toBeGreaterThan(0);
  }
  const [fixed, , ours] = policies;
  expect(fixed.shards).toEqual({ least: 4, most: 4, last: 4 });
  expect(ours.operations.splits).toBeGreaterThan(0);
  expect(ours.shards.most).toBeGreaterThan(4);

  expect((JSON.parse(again.out) as DeliverySummary).policies).toEqual([ours]);
  expect(again.code).toBe(6);
  expect(again.err).toContain('threshold missed: p99>1');
  expect(again.err).not.toContain('lost>0');
}, 120_000);
