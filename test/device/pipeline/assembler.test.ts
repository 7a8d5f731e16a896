import { describe, expect, test } from 'vitest';
import { type AssembledFrame, Assembler } from '#device/pipeline/assembler.js';
import type { RegularBlock } from '#device/sources/source.js';

/** Two channels, values tell channel and sample: 100·channel + n. */
function block(timeMs: number, count: number, first = 0, channels = Uint16Array.of(0, 2)): RegularBlock {
  const values = new Float64Array(channels.length * count);
  channels.forEach((channel, c) => {
    for (let i = 0; i < count; i++) values[c * count + i] = 100 * channel + first + i;
  });
  return { timeMs, periodUs: 10_000, count, channels, values };
}

const valuesOf = (frame: AssembledFrame | undefined, group = 0) => {
  const { channels, count, values } = frame!.groups[group];
  return Array.from(channels, (_, c) => Array.from(values.subarray(c * count, (c + 1) * count)));
};

describe('Assembler', () => {
  test('is empty until something comes, and after it was taken', () => {
    const assembler = new Assembler(() => {});
    expect(assembler.take()).toBeUndefined();
    assembler.push(block(1000, 2));
    expect(assembler.isEmpty).toBe(false);
    expect(assembler.take()?.eventTimeMs).toBe(1000);
    expect(assembler.take()).toBeUndefined();
  });

  test('joins blocks that follow each other into one group, channel by channel', () => {
    const assembler = new Assembler(() => {});
    for (let n = 0; n < 40; n += 10) assembler.push(block(1000 + 10 * n, 10, n));
    const frame = assembler.take()!;
    expect(frame.groups).toHaveLength(1);
    expect(frame.groups[0]).toMatchObject({ count: 40, startUs: 0, periodUs: 10_000 });
    const counting = Array.from({ length: 40 }, (_, i) => i);
    expect(valuesOf(frame)).toEqual([counting, counting.map((i) => 200 + i)]);
  });

  test('starts a group of its own after a gap and for other channels or periods', () => {
    const assembler = new Assembler(() => {});
    assembler.push(block(1000, 2));
    assembler.push(block(1500, 2, 7));
    assembler.push(block(1000, 2, 0, Uint16Array.of(1)));
    assembler.push({ ...block(1000, 2), periodUs: 5_000 });
    const frame = assembler.take()!;
    expect(frame.groups.map(({ startUs, channels }) => [startUs, [...channels]])).toEqual([
      [0, [0, 2]],
      [500_000, [0, 2]],
      [0, [1]],
      [0, [0, 2]],
    ]);
    expect(valuesOf(frame, 1)[0]).toEqual([7, 8]);
  });

  test('takes a start that is off by less than half a period as the next sample', () => {
    const assembler = new Assembler(() => {});
    assembler.push(block(1000, 1));
    assembler.push(block(1014, 1, 1));
    assembler.push(block(1024.5, 1, 2));
    expect(assembler.take()?.groups.map((group) => group.count)).toEqual([3]);
  });

  test('copies: the source may use its arrays again', () => {
    const assembler = new Assembler(() => {});
    const reused = block(1000, 2);
    assembler.push(reused);
    reused.values.fill(-1);
    expect(valuesOf(assembler.take())).toEqual([
      [0, 1],
      [200, 201],
    ]);
  });

  test('uses its buffers again without leaking the former frame', () => {
    const assembler = new Assembler(() => {});
    assembler.push(block(1000, 30));
    assembler.take();
    assembler.push(block(2000, 2, 5));
    expect(valuesOf(assembler.take())).toEqual([
      [5, 6],
      [205, 206],
    ]);
  });

  test('hands over a full frame at once and loses no sample of the block that filled it', () => {
    const counts: number[] = [];
    const assembler: Assembler = new Assembler(() => counts.push(assembler.take()!.groups[0].count), 20);
    assembler.push(block(1000, 25));
    const rest = assembler.take()!;
    expect(counts).toEqual([10, 10]);
    expect(rest.eventTimeMs).toBe(1200);
    expect(valuesOf(rest)[0]).toEqual([20, 21, 22, 23, 24]);
  });
});
