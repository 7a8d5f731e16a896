import { withDerived } from '#device/pipeline/derived.js';
import { Evaluation, type EvaluationOptions } from '#device/pipeline/evaluation.js';
import { rowUs } from '#device/pipeline/sample-times.js';
import type { SampleBlock } from '#device/sources/source.js';
import { ChannelTable } from '#wire/channels.js';

/** speed, rpm and gear come together at 100 Hz; waterTemp alone, whenever it likes. */
export const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.1, offset: 0, rateHz: 100 },
  { name: 'rpm', unit: 'rpm', scale: 1, offset: 0, rateHz: 100 },
  { name: 'gear', unit: '1', scale: 1, offset: 0, rateHz: 100 },
  { name: 'waterTemp', unit: 'Cel', scale: 0.1, offset: 0, rateHz: 10 },
]);
export const START_MS = Date.UTC(2026, 10, 21, 14);
const PERIOD_MS = 10;

/** One sample that was collected: when (ms after the start), of which channel, what, and by which lane of the journal. */
export type Collected = [atMs: number, channel: string, value: number, level: string];

/** A car whose samples say when they were taken: speed = the number of the sample, and so on. */
export function car(options: Partial<EvaluationOptions> = {}) {
  const collected: Collected[] = [];
  const seen: Collected[] = [];
  const full = withDerived(table, options.derived ?? []);
  const note = (into: Collected[], block: SampleBlock, level: string) => {
    for (let row = 0; row < block.count; row++) {
      const atMs = block.timeMs - START_MS + rowUs(block, row) / 1000;
      block.channels.forEach((channel, c) => {
        into.push([
          Math.round(atMs * 1000) / 1000,
          full.channels[channel].name,
          block.values[c * block.count + row],
          level,
        ]);
      });
    }
  };
  const evaluation = new Evaluation({
    ...options,
    table: full,
    onAlarm: options.onAlarm ?? (() => {}),
    onSamples: (block) => note(seen, block, 'seen'),
    onCollected: (block, level) => note(collected, block, level),
  });
  return {
    evaluation,
    collected,
    seen,
    /** Blocks of up to ten rows, 100 Hz, from `fromMs` to before `endMs`; rpm by `rpmAt`. */
    drive(fromMs: number, endMs: number, rpmAt: (ms: number) => number = () => 3000) {
      for (let at = fromMs; at < endMs; at += 10 * PERIOD_MS) {
        const count = Math.min(10, (endMs - at) / PERIOD_MS);
        const times = Array.from({ length: count }, (_, i) => at + i * PERIOD_MS);
        const values = [...times, ...times.map(rpmAt), ...times.map(() => 4)];
        evaluation.push({
          timeMs: START_MS + at,
          periodUs: PERIOD_MS * 1000,
          count,
          channels: Uint16Array.of(0, 1, 2),
          values: Float64Array.from(values),
        });
      }
    },
    water(atMs: number, ...values: number[]) {
      evaluation.push({
        timeMs: START_MS + atMs,
        timesUs: Int32Array.from(values, (_, i) => i * 1000),
        count: values.length,
        channels: Uint16Array.of(3),
        values: Float64Array.from(values),
      });
    },
    /** Times at which a channel was collected, ms after the start. */
    timesOf: (channel: string) => collected.filter(([, name]) => name === channel).map(([atMs]) => atMs),
  };
}

export function range(from: number, end: number, step: number): number[] {
  return Array.from({ length: Math.ceil((end - from) / step) }, (_, i) => from + i * step);
}
