import { describe, expect, test } from 'vitest';
import { run } from '#cli/commands/sim.js';
import { type DeliverySummary, describeDelivery, measuredOf } from '#cli/sim/delivery-report.js';
import type { DeliveryResult } from '#cli/sim/delivery-run.js';

describe('what sim run refuses', () => {
  test.each([
    ['delivery', { cars: '4' }, '--cars is no flag of the workload delivery'],
    ['race', { policy: 'ours' }, '--policy is no flag of the race race'],
    ['delivery', { policy: 'theirs' }, 'there is no policy "theirs"'],
    ['delivery', { shards: '1.5' }, 'wanted a whole number'],
    ['delivery', { scale: '0' }, 'wanted a number above 0'],
    ['delivery', { fail: 'dropped>0' }, 'wanted NAME>NUMBER'],
    ['nothing', {}, 'nothing called "nothing"'],
    // A race is checked by the race itself.
    ['race', { cars: '99' }, 'cars'],
  ])('%s %o', async (name, flags, said) => {
    await expect(run(name, flags)).rejects.toThrow(said);
  });
});

const figures: DeliveryResult['figures'] = {
  orders: {
    stages: {
      created: { reached: 2, meanMs: 0 },
      assigned: { reached: 2, meanMs: 4_000 },
      completed: { reached: 0, meanMs: null },
    },
    open: 2,
    forgotten: 0,
  },
  amountCents: 2_400,
  regions: {},
  top: [{ id: 'o-2', region: 'west', worth: 1_500 }],
  events: 4,
  duplicates: 0,
  outOfOrder: 0,
  refused: {},
};

const result = (changes: Partial<DeliveryResult>): DeliveryResult => ({
  policy: 'fixed',
  records: 4,
  throttledPercent: 12.34,
  delayMs: { p50: 500, p99: 9_000 },
  phases: [{ name: 'green', events: 4, delayMs: { p50: 500, p99: 9_000 } }],
  shardHours: 1.5,
  shards: { least: 4, most: 4, last: 4 },
  lost: 0,
  outOfOrder: 0,
  duplicates: 3,
  operations: { splits: 0, merges: 0, updates: 0, refused: 0, hotKeys: [] },
  raceSeconds: 100,
  figures,
  agrees: true,
  ...changes,
});

test('a threshold sees the worst policy', () => {
  const both = [result({}), result({ policy: 'ours', lost: 2, delayMs: { p50: 700, p99: 800 } })];
  expect(measuredOf(both)).toEqual({ lost: 2, outOfOrder: 0, duplicates: 3, throttled: 12.34, p50: 700, p99: 9_000 });
});

test('the table has a row for each policy and says how it was measured', () => {
  const operations = { splits: 3, merges: 1, updates: 0, refused: 0, hotKeys: [] };
  const policies = [result({}), result({ policy: 'ours', operations })];
  const summary: DeliverySummary = {
    type: 'summary',
    workload: 'delivery',
    seed: 7,
    scale: 40,
    policies,
    wallSeconds: 1,
  };
  const text = describeDelivery(summary);
  expect(text).toMatch(/^fixed +12\.3 % +0\.5 s +9\.0 s +1\.50 +4–4 +0 +0 +3 +–$/m);
  expect(text).toMatch(/^ours .* 3 splits, 1 merges$/m);
  expect(text).toContain('2 orders worth 24.00, assigned after 4.0 s, completed after –; dearest 15.00 in west');
  expect(text).toContain('1/40');
});
