/** What campaigns cost an agent: ten of them, with twenty expressions, over 60 channels at 100 Hz; beside none. */
import { Evaluation, type EvaluationOptions } from '#device/pipeline/evaluation.js';
import type { SampleBlock } from '#device/sources/source.js';
import { ChannelTable } from '#wire/channels.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

const CHANNELS = 60;
const ROWS = 10;
const PERIOD_US = 10_000;
const BLOCKS_PER_SECOND = 10;
const SECONDS = 300;
const ROUNDS = 5;
const SEED = 11;

const table = new ChannelTable(
  Array.from({ length: CHANNELS }, (_, i) => ({ name: `c${i}`, unit: '1', scale: 0.01, offset: 0, rateHz: 100 })),
);
const channels = Uint16Array.from({ length: CHANNELS }, (_, i) => i);
/** Slow waves, so that conditions become true and false again. */
const blocks = Array.from({ length: 64 }, (_, block) => {
  const random = seededRandom(SEED + block);
  return Float64Array.from({ length: CHANNELS * ROWS }, (_, i) => {
    const [channel, row] = [Math.floor(i / ROWS), block * ROWS + (i % ROWS)];
    return 100 + 50 * Math.sin((row * (channel + 1) * 2 * Math.PI) / 640) + random();
  });
});

const span = (from: number, count: number) => Array.from({ length: count }, (_, i) => `c${from + i}`);

/** 10 conditions, 5 derived channels, 5 alarms. */
const conditions = Array.from(
  { length: 10 },
  (_, i) =>
    `c${i} > 110 and avg(c${i + 10}, 1 s) > prevAvg(c${i + 10}, 1 s) or abs(c${i + 20} - prev(c${i + 20})) > 20`,
);
const full: Pick<EvaluationOptions, 'derived' | 'alarms'> = {
  derived: span(0, 5).map((name) => ({
    name: `${name}Share`,
    unit: '1',
    scale: 0.001,
    expression: `${name} / (${name} + c5${name.slice(1)})`,
  })),
  alarms: span(30, 5).map((name) => ({
    name,
    level: 'warning' as const,
    expression: `max(${name}, 5 s)`,
    when: 'above' as const,
    limit: 149,
    hysteresis: 5,
  })),
};
const campaigns = conditions.map((condition, i) => ({
  v: 1,
  id: `campaign-${i}`,
  version: 1,
  priority: i,
  when: {
    type: 'condition',
    condition,
    trigger: 'RISING_EDGE',
    minIntervalMs: 2000,
    preTriggerMs: 1000,
    postTriggerMs: 2000,
  },
  collect: [{ channels: span(6 * i, 6) }, { channels: span((6 * i + 30) % 60, 6), minPeriodMs: 50 }],
}));

/** Seconds of work for SECONDS of samples. */
function run(options: Pick<EvaluationOptions, 'derived' | 'alarms'>, documents: unknown[]): number {
  const derived = options.derived ?? [];
  const specs = derived.map(({ name, unit, scale }) => ({ name, unit, scale, offset: 0, rateHz: 100 }));
  const evaluation = new Evaluation({
    ...options,
    table: new ChannelTable([...table.channels, ...specs]),
    onAlarm: () => {},
    onSamples: () => {},
    onCollected: () => {},
  });
  evaluation.replaceCampaigns(documents);
  const block: SampleBlock = { timeMs: 0, periodUs: PERIOD_US, count: ROWS, channels, values: blocks[0] };
  const startMs = performance.now();
  for (let i = 0; i < SECONDS * BLOCKS_PER_SECOND; i++) {
    block.timeMs = 1_795_000_000_000 + (i * ROWS * PERIOD_US) / 1000;
    block.values = blocks[i % blocks.length];
    evaluation.push(block);
  }
  return (performance.now() - startMs) / 1000;
}

export async function campaignFigures(): Promise<Figure[]> {
  run(full, campaigns);
  const times = Array.from({ length: ROUNDS }, () => run(full, campaigns));
  const bare = Math.min(...Array.from({ length: ROUNDS }, () => run({}, [])));
  const best = Math.min(...times);
  const spread = round((Math.max(...times) - best) / best);
  const samples = SECONDS * BLOCKS_PER_SECOND * ROWS * CHANNELS;
  return [
    { name: 'campaigns 10, expressions 20', unit: 'samples/s', value: Math.round(samples / best), spread },
    {
      name: 'campaigns cpu per agent second',
      unit: 'ms',
      value: round((best / SECONDS) * 1000, 3),
      spread,
      peer: { name: 'no campaign, no expression', value: round((bare / SECONDS) * 1000, 3) },
      ratio: round(best / bare),
    },
  ];
}
