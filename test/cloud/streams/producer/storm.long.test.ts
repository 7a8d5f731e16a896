import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { expectAllAfterStorm } from './storm.js';

const FIRST_SEED = 1_000;
const STORMS = 300;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test(`seeds ${FIRST_SEED} to ${FIRST_SEED + STORMS - 1}: whatever fails, a producer loses, repeats and turns round nothing`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + STORMS; seed++) {
    const random = seededRandom(seed);
    await expectAllAfterStorm(random, random() < 0.7).catch((error: Error) => {
      expect.fail(`seed ${seed}: ${error.message}`);
    });
  }
});
