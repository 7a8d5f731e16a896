import type { DeliveryResult } from './delivery-run.js';

/** Last line of `sim run delivery --json`. Times in milliseconds of the race clock. */
export interface DeliverySummary {
  type: 'summary';
  workload: 'delivery';
  seed: number;
  /** Shards take and the town orders so many times less than at AWS. */
  scale: number;
  policies: DeliveryResult[];
  wallSeconds: number;
}

const MEASURED = ['lost', 'outOfOrder', 'duplicates', 'throttled', 'p50', 'p99'] as const;
export const DELIVERY_MEASURED: readonly string[] = MEASURED;

/** What `--fail` compares: the greatest of the policies that were run. */
export function measuredOf(results: readonly DeliveryResult[]): Record<(typeof MEASURED)[number], number> {
  const most = (of: (result: DeliveryResult) => number) => Math.max(...results.map(of));
  return {
    lost: most(({ lost }) => lost),
    outOfOrder: most(({ outOfOrder }) => outOfOrder),
    duplicates: most(({ duplicates }) => duplicates),
    throttled: most(({ throttledPercent }) => throttledPercent),
    p50: most(({ delayMs }) => delayMs.p50),
    p99: most(({ delayMs }) => delayMs.p99),
  };
}

const HEADS = ['throttled', 'p50', 'p99', 'shard-hours', 'shards', 'lost', 'out of order', 'duplicates', 'changes'];
const FIRST = 10;

/** The same for people. */
export function describeDelivery({ policies, scale, seed }: DeliverySummary): string {
  const rows = policies.map((result) => cellsOf(result));
  const widths = HEADS.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i].length)));
  const line = (first: string, cells: readonly string[]) =>
    first.padEnd(FIRST) + cells.map((cell, i) => cell.padStart(widths[i] + 2)).join('');
  const phases = policies[0].phases.map(({ name }) => name);
  const width = Math.max(...phases.map((name) => name.length), 9) + 2;
  const { orders, amountCents, top } = policies[0].figures;
  const { created, assigned, completed } = orders.stages;
  return [
    line('', HEADS),
    ...policies.map(({ policy }, i) => line(policy, rows[i])),
    '',
    `${'p99 of'.padEnd(FIRST)}${phases.map((name) => name.padStart(width)).join('')}`,
    ...policies.map(
      ({ policy, phases: of }) =>
        policy.padEnd(FIRST) + of.map(({ delayMs }) => seconds(delayMs.p99).padStart(width)).join(''),
    ),
    '',
    `${created.reached} orders worth ${(amountCents / 100).toFixed(2)}, assigned after ${seconds(assigned.meanMs)}, completed after ${seconds(completed.meanMs)}; dearest ${(top[0].worth / 100).toFixed(2)} in ${top[0].region}`,
    `Measured: each policy on a local Kinesis of its own whose shards take 1/${scale} of AWS's records and bytes, and as much less`,
    `traffic; seed ${seed}. Delay = from an event to its being folded, by a race clock that moves in steps of a second and stands`,
    'still during calls; shards are polled at each, a change of shards takes 20 s, 1 % of writes are carried out twice.',
  ].join('\n');
}

function cellsOf(result: DeliveryResult): string[] {
  const { throttledPercent, delayMs, shardHours, shards, lost, outOfOrder, duplicates, operations } = result;
  const { splits, merges, updates, refused } = operations;
  const changes = [
    [splits, 'splits'],
    [merges, 'merges'],
    [updates, 'of 10 updates a day'],
    [refused, 'refused'],
  ] as const;
  const told = changes.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [
    `${throttledPercent.toFixed(1)} %`,
    seconds(delayMs.p50),
    seconds(delayMs.p99),
    shardHours.toFixed(2),
    `${shards.least}–${shards.most}`,
    String(lost),
    String(outOfOrder),
    String(duplicates),
    told.join(', ') || '–',
  ];
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}
