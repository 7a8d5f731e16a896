import { describe, expect, it } from 'vitest';
import { bitsOf, normalAt, normalOf, PURPOSE, runKey, unitOf } from '#cloud/strategy/monte-carlo/draws.js';

const SEED = 7;
const COUNT = 40_000;

describe(`draws by counter (seed ${SEED})`, () => {
  it('are the same for the same purpose and others for others', () => {
    const key = runKey(SEED, 3);
    expect(bitsOf(key, PURPOSE.lap, 4, 17)).toBe(bitsOf(key, PURPOSE.lap, 4, 17));
    const others = [
      bitsOf(key, PURPOSE.stop, 4, 17),
      bitsOf(key, PURPOSE.lap, 5, 17),
      bitsOf(key, PURPOSE.lap, 4, 18),
      bitsOf(runKey(SEED, 4), PURPOSE.lap, 4, 17),
      bitsOf(runKey(SEED + 1, 3), PURPOSE.lap, 4, 17),
    ];
    expect(new Set([bitsOf(key, PURPOSE.lap, 4, 17), ...others]).size).toBe(6);
  });

  it('are uniform, and do not follow their neighbours', () => {
    const key = runKey(SEED, 0);
    const bins = new Array<number>(16).fill(0);
    let product = 0;
    let before = 0.5;
    for (let at = 0; at < COUNT; at++) {
      const unit = unitOf(bitsOf(key, PURPOSE.stop, at % 40, Math.floor(at / 40)));
      bins[Math.floor(16 * unit)]++;
      product += (unit - 0.5) * (before - 0.5);
      before = unit;
    }
    // Chi-squared with 15 degrees of freedom: 37.7 is passed once in a thousand.
    const chi = bins.reduce((sum, seen) => sum + (seen - COUNT / 16) ** 2 / (COUNT / 16), 0);
    expect(chi).toBeLessThan(37.7);
    expect(Math.abs(product / COUNT / (1 / 12))).toBeLessThan(0.02);
  });

  it('are normal with mean 0 and sd 1', () => {
    let sum = 0;
    let squares = 0;
    for (let at = 0; at < 4_096; at++) {
      const z = normalAt((at + 0.5) / 4_096);
      sum += z;
      squares += z * z;
    }
    expect(Math.abs(sum / 4_096)).toBeLessThan(1e-9);
    expect(squares / 4_096).toBeCloseTo(1, 2);
    expect(normalAt(0.1)).toBeCloseTo(-1.2816, 2);
    expect(normalOf(0xffff_ffff)).toBeCloseTo(3.67, 1);
    expect(normalAt(1)).toBe(-normalAt(0));
  });
});
