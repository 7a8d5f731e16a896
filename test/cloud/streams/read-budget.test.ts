import { expect, test, vi } from 'vitest';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { kinesisBudgets, ReadBudgets } from '#cloud/streams/read-budget.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { FakeKinesis } from './fake-kinesis.js';
import { readFrom, until } from './reading.js';

const LIMITS = { readsPerSecond: 5, bytesPerSecond: 1_000 };
const signal = new AbortController().signal;

/** Whether a read is granted at once. */
async function granted(budget: { take(signal: AbortSignal): Promise<void>; waits: number }): Promise<boolean> {
  const { waits } = budget;
  const left = new AbortController();
  const taken = budget.take(left.signal);
  left.abort();
  await taken;
  return budget.waits === waits;
}

test('five reads a second of a shard, for all who read it, by the clock that the service counts by', async () => {
  const clock = new ManualClock(0);
  const budgets = new ReadBudgets(LIMITS, clock);
  const [one, two] = [budgets.of('stream', 's0'), budgets.of('stream', 's0')];
  for (let i = 0; i < 5; i++) expect(await granted(i % 2 ? one : two)).toBe(true);
  expect(await granted(one)).toBe(false);
  expect(await granted(budgets.of('stream', 's1')), 'another shard').toBe(true);
  clock.advance(200);
  expect(await granted(two)).toBe(true);
  expect(await granted(one)).toBe(false);
});

test('bytes are known afterwards: what was too much is waited for', async () => {
  const clock = new ManualClock(0);
  const budget = new ReadBudgets(LIMITS, clock).of('stream', 's0');
  expect(await granted(budget)).toBe(true);
  budget.charge(3_000);
  clock.advance(1_900);
  expect(await granted(budget)).toBe(false);
  clock.advance(200);
  expect(await granted(budget)).toBe(true);
});

test('a clock that stands still holds a read back for a second, not for ever', async () => {
  vi.useFakeTimers();
  try {
    const budget = new ReadBudgets(LIMITS, new ManualClock(0)).of('stream', 's0');
    for (let i = 0; i < 5; i++) await budget.take(signal);
    let taken = false;
    void budget.take(signal).then(() => {
      taken = true;
    });
    await vi.advanceTimersByTimeAsync(950);
    expect(taken).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(taken).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('whoever reads by the same race clock shares the budgets', () => {
  const clock = new ManualClock(0);
  expect(kinesisBudgets(clock).of('stream', 's0')).toBe(kinesisBudgets(clock).of('stream', 's0'));
  expect(kinesisBudgets(new ManualClock(0)).of('stream', 's0')).not.toBe(kinesisBudgets(clock).of('stream', 's0'));
});

test('two consumers of one shard poll five times a second together, not each', async () => {
  const kinesis = new FakeKinesis();
  const budgets = new ReadBudgets({ readsPerSecond: 5, bytesPerSecond: 1e9 }, wallClock);
  const source = () => kinesisPolling({ client: kinesis.client, streamName: 'stream', budgets });
  readFrom(source());
  readFrom(source());
  await until(() => kinesis.calls.includes('GetRecords'));
  await new Promise((resolve) => setTimeout(resolve, 600));
  // Five at once, and three more by then.
  expect(kinesis.calls.filter((name) => name === 'GetRecords').length).toBeLessThanOrEqual(5 + 4);
});

test('polls of a silent shard slow down, and hurry again when something comes', async () => {
  vi.useFakeTimers();
  try {
    const kinesis = new FakeKinesis();
    const reading = readFrom(kinesisPolling({ client: kinesis.client, streamName: 'stream' }), { pollMs: 200 });
    const polls = async (ms: number) => {
      const before = kinesis.calls.length;
      await vi.advanceTimersByTimeAsync(ms);
      return kinesis.calls.length - before;
    };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await polls(10_000)).toBe(10);
    kinesis.put('s0', 'car-1', {});
    for (let ms = 0; ms < 1_000 && reading.read.length === 0; ms += 50) await vi.advanceTimersByTimeAsync(50);
    expect(reading.read).toEqual(['s0 1']);
    kinesis.put('s0', 'car-1', {});
    await vi.advanceTimersByTimeAsync(200);
    expect(reading.read).toEqual(['s0 1', 's0 2']);
  } finally {
    vi.useRealTimers();
  }
});
