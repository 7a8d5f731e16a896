/** The two that find most, on short leases; all of them, on real ones, are the long form. */
import { test } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { SHORT, withCrew } from './crew.js';
import { killMidBatch, storm } from './faults.js';
import { crews } from './service.js';

const open = crews();

test('killed in the middle of its batches, a worker is replaced where it last committed', () =>
  withCrew(open('killed', { ...SHORT, batchMs: 50, commitEvery: 10 }), killMidBatch));

const seed = Math.floor(Math.random() * 2 ** 32);
test(`workers come, go, freeze and die while shards are split and merged (seed ${seed})`, () =>
  withCrew(open('storm', SHORT, 2), (crew) =>
    storm(crew, seededRandom(seed), { leaseMs: SHORT.leaseMs, steps: 2, operations: 30 }),
  ));
