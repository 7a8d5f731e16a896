import { expect, it } from 'vitest';
import { sumOf } from './differential/compare.js';
import { compareWithDynalite } from './differential/round.js';

const first = Math.floor(Math.random() * 2 ** 32);
const STEPS = 10_000;

it.each(Array.from({ length: 10 }, (_, i) => (first + i) >>> 0))(
  `answers ${STEPS} random calls as bare dynalite does, but for what is excepted by name (seed %i)`,
  async (seed) => {
    expect(sumOf(await compareWithDynalite(seed, STEPS))).toBeLessThan(STEPS / 5);
  },
);
