import { afterAll, beforeAll, test } from 'vitest';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { KinesisHarness } from '../local/kinesis/harness.js';
import { STORM_LIMITS } from '../local/kinesis/storm.js';
import { expectCalmReaders } from './sources-storm.js';

const stormy = new KinesisHarness({ raceClock: wallClock, limits: STORM_LIMITS });

beforeAll(() => stormy.open());
afterAll(() => stormy.remove());

const seed = Math.floor(Math.random() * 2 ** 32);
test(`100 splits and merges under load: polls and pushes lose, repeat and reorder nothing (seed ${seed})`, () =>
  expectCalmReaders(stormy, 100, seededRandom(seed)));
