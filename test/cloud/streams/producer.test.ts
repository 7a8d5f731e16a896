import { expect, test } from 'vitest';
import { createProducer, type ProducerOptions } from '#cloud/streams/producer.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from './fake-dynamodb.js';
import { FakeKinesis } from './fake-kinesis.js';

function produce(kinesis: FakeKinesis, options: Partial<ProducerOptions> = {}) {
  return createProducer({
    client: kinesis.client,
    streamName: 'stream',
    lingerMs: 0,
    log: silentLog,
    wallClock,
    random: seededRandom(1),
    ...options,
  });
}

const text = (kinesis: FakeKinesis) =>
  kinesis.shards.get('s0')!.records.map(({ data }) => Buffer.from(data).toString());

test('seed 5: partial failures keep the order of each key, and everything arrives once', async () => {
  const random = seededRandom(5);
  const kinesis = new FakeKinesis();
  const { client } = kinesis;
  const flaky = {
    send: async (command: { input: { Records: { PartitionKey: string; Data: Uint8Array }[] } }) => ({
      Records: command.input.Records.map(({ PartitionKey, Data }) =>
        random() < 0.3
          ? { ErrorCode: 'ProvisionedThroughputExceededException' }
          : { ShardId: 's0', SequenceNumber: kinesis.put('s0', PartitionKey, Data) },
      ),
    }),
  } as unknown as typeof client;
  const producer = produce(kinesis, { client: flaky });
  const puts: Promise<unknown>[] = [];
  for (let i = 0; i < 5; i++)
    for (const key of ['a', 'b', 'c']) puts.push(producer.put(key, Buffer.from(`${key}${i}`)));
  await Promise.all(puts);
  await producer.close();
  for (const key of ['a', 'b', 'c']) {
    expect(text(kinesis).filter((line) => line.startsWith(key))).toEqual(Array.from({ length: 5 }, (_, i) => key + i));
  }
  expect(producer.stats()).toMatchObject({ written: 15, failed: 0, pendingBytes: 0, pendingRecords: 0 });
  expect(producer.stats().retried).toBeGreaterThan(0);
});

test('records of different keys share a call', async () => {
  const kinesis = new FakeKinesis();
  const producer = produce(kinesis);
  await Promise.all(Array.from({ length: 40 }, (_, car) => producer.put(`car-${car}`, Buffer.from('x'))));
  expect(kinesis.calls).toEqual(['PutRecords']);
});

test('beyond the byte bound a put waits, in order', async () => {
  const kinesis = new FakeKinesis();
  const producer = produce(kinesis, { maxPendingBytes: 12 });
  await Promise.all(['first', 'other', 'third'].map((word) => producer.put('k', Buffer.from(word))));
  expect(text(kinesis)).toEqual(['first', 'other', 'third']);
});

test('a record that outlives its time is given back with a code, a refused one at once', async () => {
  const clock = new ManualClock(0);
  const kinesis = new FakeKinesis();
  kinesis.fault = () => {
    clock.advance(40_000);
    throw awsError('InternalFailureException', 500);
  };
  const producer = produce(kinesis, { wallClock: clock });
  await expect(producer.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'PW-STREAM-PUT', retriable: true });
  kinesis.fault = () => {
    throw awsError('AccessDeniedException', 400);
  };
  await expect(producer.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'PW-STREAM-PUT', retriable: false });
  await expect(producer.put('k', new Uint8Array(2 ** 21))).rejects.toMatchObject({ code: 'PW-STREAM-FULL' });
  await producer.close();
  await expect(producer.put('k', Buffer.from('x'))).rejects.toMatchObject({ code: 'PW-STREAM-CLOSED' });
});
