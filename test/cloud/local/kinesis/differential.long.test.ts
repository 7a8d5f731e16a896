/** The long form: an exception that is never needed has no reason to be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { EXCEPTIONS } from './differential-exceptions.js';
import { DifferentialServers } from './differential-servers.js';

const ROUNDS = 30;
const CALLS = 250;
const servers = new DifferentialServers();
beforeAll(() => servers.start());
afterAll(() => servers.stop());

describe('kinesalite and kinesis-local, for long', () => {
  for (let round = 0; round < ROUNDS; round++) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    it(`agree with ours on ${CALLS} random calls, but for named exceptions (seed ${seed})`, async () => {
      expect(await servers.differences(CALLS, seededRandom(seed))).toEqual([]);
    });
  }

  it('need every exception', () => {
    expect(EXCEPTIONS.map(({ peer, name }) => `${peer} ${name}`).filter((name) => !servers.fired.has(name))).toEqual(
      [],
    );
  });
});
