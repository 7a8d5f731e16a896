import { describe, expect, test } from 'vitest';
import { AVERAGES_POLICY, type MinuteAverage, targetByAverages } from '#cli/sim/averages.js';

const NEVER = { grown: Number.POSITIVE_INFINITY, shrunk: Number.POSITIVE_INFINITY };
const minutes = (count: number, put: number, get = 0): MinuteAverage[] =>
  Array.from({ length: count }, () => ({ put, get }));
const target = (of: readonly MinuteAverage[], shards = 4, since = NEVER) =>
  targetByAverages(of, shards, since, AVERAGES_POLICY);

describe('scaling by averages', () => {
  test('doubles after five minutes above three quarters, of writing or of reading alone', () => {
    expect(target(minutes(4, 0.8))).toBeUndefined();
    expect(target(minutes(5, 0.8))).toBe(8);
    expect(target(minutes(5, 0.1, 0.8))).toBe(8);
    expect(target([...minutes(4, 0.8), { put: 0.7, get: 0 }])).toBeUndefined();
  });

  test('halves after fifteen minutes below a quarter, of both', () => {
    expect(target(minutes(14, 0.1))).toBeUndefined();
    expect(target(minutes(15, 0.1))).toBe(2);
    expect(target(minutes(15, 0.1, 0.3))).toBeUndefined();
  });

  test('rests a quarter of an hour after growing, an hour after shrinking, and keeps to its bounds', () => {
    expect(target(minutes(5, 0.9), 4, { ...NEVER, grown: 14 })).toBeUndefined();
    expect(target(minutes(5, 0.9), 4, { ...NEVER, shrunk: 59 })).toBeUndefined();
    expect(target(minutes(5, 0.9), 4, { grown: 15, shrunk: 60 })).toBe(8);
    expect(target(minutes(5, 0.9), AVERAGES_POLICY.maxShards)).toBeUndefined();
    expect(target(minutes(15, 0), 1)).toBeUndefined();
  });
});
