import { expect, test } from 'vitest';
import { Numbering } from '#cloud/streams/producer/numbering.js';
import { ShardPace } from '#cloud/streams/producer/shard-pace.js';

const KIB = 1_024;

/** Records of `bytes` that a pace lets go in each second, looked at every 25 ms. */
function letGo(pace: ShardPace, bytes: number, fromMs: number, seconds: number): number {
  let count = 0;
  for (let ms = 0; ms < seconds * 1_000; ms += 25) {
    while (pace.admits(bytes, fromMs + ms)) {
      pace.take(bytes, fromMs + ms);
      count++;
    }
  }
  return count / seconds;
}

test('a pace lets go what a shard takes, by records or by bytes, whichever is used up first', () => {
  expect(letGo(new ShardPace(0), 100, 0, 20)).toBeCloseTo(1_000, -2);
  expect(letGo(new ShardPace(0), 8 * KIB, 0, 20)).toBeCloseTo(128, -1);
  // Larger than the bucket: one when it is full, then none until that is paid back.
  expect(letGo(new ShardPace(0), KIB * KIB, 0, 20)).toBeCloseTo(1, 0);
});

test('a clock that stands still lets nothing more go; one that goes back changes nothing', () => {
  const pace = new ShardPace(10_000);
  expect(letGo(pace, 100, 10_000, 0.02)).toBe(500 / 0.02);
  expect(pace.admits(1, 10_000)).toBe(false);
  expect(pace.admits(1, 5_000)).toBe(false);
  expect(pace.admits(1, 10_001)).toBe(true);
});

test('throttles of one flight cut the share once; it comes back by and by, and never falls to nothing', () => {
  const pace = new ShardPace(0);
  for (let i = 0; i < 100; i++) pace.throttled(0, 10);
  expect(pace.share).toBeCloseTo(0.8);
  pace.throttled(20, 30);
  expect(pace.share).toBeCloseTo(0.64);
  pace.admits(1, 1_030);
  expect(pace.share).toBeCloseTo(0.69);
  pace.admits(1, 100_000);
  expect(pace.share).toBe(1);
  for (let ms = 100_000; ms < 101_000; ms++) pace.throttled(ms, ms);
  expect(pace.share).toBeGreaterThan(0.01);
  // A lone record goes however low the share.
  expect(pace.admits(1, 102_000)).toBe(true);
});

test('two producers that know nothing of one another come to even shares of a shard', () => {
  const paces = [new ShardPace(0), new ShardPace(0)];
  // One begins far behind.
  for (let i = 0; i < 10; i++) paces[1].throttled(i, i);
  expect(paces[1].share).toBeLessThan(0.2);
  const taken = [0, 0];
  let left = 1_000;
  for (let ms = 25; ms < 300_000; ms += 25) {
    left = Math.min(1_000, left + 25);
    const refused = [false, false];
    for (let more = true; more; ) {
      more = false;
      paces.forEach((pace, i) => {
        if (refused[i] || !pace.admits(100, ms)) return;
        more = true;
        pace.take(100, ms);
        if (left >= 1) {
          left--;
          if (ms > 100_000) taken[i]++;
        } else {
          refused[i] = true;
          pace.throttled(ms, ms);
        }
      });
    }
  }
  const [first, second] = taken;
  expect(Math.max(first, second) / Math.min(first, second)).toBeLessThan(1.15);
  expect((first + second) / 200, 'little of the shard is left unused').toBeGreaterThan(800);
});

test('numbers of a key go on by one; none is given twice, whatever is forgotten', () => {
  const numbering = new Numbering(2);
  expect(['a', 'a', 'b', 'a'].map((key) => numbering.next(key))).toEqual([1, 2, 1, 3]);
  // c pushes b out, d pushes a out.
  expect([numbering.next('c'), numbering.next('d')]).toEqual([1, 2]);
  expect(numbering.next('a')).toBeGreaterThan(3);
  const given = new Set<string>();
  for (let i = 0; i < 300; i++) {
    const key = `k${(i * i) % 7}`;
    const name = `${key} ${numbering.next(key)}`;
    expect(given.has(name)).toBe(false);
    given.add(name);
  }
});
