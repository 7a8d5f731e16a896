import type { KinesisClient, SubscribeToShardEvent } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kinesisFanOut } from '#cloud/streams/kinesis-fan-out.js';
import { ShardReader } from '#cloud/streams/shard-reader.js';
import type { ShardSource } from '#cloud/streams/source.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from './fake-dynamodb.js';

const SILENCE_MS = 13_000;
const clock = new ManualClock(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Time goes by for timers and the clock alike. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock.advance(Math.min(left, 100));
    await vi.advanceTimersByTimeAsync(Math.min(left, 100));
  }
}

type Step = SubscribeToShardEvent | Error | 'silence';

/** A client whose subscriptions play scripts, one after the other; an exhausted one ends. */
class Scripted {
  readonly starts: unknown[] = [];
  readonly atMs: number[] = [];
  /** Events that were taken off the wire. */
  taken = 0;
  readonly #scripts: Step[][];

  constructor(...scripts: Step[][]) {
    this.#scripts = scripts;
  }

  source(): ShardSource {
    const send = async (
      command: { input: { StartingPosition: object } },
      { abortSignal }: { abortSignal: AbortSignal },
    ) => {
      this.starts.push(command.input.StartingPosition);
      this.atMs.push(clock.nowMs());
      return { EventStream: this.#play(this.#scripts.shift() ?? ['silence'], abortSignal) };
    };
    const client = { send } as unknown as KinesisClient;
    const consumer = { arn: async () => 'arn', forget: () => {} };
    return kinesisFanOut({ client, streamName: 'stream', consumer, raceClock: clock });
  }

  async *#play(script: Step[], signal: AbortSignal) {
    for (const step of script) {
      if (step instanceof Error) throw step;
      if (step === 'silence') await new Promise((_, reject) => signal.addEventListener('abort', reject));
      else {
        this.taken++;
        yield { SubscribeToShardEvent: step };
      }
    }
  }
}

const event = (number: number, more: Partial<SubscribeToShardEvent> = {}): SubscribeToShardEvent => ({
  Records: [{ SequenceNumber: String(number), PartitionKey: 'car-1', Data: Buffer.from(`r${number}`) }],
  ContinuationSequenceNumber: `${number}9`,
  MillisBehindLatest: 0,
  ...more,
});

function read(scripted: Scripted, onRecords: (sequence: string) => Promise<void> = async () => {}) {
  const seen: string[] = [];
  const children: string[] = [];
  const reader = new ShardReader({
    source: scripted.source(),
    shardId: 's0',
    position: 'TRIM_HORIZON',
    pollMs: 200,
    onRecords: async ({ records }) => {
      for (const { sequenceNumber } of records) {
        seen.push(sequenceNumber);
        await onRecords(sequenceNumber);
      }
    },
    onEnd: (found) => children.push(...found.map(({ shardId }) => shardId)),
    onFailure: (error) => seen.push(error.code),
    log: silentLog,
    wallClock: clock,
    raceClock: clock,
    random: seededRandom(1),
  });
  return { seen, children, reader };
}

test('a subscription that ends is renewed from its continuation; one that ends at once, not before 5 s', async () => {
  const scripted = new Scripted([event(1), event(2)], [], [event(3)]);
  const { seen, reader } = read(scripted);
  await pass(4_800);
  expect(seen).toEqual(['1', '2']);
  await pass(10_200);
  expect(seen).toEqual(['1', '2', '3']);
  expect(scripted.starts.slice(0, 3)).toEqual([
    { Type: 'TRIM_HORIZON' },
    { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '29' },
    { Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '29' },
  ]);
  expect(scripted.atMs[1] - scripted.atMs[0]).toBeGreaterThanOrEqual(5_000);
  expect(scripted.atMs[2] - scripted.atMs[1]).toBeGreaterThanOrEqual(5_000);
  expect(reader.counters).toMatchObject({ retried: 0, watchdogRestarts: 0 });
  await reader.stop();
});

test('a silence of 13 s is a dead subscription: another begins behind the last record', async () => {
  const scripted = new Scripted([event(1), event(2, { Records: [] }), 'silence'], [event(3)]);
  const { seen, reader } = read(scripted);
  await pass(SILENCE_MS - 500);
  expect(scripted.starts).toHaveLength(1);
  await pass(1_500);
  expect(seen).toEqual(['1', '3']);
  expect(scripted.starts[1]).toEqual({ Type: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: '1' });
  expect(reader.counters.retried).toBe(1);
  await reader.stop();
});

test.each([
  ['ResourceInUseException', 'retried'],
  ['KMSThrottlingException', 'throttled'],
  ['InternalFailureException', 'retried'],
] as const)('%s inside the stream: again, behind the last record', async (name, counter) => {
  const scripted = new Scripted([event(1), awsError(name, 400)], [event(2)]);
  const { seen, reader } = read(scripted);
  await pass(6_000);
  expect(seen).toEqual(['1', '2']);
  expect(reader.counters[counter]).toBe(1);
  await reader.stop();
});

test('the end of a shard names its children', async () => {
  const ChildShards = [{ ShardId: 's1', ParentShards: ['s0'], HashKeyRange: undefined }];
  const last = event(2, { Records: [], ContinuationSequenceNumber: undefined, ChildShards });
  const { seen, children, reader } = read(new Scripted([event(1), last]));
  await pass(200);
  await reader.done;
  expect(seen).toEqual(['1']);
  expect(children).toEqual(['s1']);
});

test('while a processor stands still nothing more is taken off the wire', async () => {
  const scripted = new Scripted(Array.from({ length: 100 }, (_, i) => event(i + 1)));
  let release = () => {};
  const stalled = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { seen, reader } = read(scripted, () => stalled);
  await pass(60_000);
  expect(seen).toEqual(['1']);
  expect(scripted.taken).toBe(1);
  release();
  await pass(500);
  expect(seen).toHaveLength(100);
  await reader.stop();
});
