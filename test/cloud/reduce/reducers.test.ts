import { expect, test, vi } from 'vitest';
import { type Reducers, startReducers } from '#cloud/reduce/reducers.js';
import { slotsOf } from '#cloud/reduce/slots.js';
import { streams, tables } from '#cloud/resources.js';
import type { DeadLetter, DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { collected } from '../streams/dead-letters.js';
import { awsError, FakeDynamoDB } from '../streams/fake-dynamodb.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { BOOT_TEXT, FRAME_SAMPLES, frame, schema } from './frames.js';

interface Command {
  input: { StreamName?: string; StreamARN?: string; ConsumerARN?: string };
}

/** Three streams behind one client. */
class Cloud {
  readonly byName = new Map(Object.values(streams).map(({ name }) => [name, new FakeKinesis()]));
  readonly dynamodb = new FakeDynamoDB();

  get live(): FakeKinesis {
    return this.byName.get(streams.framesLive.name)!;
  }

  get backfill(): FakeKinesis {
    return this.byName.get(streams.framesBackfill.name)!;
  }

  get race(): FakeKinesis {
    return this.byName.get(streams.race.name)!;
  }

  async reducers(deadLetters?: DeadLetterStore): Promise<Reducers> {
    const send = (command: Command, options?: object) => {
      const { StreamName, StreamARN, ConsumerARN } = command.input;
      return this.byName.get(StreamName ?? StreamARN ?? ConsumerARN!)!.send(command, options);
    };
    return startReducers({
      kinesis: { send } as never,
      dynamodb: this.dynamodb.client,
      resources: { streams, tables },
      raceClock: new RaceClock(wallClock),
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      displayChannels: ['speed'],
      slot: slotsOf(1)[0],
      deadLetters,
    });
  }
}

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 5_000, interval: 5 });

test('both lanes make one count, and a restart goes on after it', async () => {
  const cloud = new Cloud();
  for (const kinesis of [cloud.live, cloud.backfill]) kinesis.put('s0', 'car-1', schema(1));
  for (const seq of [2, 3, 5]) cloud.live.put('s0', 'car-1', frame({ seq }));
  for (const seq of [3, 4]) cloud.backfill.put('s0', 'car-1', frame({ seq }));
  const first = await cloud.reducers();
  await until(() => first.stats().consumed === 4);
  await first.stop();
  expect(first.stats()).toMatchObject({ duplicatesDropped: 1, consumedByBoot: { 'car-1': { [BOOT_TEXT]: 4 } } });

  const readBefore = cloud.live.calls.filter((name) => name === 'SubscribeToShard').length;
  cloud.live.put('s0', 'car-1', frame({ seq: 6 }));
  const second = await cloud.reducers();
  await until(() => second.stats().consumed === 5);
  await second.stop();
  expect(second.stats(), 'the table was stored, and nothing was read twice').toMatchObject({
    parked: 0,
    duplicatesDropped: 0,
  });
  expect(readBefore).toBe(1);
});

test('frames that cannot be used go to the dead letters; a store that fails is asked again, and nothing is passed before', async () => {
  const cloud = new Cloud();
  const letters: DeadLetter[] = [];
  const store = collected(letters);
  let isAway = true;
  const reducers = await cloud.reducers({
    ...store,
    put: (letter) => (isAway ? Promise.reject(new Error('away')) : store.put(letter)),
  });
  cloud.live.put('s0', 'car-1', schema(1));
  const damaged = frame({ seq: 2 }).fill(0xff, 40);
  cloud.live.put('s0', 'car-1', damaged);
  cloud.live.put('s0', 'car-1', damaged);
  cloud.live.put('s0', 'car-2', frame({ seq: 3 }));
  cloud.live.put('s0', 'car-1', frame({ seq: 3 }));
  await until(() => Object.keys(reducers.stats().quarantined).length > 0);
  expect(reducers.stats().consumed).toBe(0);
  isAway = false;
  await until(() => reducers.stats().consumed === 1);
  expect(letters.map(({ record, reason }) => [record.partitionKey, reason])).toEqual([
    ['car-1', 'damagedFrame'],
    ['car-2', 'wrongThing'],
  ]);
  const { quarantined, refused } = reducers.stats();
  expect(quarantined).toEqual({ damagedFrame: 2, wrongThing: 1 });
  expect(refused.framesLive).toEqual({ putAside: 2, unstored: 0, repeated: 1 });
  await reducers.stop();
});

test('a commit that fails is counted, and the next one holds it all', async () => {
  const cloud = new Cloud();
  cloud.live.put('s0', 'car-1', schema(1));
  cloud.live.put('s0', 'car-1', frame({ seq: 2 }));
  const reducers = await cloud.reducers();
  await until(() => reducers.stats().consumed === 1);
  cloud.dynamodb.fault = (name) => {
    if (name === 'PutItem') throw awsError('InternalServerError', 500);
  };
  await reducers.commit();
  expect(reducers.stats()).toMatchObject({ commits: 0, commitsFailed: 1 });
  cloud.dynamodb.fault = () => {};
  await reducers.stop();
  expect(reducers.stats()).toMatchObject({ commits: 1, consumed: 1 });
});

test('a second process under the same owner fences the first, which stops and commits nothing more', async () => {
  const cloud = new Cloud();
  cloud.live.put('s0', 'car-1', schema(1));
  const first = await cloud.reducers();
  await until(() => first.stats().tables === 1);
  const second = await cloud.reducers();
  await first.commit();
  expect(first.stats().fenced).toBe(true);
  await first.stop();
  await until(() => second.stats().tables === 1);
  await second.stop();
  expect(second.stats()).toMatchObject({ commits: 1, fenced: false });
});

test('a lap is told to the race stream before the commit that marks it as told', async () => {
  const cloud = new Cloud();
  cloud.live.put('s0', 'car-1', schema(1));
  cloud.live.put('s0', 'car-1', frame({ seq: 2, atMs: 1_000 }));
  cloud.live.put('s0', 'car-1', frame({ seq: 3, atMs: 5_000, lap: Array(FRAME_SAMPLES).fill(2) }));
  const reducers = await cloud.reducers();
  await until(() => reducers.stats().consumed === 2);
  cloud.race.fault = () => {
    throw awsError('AccessDeniedException', 400);
  };
  await reducers.commit();
  expect(reducers.stats()).toMatchObject({ commits: 0, commitsFailed: 1, lapsTold: 0 });
  cloud.race.fault = () => {};
  await reducers.stop();
  const [{ key, data }, ...more] = cloud.race.shards.get('s0')!.records;
  const { data: json, ...identity } = readIdentity(data)!;
  expect([key, identity, more]).toEqual(['car-1', { thing: 'car-1', boot: 'slot-0-of-1.1', seq: 2 }, []]);
  expect(JSON.parse(Buffer.from(json).toString())).toMatchObject({ kind: 'lapChannels', lapHint: 1 });
});

test('frames that a producer aggregated are folded one by one, and a restart goes on behind the last of them', async () => {
  const cloud = new Cloud();
  cloud.live.put('s0', 'car-1', schema(1));
  const aggregateOf = (...seqs: number[]) =>
    aggregate(seqs.map((seq) => ({ partitionKey: 'car-1', data: frame({ seq }) }))).data;
  cloud.live.put('s0', 'a', aggregateOf(2, 3, 4));
  const first = await cloud.reducers();
  await until(() => first.stats().consumed === 3);
  await first.stop();
  cloud.live.put('s0', 'a', aggregateOf(5, 6));
  const second = await cloud.reducers();
  await until(() => second.stats().consumed === 5);
  expect(second.stats().duplicatesDropped).toBe(0);
  await second.stop();
});
