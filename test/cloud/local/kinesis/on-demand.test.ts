import { describe, expect, it } from 'vitest';
import { KINESIS_LIMITS } from '#cloud/local/kinesis/limits.js';
import { growthOf, WriteMeter } from '#cloud/local/kinesis/on-demand.js';

const MIB = 1_048_576;

describe('the write meter', () => {
  it('tells the rate of each race minute, when it is over', () => {
    const meter = new WriteMeter();
    expect(meter.take(0)).toBeUndefined();
    meter.add(600, 60);
    expect(meter.take(59_999)).toBeUndefined();
    expect(meter.take(60_000)).toEqual({ bytes: 10, records: 1 });
    expect(meter.take(180_000)).toEqual({ bytes: 0, records: 0 });
  });
});

describe('an on-demand stream', () => {
  const grow = (bytes: number, records: number, open = 4, stream = {}, nowMs = 0) =>
    growthOf({ mode: 'ON_DEMAND', ...stream }, open, { bytes, records }, KINESIS_LIMITS, nowMs);

  it('has twice the capacity that it needs, by bytes or by records, at most twice as many shards as before', () => {
    expect(grow(2 * MIB, 0)).toBe(4);
    expect(grow(2.1 * MIB, 0)).toBe(5);
    expect(grow(0, 3_000)).toBe(6);
    expect(grow(100 * MIB, 0)).toBe(8);
    expect(grow(0, 0, 16)).toBe(16);
  });

  it('does not grow again within 15 minutes, nor when it is provisioned, nor in the middle of a minute', () => {
    const minute = 60_000;
    expect(grow(8 * MIB, 0, 8, { grownAtMs: 0 }, 15 * minute - 1)).toBe(8);
    expect(grow(8 * MIB, 0, 8, { grownAtMs: 0 }, 15 * minute)).toBe(16);
    expect(grow(8 * MIB, 0, 8, { mode: 'PROVISIONED' })).toBe(8);
    expect(growthOf({ mode: 'ON_DEMAND' }, 4, undefined, KINESIS_LIMITS, 0)).toBe(4);
  });
});
