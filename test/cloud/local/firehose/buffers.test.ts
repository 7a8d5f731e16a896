import { describe, expect, it } from 'vitest';
import { type Batch, Buffers, type Entry } from '#cloud/local/firehose/buffers.js';
import { seededRandom } from '#wire/random.js';

const HINTS = { sizeBytes: 100, intervalMs: 1_000 };
let lastId = 0;
const entry = (key: string, bytes: number, arrivalMs = 0): Entry => ({
  id: ++lastId,
  key,
  bytes,
  records: 1,
  arrivalMs,
});
const take = (buffers: Buffers, raceMs: number, wallMs = 0, most = 9) => buffers.take(raceMs, wallMs, HINTS, most);
const sizes = (batches: Batch[]) => batches.map(({ key, bytes }) => `${key}${bytes}`);

describe('buffers', () => {
  it('hand on at the size, and keep what comes after for the next', () => {
    const buffers = new Buffers();
    for (const bytes of [60, 39]) buffers.add(entry('a', bytes), 0, HINTS);
    expect(take(buffers, 0)).toEqual([]);
    buffers.add(entry('a', 1), 0, HINTS);
    buffers.add(entry('a', 5), 0, HINTS);
    expect(sizes(take(buffers, 999))).toEqual(['a100']);
    expect(buffers.bytes).toBe(105);
  });

  it('hand on at the interval of each key, counted from its first entry', () => {
    const buffers = new Buffers();
    buffers.add(entry('a', 1), 0, HINTS);
    buffers.add(entry('b', 2), 500, HINTS);
    buffers.add(entry('a', 1), 900, HINTS);
    expect(sizes(take(buffers, 999))).toEqual([]);
    expect(sizes(take(buffers, 1_000))).toEqual(['a2']);
    expect(sizes(take(buffers, 1_500))).toEqual(['b2']);
  });

  it('know the oldest arrival, whatever order entries come in', () => {
    const buffers = new Buffers();
    for (const arrivalMs of [30, 10, 20]) buffers.add(entry('a', 40, arrivalMs), 50, HINTS);
    const [batch] = take(buffers, 50);
    expect(batch).toMatchObject({ oldestMs: 10, records: 3, attempts: 1 });
  });

  it('give what failed again at its wall time, and forget what is done', () => {
    const buffers = new Buffers();
    buffers.add(entry('a', 100), 0, HINTS);
    const [batch] = take(buffers, 0);
    expect([buffers.underWay, [...buffers.activeKeys()]]).toEqual([1, ['a']]);
    buffers.failed(batch, 700);
    expect(take(buffers, 9_999, 699)).toEqual([]);
    expect([...buffers.activeKeys()]).toEqual(['a']);
    const [again] = take(buffers, 0, 700);
    expect([again === batch, again.attempts]).toEqual([true, 2]);
    buffers.done(again);
    expect([buffers.underWay, buffers.bytes, buffers.activeKeys().size]).toEqual([0, 0, 0]);
  });

  it('give no more than is asked for', () => {
    const buffers = new Buffers();
    for (const key of 'abc') buffers.add(entry(key, 100), 0, HINTS);
    expect(take(buffers, 0, 0, 2)).toHaveLength(2);
    expect(take(buffers, 0, 0, 0)).toHaveLength(0);
    expect(take(buffers, 0, 0, 2)).toHaveLength(1);
  });

  it.each([3, 77])('lose and double nothing (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const buffers = new Buffers();
    const put: number[] = [];
    const got: number[] = [];
    const underWay: Batch[] = [];
    const finish = (batch: Batch) => {
      const ids = batch.entries.map(({ id }) => id);
      // Each batch has its key's entries in the order in which they came.
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      expect(new Set(batch.entries.map(({ key }) => key))).toEqual(new Set([batch.key]));
      got.push(...ids);
      buffers.done(batch);
    };
    for (let ms = 0; ms < 3_000; ms += 10) {
      const made = entry('abcd'[Math.floor(random() * 4)], Math.floor(random() * 40), ms);
      put.push(made.id);
      buffers.add(made, ms, HINTS);
      underWay.push(...take(buffers, ms, ms, 2));
      while (underWay.length > 0 && random() < 0.6) {
        const batch = underWay.shift() as Batch;
        if (random() < 0.3) buffers.failed(batch, ms + 50);
        else finish(batch);
      }
    }
    for (let ms = 3_000; buffers.bytes > 0 && ms < 9_000; ms += 10) {
      for (const batch of [...underWay.splice(0), ...take(buffers, ms, ms)]) finish(batch);
    }
    expect(got.sort((a, b) => a - b)).toEqual(put);
  });
});
