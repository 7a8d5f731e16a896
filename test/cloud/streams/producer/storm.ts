import { expect, vi } from 'vitest';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { createProducer } from '#cloud/streams/producer/producer.js';
import { Seen } from '#cloud/streams/seen.js';
import type { Clock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { awsError } from '../fake-dynamodb.js';
import { StreamTwin } from './stream-twin.js';

const clock: Clock = { nowMs: () => Date.now() };

/** Texts of each key as a reader keeps them that drops what it has seen, and how many it dropped. */
function readOnce(twin: StreamTwin): { texts: Map<string, string[]>; dropped: number } {
  const seen = new Seen();
  const texts = new Map<string, string[]>();
  let dropped = 0;
  for (const [key, records] of twin.texts()) {
    const kept: string[] = [];
    for (const record of records) {
      const { thing, boot, seq, data } = readIdentity(Buffer.from(record, 'latin1'))!;
      if (seen.mark(thing, boot, seq - 1, seq)) kept.push(Buffer.from(data).toString());
      else dropped++;
    }
    texts.set(key, kept);
  }
  return { texts, dropped };
}

/** Everything at once, at random, on fake timers: nothing is lost, twice, out of order or left over. */
export async function expectAllAfterStorm(random: Random, aggregate: boolean): Promise<void> {
  const twin = new StreamTwin(3);
  let isCalm = false;
  const happens = (share: number) => !isCalm && random() < share;
  const pauseUpTo = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, Math.floor(random() * ms)));
  twin.before = async () => {
    await pauseUpTo(50);
    if (happens(0.1)) throw awsError('InternalFailure', 500);
    if (happens(0.05)) throw awsError('ProvisionedThroughputExceededException', 400);
    if (happens(0.01)) await new Promise(() => {});
  };
  twin.refuse = () => happens(0.2);
  twin.copies = () => (happens(0.1) ? 2 : 1);
  twin.after = async () => {
    await pauseUpTo(20);
    if (happens(0.1)) throw Object.assign(new Error('cut'), { name: 'TimeoutError' });
  };
  const producer = createProducer({
    client: twin.client,
    streamName: 'stream',
    log: silentLog,
    wallClock: clock,
    raceClock: clock,
    random,
    aggregate,
    boot: '1-a',
    ttlMs: 600_000,
    maxPendingBytes: 80_000,
    callTimeoutMs: 500,
  });
  const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
  const settled = new Map<string, number>();
  const puts: Promise<unknown>[] = [];
  const counts = new Map<string, number>();
  for (let step = 0; step < 600; step++) {
    const key = keys[Math.floor(random() ** 2 * keys.length)];
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    const name = `${key} ${number}`;
    const count = () => void settled.set(name, (settled.get(name) ?? 0) + 1);
    puts.push(producer.put(key, Buffer.from(String(number))).then(count, count));
    if (random() < 0.3) await vi.advanceTimersByTimeAsync(Math.floor(random() * 60));
    if (random() < 0.005) twin.split(twin.shards[Math.floor(random() * twin.shards.length)].shardId);
    if (random() < 0.01) void producer.flush();
  }
  isCalm = true;
  const closed = producer.close();
  await vi.advanceTimersByTimeAsync(60_000);
  await Promise.all([closed, ...puts]);
  expect([...settled.values()].every((times) => times === 1) && settled.size).toBe(600);
  const { texts, dropped } = readOnce(twin);
  for (const [key, count] of counts)
    expect(texts.get(key), key).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  const onTheWire = [...twin.texts().values()].reduce((sum, { length }) => sum + length, 0);
  expect(onTheWire - 600, 'duplicates, each dropped and counted').toBe(dropped);
  expect(dropped).toBeGreaterThan(0);
  expect(twin.inFlightMax).toBeGreaterThan(1);
  const { pendingBytes, pendingRecords, waiting, failed, pendingBytesMax } = producer.stats();
  expect({ pendingBytes, pendingRecords, waiting, failed }).toEqual({
    pendingBytes: 0,
    pendingRecords: 0,
    waiting: 0,
    failed: 0,
  });
  expect(pendingBytesMax).toBeLessThanOrEqual(80_000);
  expect(vi.getTimerCount()).toBe(0);
}
