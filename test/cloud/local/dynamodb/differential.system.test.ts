import { expect, it } from 'vitest';
import { sumOf } from './differential/compare.js';
import { compareWithDynalite } from './differential/round.js';

const seed = Math.floor(Math.random() * 2 ** 32);
const STEPS = 300;

it(`answers ${STEPS} random calls as bare dynalite does, word for word, but for what is excepted by name (seed ${seed})`, async () => {
  expect(sumOf(await compareWithDynalite(seed, STEPS))).toBeLessThan(STEPS / 5);
});
