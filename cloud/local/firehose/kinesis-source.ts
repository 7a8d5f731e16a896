import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { actionFor } from '#cloud/streams/aws-errors.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { startConsumer } from '#cloud/streams/consumer.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import { atTimestamp, SHARD_END, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Failure, Incoming } from './records.js';

export type Positions = Record<string, ShardPosition>;

export interface KinesisSourceOptions {
  client: KinesisClient;
  streamName: string;
  /** From here on the stream is read: DeliveryStartTimestamp, race-clock epoch ms. */
  startMs: number;
  positions: Positions;
  /** Resolves when the records and the shard's position behind them are durable, both or neither. */
  accept(records: Incoming[], shardId: string, position: ShardPosition): Promise<void>;
  /** Records that hold a broken aggregate. */
  onCorrupt(): void;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Firehose asks once a second for each shard. */
const POLL_MS = 1_000;
const LIST_RETRY = { firstMs: 250, lastMs: 10_000 };

/** Reads a stream into a delivery stream, from its start time on, with the SDK's stock client; aggregates are opened. */
export function startKinesisSource(options: KinesisSourceOptions): { stop(): Promise<void> } {
  const stop = new AbortController();
  const running = run(options, stop.signal);
  return {
    stop: async () => {
      stop.abort();
      await (await running)?.stop();
    },
  };
}

async function run(options: KinesisSourceOptions, signal: AbortSignal) {
  const { client, streamName, raceClock, wallClock, random, log } = options;
  const source = kinesisPolling({ client, streamName });
  const positions = { ...options.positions };
  // From the start time in every shard there is, also in those that have been split since: none of it is passed over.
  if (Object.keys(positions).length === 0) {
    for (const shardId of await shardIds(source, options, signal)) positions[shardId] = atTimestamp(options.startMs);
  }
  if (signal.aborted) return undefined;
  return startConsumer({
    source,
    positions,
    pollMs: POLL_MS,
    onRecords: async (batch) => {
      const last = batch.records.at(-1)?.sequenceNumber;
      const position = batch.ended ? SHARD_END : last;
      if (position !== undefined) await options.accept(incomingOf(batch, options), batch.shardId, position);
    },
    log,
    wallClock,
    raceClock,
    random,
  });
}

async function shardIds(
  source: ShardSource,
  { random, log }: KinesisSourceOptions,
  signal: AbortSignal,
): Promise<string[]> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return [...(await source.list(signal)).keys()];
    } catch (error) {
      if (signal.aborted) break;
      const action = actionFor(error);
      log.warn('firehose: the source cannot be listed', { stream: source.name, error: errorCode(error), action });
      await pause(backOffMs(attempt, LIST_RETRY, random), signal);
    }
  }
  return [];
}

function incomingOf({ shardId, records }: ShardBatch, { onCorrupt }: KinesisSourceOptions): Incoming[] {
  return records.flatMap(({ partitionKey, data, sequenceNumber, arrivalMs }): Incoming[] => {
    const opened = deaggregate({ partitionKey, data });
    const metadata = { sequenceNumber, shardId };
    if (opened.kind === 'corrupt') {
      onCorrupt();
      return [
        {
          data,
          arrivalMs,
          kinesis: { ...metadata, subsequenceNumber: 0, partitionKey },
          failure: corrupt(opened.reason),
        },
      ];
    }
    return opened.users.map((user, subsequenceNumber) => ({
      data: user.data,
      arrivalMs,
      kinesis: { ...metadata, subsequenceNumber, partitionKey: user.partitionKey },
    }));
  });
}

const corrupt = (reason: string): Failure => ({
  outputType: 'processing-failed',
  attemptsMade: 1,
  errorCode: 'Kpl.CorruptAggregate',
  errorMessage: `The aggregate's digest is right, its ${reason} is not.`,
});
