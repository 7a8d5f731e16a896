import { toDecimal } from '#cloud/streams/hash-range.js';
import type { ReshardAction, ReshardAdvice, ReshardPlan } from '#cloud/streams/reshard/plan.js';

const WHY: Record<ReshardAction['why'], string> = {
  load: 'its load stays above the bound',
  throttled: 'it refused records',
  peak: 'a peak is near',
  minimum: 'there are fewer shards than the minimum',
  cold: 'both together were cold for two minutes',
};

/** A plan in lines for people. */
export function describePlan({ actions, advice }: ReshardPlan): string {
  const lines = [...actions.map(describeAction), ...advice.map(describeAdvice)];
  return lines.length > 0 ? lines.join('\n') : 'Nothing is to be changed.';
}

export function describeAction(action: ReshardAction): string {
  const why = WHY[action.why];
  if (action.kind === 'merge') return `merge ${action.shardId} and ${action.adjacentShardId}: ${why}`;
  return `split ${action.shardId} at ${toDecimal(action.newStartingHashKey)}: ${why}`;
}

function describeAdvice(advice: ReshardAdvice): string {
  switch (advice.kind) {
    case 'hotKey':
      return `· ${advice.shardId}: the key ${advice.key} is ${(100 * advice.share).toFixed(0)} % of its load, which no split can help; spread it over several keys`;
    case 'atMaximum':
      return `· ${advice.shardId} would be split, but there are as many shards as --max allows`;
    case 'unobserved':
      return `· ${advice.shardId} could not be read to its end: nothing is decided about it`;
    case 'resting':
      return `· more would be done, but not before ${new Date(advice.untilMs).toISOString()}`;
  }
}
