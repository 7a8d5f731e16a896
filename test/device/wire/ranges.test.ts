import { describe, expect, test } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { type Range, RangeSet } from '#wire/ranges.js';

describe('RangeSet', () => {
  test('in order everything is one range', () => {
    const set = new RangeSet();
    for (let n = 1; n <= 1000; n++) expect(set.add(n)).toBe(1);
    expect(set.toJSON()).toEqual([[1, 1000]]);
    expect([set.count, set.max, set.length]).toEqual([1000, 1000, 1]);
  });

  test.each<[string, Range[], Range, number, Range[]]>([
    [
      'before all',
      [[5, 6]],
      [1, 2],
      2,
      [
        [1, 2],
        [5, 6],
      ],
    ],
    ['next to one', [[5, 6]], [3, 4], 2, [[3, 6]]],
    [
      'filling a hole',
      [
        [1, 2],
        [5, 6],
      ],
      [3, 4],
      2,
      [[1, 6]],
    ],
    [
      'over several',
      [
        [1, 2],
        [4, 5],
        [7, 8],
      ],
      [2, 7],
      2,
      [[1, 8]],
    ],
    ['inside one', [[1, 9]], [3, 4], 0, [[1, 9]]],
    ['at the end', [[1, 2]], [3, 3], 1, [[1, 3]]],
    [
      'beyond the end',
      [[1, 2]],
      [4, 4],
      1,
      [
        [1, 2],
        [4, 4],
      ],
    ],
  ])('adding %s', (_where, ranges, [from, to], news, result) => {
    const set = new RangeSet(ranges);
    expect(set.add(from, to)).toBe(news);
    expect(set.toJSON()).toEqual(result);
  });

  test('closes the lowest hole and says what that added', () => {
    const set = new RangeSet([
      [1, 2],
      [5, 6],
      [9, 9],
    ]);
    expect(set.closeLowestHole()).toBe(2);
    expect(set.toJSON()).toEqual([
      [1, 6],
      [9, 9],
    ]);
    expect(set.closeLowestHole()).toBe(2);
    expect(set.closeLowestHole()).toBe(0);
  });

  test('an empty set has nothing', () => {
    const set = new RangeSet();
    expect([set.has(0), set.max, set.count, set.length]).toEqual([false, 0, 0, 0]);
  });

  test.each([1, 42, 4711])('agrees with a plain set of numbers (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const set = new RangeSet();
    const plain = new Set<number>();
    for (let round = 0; round < 400; round++) {
      const from = 1 + Math.floor(random() * 300);
      const to = from + Math.floor(random() * 8);
      let news = 0;
      for (let n = from; n <= to; n++) if (!plain.has(n)) news += plain.add(n) ? 1 : 0;
      expect(set.add(from, to)).toBe(news);
      const ranges = set.toJSON();
      ranges.forEach(([low, high], i) => {
        expect(high).toBeGreaterThanOrEqual(low);
        if (i > 0) expect(low).toBeGreaterThan(ranges[i - 1][1] + 1);
      });
    }
    for (let n = 0; n <= 310; n++) expect(set.has(n), `${n}`).toBe(plain.has(n));
    expect(set.count).toBe(plain.size);
    expect(set.max).toBe(Math.max(...plain));
  });
});
