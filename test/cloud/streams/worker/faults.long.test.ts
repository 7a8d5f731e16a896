import { afterAll, describe, test } from 'vitest';
import { parseFaults } from '#cloud/local/faults.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { testFolder } from '../../local/local-aws.js';
import { REAL, SHORT, withCrew } from './crew.js';
import { block, expectNothingLost, freeze, handOver, hang, killMidBatch, outage, storm } from './faults.js';
import { crews } from './service.js';

const folder = testFolder();
afterAll(() => folder.remove());

describe('leases of 3 s, renewed each second', () => {
  const open = crews();

  test('killed in the middle of its batches, a worker is replaced where it last committed', () =>
    withCrew(open('killed', { ...REAL, batchMs: 50, commitEvery: 10 }), killMidBatch));

  test('frozen for 10 s, a worker comes back fenced', () =>
    withCrew(open('frozen', REAL), (crew) => freeze(crew, 10_000)));

  test('blocked for 4 s, an event loop loses no lease', () => withCrew(open('busy', REAL), block));

  test('blocked for longer than it may be, a worker is replaced and commits nothing when it is back', () =>
    withCrew(open('hung', { ...REAL, stallMs: 2_000, blockMs: 12_000 }), (crew) => hang(crew, REAL.stallMs)));

  test('planned changes of owner cost no duplicates', () =>
    withCrew(open('planned', { ...REAL, commitEvery: 1_000 }), handOver));

  test('the lease table away for 30 s', () =>
    withCrew(open('outage', REAL), (crew) => outage(crew, folder.path, REAL.leaseMs, 30_000)));

  for (let round = 0; round < 3; round++) {
    const seed = Math.floor(Math.random() * 2 ** 32);
    test(`workers come, go, freeze and die during 100 splits and merges (seed ${seed})`, () =>
      withCrew(open(`storm-${round}`, REAL, 2), (crew) =>
        storm(crew, seededRandom(seed), { leaseMs: REAL.leaseMs, steps: 10, operations: 100 }),
      ));
  }
});

describe('services that throttle, fail, drop answers and show children late', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const plan = [
    'kinesis.GetRecords:throttle=0.05',
    'kinesis.GetRecords:error=0.02',
    'kinesis.GetRecords:dropAfterCommit=0.01',
    'kinesis.SplitShard:lateChildren=0.3/1500',
    'kinesis.MergeShards:lateChildren=0.3/1500',
    'dynamodb.UpdateItem:error=0.02',
    'dynamodb.UpdateItem:dropAfterCommit=0.02',
    'dynamodb.PutItem:dropAfterCommit=0.1',
    'dynamodb.Scan:slow=0.05/300',
  ].join(',');
  const open = crews({ faults: parseFaults(plan), faultSeed: seed });

  test(`a storm of everything (seed ${seed})`, () =>
    withCrew(open('faulty', SHORT, 2), (crew) =>
      storm(crew, seededRandom(seed), { leaseMs: SHORT.leaseMs, steps: 8, operations: 60 }),
    ));
});

describe('iterators that expire between two polls', () => {
  // Ten minutes a second: what Kinesis gives for five minutes is good for half a second.
  const raceClock = new RaceClock(wallClock);
  raceClock.follow(raceClock.sync(600));
  const open = crews({ raceClock });

  test('nothing is lost or repeated', () =>
    withCrew(open('expired', { ...SHORT, batchMs: 700 }), async (crew) => {
      await crew.start('w1');
      await crew.until(() => crew.shardsOf('w1').length === 4);
      crew.beginWriting();
      await crew.until(() => crew.events('w1', 'commit').length > 20);
      await expectNothingLost(crew);
    }));
});
