import { expect, onTestFinished, vi } from 'vitest';
import { type Consumer, type ConsumerOptions, startConsumer } from '#cloud/streams/consumer.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { ShardSource, StreamGap } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import type { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

export interface Reading {
  /** `shard sequence[:sub]`, in the order of delivery. */
  read: string[];
  batches: ShardBatch[];
  failures: PitwallError[];
  gaps: StreamGap[];
  consumer: Consumer;
}

/** A consumer of a source, to the end of the test. */
export function readFrom(source: ShardSource, options: Partial<ConsumerOptions> = {}): Reading {
  const reading: Omit<Reading, 'consumer'> = { read: [], batches: [], failures: [], gaps: [] };
  const consumer = startConsumer({
    source,
    positions: {},
    pollMs: 1,
    onRecords: async (batch) => {
      reading.batches.push(batch);
      for (const { sequenceNumber, subSequenceNumber } of batch.records) {
        const sub = subSequenceNumber === undefined ? '' : `:${subSequenceNumber}`;
        reading.read.push(`${batch.shardId} ${sequenceNumber}${sub}`);
      }
    },
    onFailure: (error) => reading.failures.push(error),
    onGap: (gap) => reading.gaps.push(gap),
    log: silentLog,
    wallClock,
    raceClock: wallClock,
    random: seededRandom(1),
    ...options,
  });
  onTestFinished(() => consumer.stop());
  return { ...reading, consumer };
}

export const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 30_000, interval: 2 });
