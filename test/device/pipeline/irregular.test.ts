import { describe, expect, test } from 'vitest';
import { type AssembledFrame, Assembler, FRAME_SPAN_MAX_MS } from '#device/pipeline/assembler.js';
import { type SecondSummary, Summariser } from '#device/pipeline/summary.js';
import type { IrregularBlock } from '#device/sources/source.js';
import { ChannelTable } from '#wire/channels.js';
import { decodeFrame, FrameEncoder, type SampleGroup } from '#wire/frame.js';
import { seededRandom } from '#wire/random.js';

const SEED = 7;
const table = new ChannelTable(
  ['rpm', 'oil', 'fuelFlow'].map((name) => ({ name, unit: 'kg/h', scale: 0.1, offset: 0, rateHz: 10 })),
);

/** One channel; value n at the n-th time. */
function block(timeMs: number, timesUs: number[], channel = 0, first = 0): IrregularBlock {
  return {
    timeMs,
    timesUs: Int32Array.from(timesUs),
    count: timesUs.length,
    channels: Uint16Array.of(channel),
    values: Float64Array.from(timesUs, (_, i) => first + i),
  };
}
const rowsOf = ({ eventTimeMs }: AssembledFrame, { timesUs, count, values }: SampleGroup) =>
  Array.from({ length: count }, (_, i) => [eventTimeMs + timesUs![i] / 1000, values[i]]);

describe('irregular blocks in a frame', () => {
  test('of the same channels make one group, at their own times', () => {
    const assembler = new Assembler(() => {});
    assembler.push(block(1000, [0, 9_800]));
    assembler.push(block(1020, [100, 11_000], 0, 2));
    assembler.push(block(990, [0], 1, 70));
    const frame = assembler.take()!;
    expect(frame.eventTimeMs).toBe(990);
    expect(frame.groups.map((group) => rowsOf(frame, group))).toEqual([
      [
        [1000, 0],
        [1009.8, 1],
        [1020.1, 2],
        [1031, 3],
      ],
      [[990, 70]],
    ]);
  });

  test('that go back in time, or stand beside regular ones, begin a group of their own', () => {
    const assembler = new Assembler(() => {});
    assembler.push(block(1000, [0, 500]));
    assembler.push(block(1000, [200], 0, 9));
    assembler.push({ timeMs: 1001, periodUs: 1000, count: 1, channels: Uint16Array.of(0), values: Float64Array.of(5) });
    const frame = assembler.take()!;
    expect(frame.groups.map(({ count, timesUs }) => [count, timesUs !== undefined])).toEqual([
      [2, true],
      [1, true],
      [1, false],
    ]);
  });

  test('whose times jump further than a frame spans go into the next one', () => {
    const frames: AssembledFrame[] = [];
    const assembler: Assembler = new Assembler(() => frames.push(structuredClone(assembler.take()!)));
    assembler.push(block(1000, [0]));
    assembler.push(block(1000 + FRAME_SPAN_MAX_MS + 1, [0]));
    assembler.push(block(1000, [0]));
    frames.push(assembler.take()!);
    expect(frames.map(({ eventTimeMs }) => eventTimeMs)).toEqual([1000, 601_001, 1000]);
  });

  test(`come out of the encoded frame as they went in, sources mixed, seed ${SEED}`, () => {
    const random = seededRandom(SEED);
    const frames: [number, number, number][] = [];
    const encoder = new FrameEncoder(table, 'car-1', { counter: 1, random: 1n });
    const take = () => {
      const frame = assembler.take();
      if (!frame) return;
      const header = { seq: 1, prev: 0, lane: 'live', monotonicMs: 0, clockQuality: 1, clockErrorMs: 0 } as const;
      const bytes = encoder.encode({ ...header, eventTimeMs: frame.eventTimeMs }, frame.groups);
      for (const { channels, count, timesUs, values } of decodeFrame(bytes, table).groups) {
        channels.forEach((channel, c) => {
          for (let i = 0; i < count; i++) {
            frames.push([channel, frame.eventTimeMs + timesUs![i] / 1000, values[c * count + i]]);
          }
        });
      }
    };
    // Small frames, so that blocks are cut in two.
    const assembler = new Assembler(take, 64);
    const wanted: [number, number, number][] = [];
    for (let n = 0; n < 300; n++) {
      const timeMs = 1_000_000 + n * 10;
      let us = 0;
      const timesUs = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
        us += Math.floor(random() * 3000);
        return us;
      });
      const channels = random() < 0.5 ? Uint16Array.of(0) : Uint16Array.of(1, 2);
      const values = Float64Array.from(
        { length: channels.length * timesUs.length },
        () => Math.round(random() * 1000) / 10,
      );
      assembler.push({ timeMs, timesUs: Int32Array.from(timesUs), count: timesUs.length, channels, values });
      channels.forEach((channel, c) => {
        for (const [i, at] of timesUs.entries())
          wanted.push([channel, timeMs + at / 1000, values[c * timesUs.length + i]]);
      });
      if (random() < 0.1) take();
    }
    take();
    const sorted = (rows: [number, number, number][]) =>
      rows.map(([channel, ms, value]) => `${channel} ${ms.toFixed(3)} ${value.toFixed(1)}`).sort();
    expect(sorted(frames)).toEqual(sorted(wanted));
  });
});

describe('irregular blocks in the summary', () => {
  const summarise = (...blocks: IrregularBlock[]) => {
    const seconds: SecondSummary[] = [];
    const summariser = new Summariser(table, ['rpm'], (second) => seconds.push(structuredClone(second)));
    for (const each of blocks) summariser.push(each);
    return seconds;
  };

  test('are cut at the second', () => {
    const [first] = summarise(block(5000, [0, 999_000, 1_000_000, 1_500_000]), block(7000, [0]));
    expect(first).toMatchObject({ eventTimeMs: 5999, channels: { rpm: { min: 0, max: 1, last: 1 } } });
  });

  test('burn fuel for the time since the last sample, a hole in the data for one second at most', () => {
    const flow = (timeMs: number) => ({ ...block(timeMs, [0], 2), values: Float64Array.of(36) });
    const seconds = summarise(flow(5000), flow(5100), flow(5400), flow(9400), flow(10_000));
    expect(seconds.at(-1)?.fuelUsedKg).toBeCloseTo(0.01 * 1.4, 12);
  });
});
