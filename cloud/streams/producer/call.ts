import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { KinesisRecord } from '../kpl/format.js';
import type { Attempt } from './pending.js';

export interface CallOptions {
  client: KinesisClient;
  streamName: string;
  callTimeoutMs: number;
  wallClock: Clock;
}

/** What one PutRecords came to. */
export interface CallResult {
  /** One for each record, in their order. */
  attempts: Attempt[];
  /** Why the call failed as a whole; else absent. */
  cause?: unknown;
}

/** One PutRecords. Never raises. */
export async function putRecords(options: CallOptions, records: readonly KinesisRecord[]): Promise<CallResult> {
  const { client, streamName, callTimeoutMs, wallClock } = options;
  const startMs = wallClock.nowMs();
  const command = new PutRecordsCommand({
    StreamName: streamName,
    Records: records.map(({ partitionKey, explicitHashKey, data }) => ({
      PartitionKey: partitionKey,
      ExplicitHashKey: explicitHashKey,
      Data: data,
    })),
  });
  try {
    const { Records: results = [] } = await within(callTimeoutMs, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    const endMs = wallClock.nowMs();
    const attempts = records.map((_, i) => {
      const { ShardId: shardId, SequenceNumber: sequenceNumber, ErrorCode } = results[i] ?? {};
      const isWritten = sequenceNumber !== undefined && ErrorCode === undefined;
      return isWritten
        ? { startMs, endMs, shardId, sequenceNumber }
        : { startMs, endMs, errorCode: ErrorCode ?? 'NoResult' };
    });
    return { attempts };
  } catch (cause) {
    const attempt: Attempt = { startMs, endMs: wallClock.nowMs(), errorCode: errorCode(cause) };
    return { attempts: records.map(() => attempt), cause };
  }
}

/** Leaves a call that takes longer; whoever made it cannot know whether it was carried out. */
export async function within<Result>(ms: number, call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(Object.assign(new Error(`No answer within ${ms} ms.`), { name: 'TimeoutError' }));
      abort.abort();
    }, ms);
  });
  try {
    return await Promise.race([call(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
