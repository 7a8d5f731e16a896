import {
  type _Record,
  GetRecordsCommand,
  type GetRecordsOutput,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';
import { fromChildShard } from './list-shards.js';
import { atTimestamp, LATEST, type ShardInfo, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';

export interface StreamRecord {
  sequenceNumber: string;
  partitionKey: string;
  data: Uint8Array;
  /** When the stream took it, race-clock epoch ms. */
  arrivalMs: number;
}

export interface ShardBatch {
  stream: string;
  shardId: string;
  /** In the shard's order; may be empty in the last batch of a shard. */
  records: StreamRecord[];
  /** Age of what is still to be read, race-clock ms; 0 = all is read. */
  millisBehindLatest: number;
  /** No more will come from this shard: store its position as SHARD_END. */
  ended: boolean;
}

export interface ShardReaderOptions {
  client: KinesisClient;
  streamName: string;
  shardId: string;
  position: ShardPosition;
  pollMs: number;
  maxRecords: number;
  onRecords(batch: ShardBatch): Promise<void>;
  /** Children as the last answer named them, possibly before a listing shows them. */
  onEnd(children: ShardInfo[]): void;
  /** The reader has stopped for good; whoever started it decides when to begin again. */
  onFailure(error: PitwallError): void;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface ShardCounters {
  polls: number;
  records: number;
  throttled: number;
  retried: number;
  expiredIterators: number;
}

/** Back-off between failed calls, beside the SDK's own repeats. */
const RETRY = { firstMs: 100, lastMs: 5_000 };
/** First gap between catch-up polls after a throttle; see `#gapMs`. */
const FIRST_GAP_MS = 25;

/**
 * Polls one shard. The next poll starts only when `onRecords` has resolved, so a slow reader holds one batch and no more.
 * Never skips: after any failure it goes on behind the last record that `onRecords` has taken.
 */
export class ShardReader {
  readonly counters: ShardCounters = { polls: 0, records: 0, throttled: 0, retried: 0, expiredIterators: 0 };
  /** Wall time of the last answer from the stream, or of the moment when a batch was handed back. */
  lastPollMs: number;
  /** Since when `onRecords` is busy with a batch; undefined while polling. */
  busySinceMs: number | undefined;
  lagMs = 0;
  /** Behind which record to go on. */
  position: ShardPosition;
  readonly done: Promise<void>;
  readonly #options: ShardReaderOptions;
  readonly #stop = new AbortController();
  #iterator: string | undefined;
  #failures = 0;
  /**
   * Pause between polls while more is waiting. A shard allows five reads a second of *race* time, whose rate nobody here
   * knows: the gap is doubled when the stream throttles and shrinks while it does not.
   */
  #gapMs = 0;

  constructor(options: ShardReaderOptions) {
    this.#options = options;
    this.position = options.position;
    this.lastPollMs = options.wallClock.nowMs();
    this.done = this.#run();
  }

  /** Ends after the batch in hand, if there is one. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }

  async #run(): Promise<void> {
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      try {
        const answer = await this.#poll(signal);
        if (signal.aborted) return;
        if (await this.#deliver(answer)) return;
        await pause(this.#pauseMs(answer), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(await this.#recover(error))) return;
      }
    }
  }

  async #poll(abortSignal: AbortSignal): Promise<GetRecordsOutput> {
    const { client, maxRecords } = this.#options;
    this.#iterator ??= await this.#takeIterator(abortSignal);
    const answer = await client.send(new GetRecordsCommand({ ShardIterator: this.#iterator, Limit: maxRecords }), {
      abortSignal,
    });
    this.lastPollMs = this.#options.wallClock.nowMs();
    this.counters.polls++;
    this.#failures = 0;
    return answer;
  }

  async #takeIterator(abortSignal: AbortSignal): Promise<string> {
    const { client, streamName, shardId } = this.#options;
    const input: GetShardIteratorInput = { StreamName: streamName, ShardId: shardId, ...this.#iteratorType() };
    const answer = await client.send(new GetShardIteratorCommand(input), { abortSignal });
    if (!answer.ShardIterator) {
      throw new PitwallError('PW-STREAM-READ', { what: `No iterator was given for ${shardId} of ${streamName}.` });
    }
    return answer.ShardIterator;
  }

  #iteratorType(): Pick<GetShardIteratorInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'> {
    const { position } = this;
    if (position === TRIM_HORIZON) return { ShardIteratorType: 'TRIM_HORIZON' };
    if (position === LATEST) {
      // LATEST a second time, after an expiry or a fault, would jump over what came since the first.
      this.position = atTimestamp(this.#options.raceClock.nowMs());
      return { ShardIteratorType: 'LATEST' };
    }
    const ms = timestampOf(position);
    if (ms !== undefined) return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(ms) };
    return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position };
  }

  /** True when the shard has ended. */
  async #deliver(answer: GetRecordsOutput): Promise<boolean> {
    const { streamName, shardId, onRecords, onEnd, wallClock } = this.#options;
    const records = (answer.Records ?? []).map(fromRecord);
    const ended = !answer.NextShardIterator;
    this.lagMs = answer.MillisBehindLatest ?? 0;
    if (records.length > 0 || ended) {
      this.busySinceMs = wallClock.nowMs();
      try {
        await onRecords({ stream: streamName, shardId, records, millisBehindLatest: this.lagMs, ended });
      } catch (cause) {
        throw new PitwallError('PW-STREAM-READ', {
          what: `A batch of ${records.length} records of ${shardId} of ${streamName} could not be processed.`,
          why: cause instanceof Error ? cause.message : errorCode(cause),
          cause,
        });
      } finally {
        this.busySinceMs = undefined;
        this.lastPollMs = wallClock.nowMs();
      }
      this.counters.records += records.length;
      if (records.length > 0) this.position = records[records.length - 1].sequenceNumber;
    }
    this.#iterator = answer.NextShardIterator;
    if (ended) onEnd((answer.ChildShards ?? []).map(fromChildShard));
    return ended;
  }

  #pauseMs(answer: GetRecordsOutput): number {
    const more = (answer.MillisBehindLatest ?? 0) > 0 || (answer.Records?.length ?? 0) >= this.#options.maxRecords;
    if (!more) return this.#options.pollMs;
    this.#gapMs = this.#gapMs < 1 ? 0 : this.#gapMs * 0.9;
    return Math.min(this.#gapMs, this.#options.pollMs);
  }

  /** False when the reader gives up. The table of errors and actions is in `aws-errors.ts`. */
  async #recover(error: unknown): Promise<boolean> {
    const { shardId, streamName, log, onFailure, random, pollMs } = this.#options;
    const action = error instanceof PitwallError ? 'giveUp' : actionFor(error);
    const fields = { stream: streamName, shard: shardId, code: errorCode(error) };
    switch (action) {
      case 'renewIterator':
        this.counters.expiredIterators++;
        this.#iterator = undefined;
        log.info('A shard iterator expired; going on behind the last record.', fields);
        return true;
      case 'slowDown':
        this.counters.throttled++;
        this.#gapMs = Math.min(pollMs, Math.max(FIRST_GAP_MS, 2 * this.#gapMs));
        break;
      case 'retry':
        this.counters.retried++;
        // The answer may be lost on the way back: an iterator can be read again, so nothing is.
        break;
      case 'gone':
      case 'giveUp':
        onFailure(
          error instanceof PitwallError
            ? error
            : new PitwallError('PW-STREAM-READ', {
                what: `Shard ${shardId} of ${streamName} cannot be read: ${fields.code}.`,
                why: error instanceof Error ? error.message : undefined,
                cause: error,
              }),
        );
        return false;
    }
    this.#failures++;
    await pause(backOffMs(this.#failures, RETRY, random), this.#stop.signal);
    return true;
  }
}

function fromRecord(record: _Record): StreamRecord {
  return {
    sequenceNumber: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    data: record.Data ?? new Uint8Array(0),
    arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  };
}
