import { afterAll, test } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { testFolder } from '../../local/local-aws.js';
import { SHORT, withCrew } from './crew.js';
import { block, freeze, handOver, killMidBatch, outage, storm } from './faults.js';
import { crews } from './service.js';

const open = crews();
const folder = testFolder();
afterAll(() => folder.remove());

test('killed in the middle of its batches, a worker is replaced where it last committed', () =>
  withCrew(open('killed', { ...SHORT, batchMs: 50, commitEvery: 10 }), killMidBatch));

test('a frozen worker comes back fenced', () => withCrew(open('frozen', SHORT), (crew) => freeze(crew, 2_500)));

test('an event loop that is blocked for longer than a lease loses none', () => withCrew(open('busy', SHORT), block));

test('planned changes of owner cost no duplicates', () =>
  withCrew(open('planned', { ...SHORT, commitEvery: 1_000 }), handOver));

test('an outage of the lease table: reading goes on, emitting stops in time, nothing is lost', () =>
  withCrew(open('outage', SHORT), (crew) => outage(crew, folder.path, SHORT.leaseMs, 3_500)));

const seed = Math.floor(Math.random() * 2 ** 32);
test(`workers come, go, freeze and die while shards are split and merged (seed ${seed})`, () =>
  withCrew(open('storm', SHORT, 2), (crew) =>
    storm(crew, seededRandom(seed), { leaseMs: SHORT.leaseMs, steps: 2, operations: 30 }),
  ));
