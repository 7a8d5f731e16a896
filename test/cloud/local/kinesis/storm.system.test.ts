import { afterAll, beforeAll, expect, it } from 'vitest';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { KinesisHarness } from './harness.js';
import { STORM_LIMITS } from './storm.js';
import { expectCalmAfterStorm } from './storm-round.js';

const harness = new KinesisHarness({ raceClock: wallClock, limits: STORM_LIMITS });

beforeAll(() => harness.open());
afterAll(() => harness.remove());

const seed = Math.floor(Math.random() * 2 ** 32);
it(`100 splits and merges under load lose and reorder nothing (seed ${seed})`, async () => {
  const name = await harness.createStream('storm', 2);
  await expectCalmAfterStorm(harness.aws.url, name, 100, seededRandom(seed));
  expect(harness.aws.stats().kinesis.recordsThrottled).toBe(0);
});
