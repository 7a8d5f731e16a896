/** What ours answers beside kinesalite and kinesis-local; where they are wrong: `differential-exceptions.ts`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { DifferentialServers } from './differential-servers.js';

const CALLS = 80;
const seed = Math.floor(Math.random() * 2 ** 32);
const servers = new DifferentialServers();
beforeAll(() => servers.start());
afterAll(() => servers.stop());

describe('kinesalite and kinesis-local', () => {
  it(`agree with ours on ${CALLS} random calls, but for named exceptions (seed ${seed})`, async () => {
    expect(await servers.differences(CALLS, seededRandom(seed))).toEqual([]);
    expect(servers.fired).not.toEqual(new Set());
  });
});
