import { describe, expect, test } from 'vitest';
import { MAX_BOOTS_PER_THING, MAX_HOLES_PER_BOOT, Seen } from '#cloud/streams/seen.js';
import { seededRandom } from '#wire/random.js';

describe.each([1, 7, 42, 1_337])('seed %i', (seed) => {
  test('two families interleaved, shuffled, duplicated: each record counts once, the ranges end as one', () => {
    const random = seededRandom(seed);
    const families = [new Seen(), new Seen()];
    const previous = [0, 0];
    const unique = [0, 0];
    const wire: { family: number; prev: number; seq: number }[] = [];
    for (let seq = 1; seq <= 2_000; seq++) {
      const family = random() < 0.8 ? 0 : 1;
      const record = { family, prev: previous[family], seq };
      previous[family] = seq;
      unique[family]++;
      wire.push(record);
      while (random() < 0.2) wire.push(record);
    }
    for (let i = wire.length - 1; i > 0; i--) {
      const other = Math.max(0, i - Math.floor(random() * 60));
      [wire[i], wire[other]] = [wire[other], wire[i]];
    }
    const news = [0, 0];
    for (const { family, prev, seq } of wire) if (families[family].mark('car-1', '1-a', prev, seq)) news[family]++;
    expect(news).toEqual(unique);
    families.forEach((seen, family) => {
      expect(seen.get('car-1', '1-a')!.ranges.toJSON()).toEqual([[1, previous[family]]]);
      expect(seen.holesClosed).toBe(0);
    });
  });
});

test('a missing predecessor stays a hole until it comes', () => {
  const seen = new Seen();
  seen.mark('car-1', '1-a', 0, 2);
  seen.mark('car-1', '1-a', 5, 8);
  expect(seen.get('car-1', '1-a')!.ranges.toJSON()).toEqual([
    [1, 2],
    [6, 8],
  ]);
  expect(seen.mark('car-1', '1-a', 2, 5)).toBe(true);
  expect(seen.get('car-1', '1-a')!.ranges.toJSON()).toEqual([[1, 8]]);
});

test('holes are bounded: the lowest is given up and counted', () => {
  const seen = new Seen();
  for (let i = 0; i <= MAX_HOLES_PER_BOOT; i++) seen.mark('car-1', '1-a', 2 * i + 1, 2 * i + 2);
  expect(seen.get('car-1', '1-a')!.ranges.length).toBe(MAX_HOLES_PER_BOOT);
  expect(seen.holesClosed).toBe(1);
});

test('boots are bounded: the first heard is forgotten and counted', () => {
  const seen = new Seen();
  for (let boot = 0; boot <= MAX_BOOTS_PER_THING; boot++) seen.mark('car-1', `${boot}-a`, 0, 1);
  expect(seen.get('car-1', '0-a')).toBeUndefined();
  expect(seen.bootsForgotten).toBe(1);
});

test('what is stored comes back', () => {
  const seen = new Seen();
  seen.mark('car-1', '1-a', 0, 1);
  seen.mark('car-1', '1-a', 1, 2, false);
  const restored = new Seen(JSON.parse(JSON.stringify(seen)));
  expect(restored.mark('car-1', '1-a', 1, 2)).toBe(false);
  expect(restored.get('car-1', '1-a')!.unique).toBe(1);
});
