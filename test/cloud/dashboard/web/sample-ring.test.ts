import { describe, expect, it } from 'vitest';
import { extent, GAP_MS, gaps, lastFinite, SampleRing, WINDOW_MS } from '#cloud/dashboard/web/sample-ring.js';
import { namedRandom } from '#wire/random.js';

const SEED = 77;

function points(timesMs: number[], value = (timeMs: number): number => timeMs / 10) {
  return { thing: 'car-1', timesMs, channels: { speed: { unit: 'km/h', values: timesMs.map(value) } } };
}

describe('sample ring', () => {
  it(`holds the newest points in order, whatever comes in which portions, seed ${SEED}`, () => {
    const random = namedRandom(SEED, 'sample-ring');
    const capacity = 50;
    const ring = new SampleRing(capacity);
    let newest = 0;
    const all: number[] = [];
    for (let step = 0; step < 200; step++) {
      const timesMs = Array.from({ length: Math.floor(random() * 20) }, () => {
        newest += 1 + Math.floor(random() * 30);
        return newest;
      });
      all.push(...timesMs);
      ring.append(points(timesMs));
      const expected = all.slice(-capacity);
      expect([...ring.times()]).toEqual(expected);
      expect([...ring.values('speed')]).toEqual(expected.map((timeMs) => timeMs / 10));
    }
  });

  it('drops and counts what comes late or twice', () => {
    const ring = new SampleRing(10);
    ring.append(points([100, 200]));
    ring.append(points([150, 200, 300]));
    expect([...ring.times()]).toEqual([100, 200, 300]);
    expect(ring.late).toBe(2);
  });

  it('forgets what is older than the window, but for one point that the line comes from', () => {
    const ring = new SampleRing(100);
    ring.append(points([0, 1_000, 2_000]));
    ring.append(points([WINDOW_MS + 1_500]));
    expect([...ring.times()]).toEqual([1_000, 2_000, WINDOW_MS + 1_500]);
  });

  it('a value that JSON carried as null is missing, not zero', () => {
    const ring = new SampleRing(10);
    ring.append(JSON.parse(JSON.stringify(points([10, 20, 30], (timeMs) => (timeMs === 20 ? Number.NaN : 5)))));
    expect([...ring.values('speed')]).toEqual([5, Number.NaN, 5]);
  });

  it('a channel that appears later has no past, one that is left out no present', () => {
    const ring = new SampleRing(10);
    ring.append(points([10]));
    ring.append({ thing: 'car-1', timesMs: [20], channels: { rpm: { unit: 'rpm', values: [7_000] } } });
    expect(ring.channels).toEqual(['speed', 'rpm']);
    expect([...ring.values('speed')]).toEqual([1, Number.NaN]);
    expect([...ring.values('rpm')]).toEqual([Number.NaN, 7_000]);
    expect([...ring.values('brake')]).toEqual([Number.NaN, Number.NaN]);
    expect(ring.unit('rpm')).toBe('rpm');
  });

  it('cleared, it knows nothing', () => {
    const ring = new SampleRing(10);
    ring.append(points([10]));
    ring.clear();
    expect([ring.length, ring.newestMs, ring.channels]).toEqual([0, undefined, []]);
  });

  it('extent passes over missing values', () => {
    expect(extent(Float64Array.of(Number.NaN, 3, -1, Number.NaN))).toEqual([-1, 3]);
    expect(extent(Float64Array.of(Number.NaN))).toBeUndefined();
  });

  it('gaps: holes in time and runs of missing values', () => {
    const times = Float64Array.of(0, 100, 100 + GAP_MS + 1, 2_000, 2_500, 3_500, 3_600);
    const values = Float64Array.of(1, 1, 1, 1, Number.NaN, 1, 1);
    expect(gaps(times, values, 0, 6)).toEqual([
      [1, 2],
      [3, 5],
    ]);
  });
});

describe('the value that holds', () => {
  it('is the last one of a slow channel, and none when that is long ago', () => {
    const values = new Float64Array(300).fill(Number.NaN);
    values[10] = 7;
    expect(lastFinite(values, 10)).toBe(7);
    expect(lastFinite(values, 60)).toBe(7);
    expect(lastFinite(values, 9)).toBeNaN();
    expect(lastFinite(values, 200)).toBeNaN();
  });
});
