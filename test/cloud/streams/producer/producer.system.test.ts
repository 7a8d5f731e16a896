import { SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterEach, expect, test, vi } from 'vitest';
import { parseFaults } from '#cloud/local/faults.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { createProducer, type ProducerOptions } from '#cloud/streams/producer/producer.js';
import { Seen } from '#cloud/streams/seen.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { KinesisHarness } from '../../local/kinesis/harness.js';

const SEED = 7;
const CARS = 20;
const RECORDS = 25;
/** At ten times the speed, so that five reads a second are fifty. */
const raceClock = new RaceClock(wallClock);
raceClock.follow({ ...raceClock.sync(), rate: 10 });

class FastHarness extends KinesisHarness {
  override rest(): void {}
}

let harness: KinesisHarness;
let consumer: Consumer;
afterEach(async () => {
  await consumer.stop();
  await harness.remove();
});

async function open(faults: string): Promise<string> {
  harness = new FastHarness({ raceClock, faults: parseFaults(faults), faultSeed: SEED });
  await harness.open();
  return harness.createStream('race', 2);
}

const produce = (options: Partial<ProducerOptions>) =>
  createProducer({
    client: harness.kinesis,
    streamName: 'race',
    log: silentLog,
    wallClock,
    raceClock,
    random: seededRandom(SEED),
    ...options,
  });

/** Everything of the stream, as read: aggregates opened. */
function read(): StreamRecord[] {
  const records: StreamRecord[] = [];
  const deadLetters = {
    put: () => Promise.reject(new Error('no dead letters here')),
    stats: () => ({ stored: 0, bytes: 0, refused: 0 }),
  };
  consumer = startConsumer({
    source: userRecords(kinesisPolling({ client: harness.kinesis, streamName: 'race' }), { deadLetters }),
    positions: {},
    pollMs: 50,
    onRecords: async (batch) => void records.push(...batch.records),
    log: silentLog,
    wallClock,
    raceClock,
    random: seededRandom(SEED),
  });
  return records;
}

test.each([true, false])(
  `seed ${SEED}: calls that were carried out twice or never answered cost nothing, across a split (aggregates: %s)`,
  async (aggregate) => {
    const StreamName = await open(
      'kinesis.PutRecords:partial=0.1,kinesis.PutRecords:duplicate=0.1,kinesis.PutRecords:dropAfterCommit=0.1,kinesis.PutRecords:error=0.05',
    );
    const records = read();
    const producer = produce({ aggregate, boot: '1-a', lingerMs: 5, ttlMs: 50_000 });
    const puts: Promise<unknown>[] = [];
    for (let number = 0; number < RECORDS; number++) {
      for (let car = 0; car < CARS; car++) puts.push(producer.put(`car-${car}`, Buffer.from(String(number))));
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (number === 10) {
        const ShardToSplit = 'shardId-000000000000';
        await harness.kinesis.send(
          new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: (2n ** 126n).toString() }),
        );
      }
    }
    await producer.close();
    await Promise.all(puts);
    const { written, failed, errors } = producer.stats();
    expect({ written, failed }).toEqual({ written: CARS * RECORDS, failed: 0 });
    expect(Object.keys(errors).length).toBeGreaterThan(1);

    const unique = () => {
      const seen = new Seen();
      return records.filter(({ data }) => {
        const { thing, boot, seq } = readIdentity(data)!;
        return seen.mark(thing, boot, seq - 1, seq);
      });
    };
    await vi.waitFor(() => expect(unique()).toHaveLength(CARS * RECORDS), { timeout: 40_000, interval: 100 });
    const kept = unique();
    for (let car = 0; car < CARS; car++) {
      const numbers = kept
        .filter(({ partitionKey }) => partitionKey === `car-${car}`)
        .map(({ data }) => Number(Buffer.from(readIdentity(data)!.data).toString()));
      expect(numbers, `car-${car}`).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
    }
    expect(records.length - kept.length, 'duplicates on the wire').toBeGreaterThan(0);
  },
);

test('the limits of a shard are met on the race clock, by calls that are not refused', async () => {
  await open('');
  read();
  const producer = produce({ lingerMs: 0 });
  // Four seconds' worth of both shards' records: at ten times the speed they take less than half a second.
  const puts: Promise<unknown>[] = [];
  for (let i = 0; i < 4_000; i++) puts.push(producer.put(`key-${i}`, Buffer.from('x')));
  await producer.close();
  await Promise.all(puts);
  const { retried, shares } = producer.stats();
  expect(retried).toBe(0);
  expect(Object.values(shares)).toEqual([1, 1]);
});
