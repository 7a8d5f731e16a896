import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startAckPublisher } from '#cloud/streams/acks.js';
import { silentLog } from '#wire/log.js';
import { FakeIotData } from './fake-dynamodb.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const start = (iot: FakeIotData) =>
  startAckPublisher({
    iotData: iot.client,
    family: 'frames',
    log: silentLog,
    wallClock: { nowMs: () => Date.now() },
    raceClock: { nowMs: () => 1_795_000_000_000 },
  });

test('each boot is told at most every three seconds, always with all its ranges', async () => {
  const iot = new FakeIotData();
  const acks = start(iot);
  for (let to = 1; to <= 8; to++) {
    acks.committed([{ thing: 'car-1', boot: '1-a', ranges: [[1, to]] }]);
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(iot.published.map(({ topic, qos, message }) => [topic, qos, message.ranges])).toEqual([
    ['pitwall/v1/car-1/acks', 1, [[1, 1]]],
    ['pitwall/v1/car-1/acks', 1, [[1, 7]]],
  ]);
  await acks.stop();
  expect(iot.published[2].message).toEqual({
    v: 1,
    kind: 'ack',
    boot: '1-a',
    family: 'frames',
    ranges: [[1, 8]],
    atMs: 1_795_000_000_000,
  });
});

test('a failed publish stays due', async () => {
  const iot = new FakeIotData();
  const acks = start(iot);
  iot.fault = () => {
    throw new Error('refused');
  };
  acks.committed([{ thing: 'car-1', boot: '1-a', ranges: [[1, 3]] }]);
  await vi.advanceTimersByTimeAsync(300);
  expect(acks.stats()).toEqual({ published: 0, failed: 1, due: 1 });
  iot.fault = () => {};
  await vi.advanceTimersByTimeAsync(3_500);
  expect(iot.published).toHaveLength(1);
  await acks.stop();
});
