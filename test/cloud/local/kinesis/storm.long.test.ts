import { afterAll, beforeAll, describe, it } from 'vitest';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { KinesisHarness } from './harness.js';
import { STORM_LIMITS } from './storm.js';
import { expectCalmAfterStorm } from './storm-round.js';

const ROUNDS = 10;
const harness = new KinesisHarness({ raceClock: wallClock, limits: STORM_LIMITS });

beforeAll(() => harness.open());
afterAll(() => harness.remove());

describe('splits and merges under load, for long', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    it(`500 lose and reorder nothing, on a server that was started again (seed ${seed})`, async () => {
      await harness.close();
      await harness.open();
      const name = await harness.createStream(`storm-${round}`, 2);
      await expectCalmAfterStorm(harness.aws.url, name, 500, seededRandom(seed));
    });
  }
});
