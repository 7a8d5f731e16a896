import { LatencyHistogram } from '../latency-histogram.js';

export interface ProducerStats {
  /** User records that the stream has. */
  written: number;
  /** Kinesis records that they travelled in. */
  kinesisRecords: number;
  /** PutRecords, and those that failed as a whole. */
  calls: number;
  callsFailed: number;
  /** Kinesis records that were not written and are tried again. */
  retried: number;
  /** User records whose `put` was rejected: not written within their time, refused for good. */
  failed: number;
  expired: number;
  refused: number;
  /** Kinesis records and calls that failed, by Kinesis's word for why. */
  errors: Record<string, number>;
  /** Answers that named another shard than expected, and listings asked for: a stream that is split or merged. */
  wrongShard: number;
  listings: number;
  /** User records in hand, and what they weigh; those that wait for room are counted with the records only. */
  pendingRecords: number;
  pendingBytes: number;
  pendingBytesMax: number;
  /** Puts that wait for room, that have had to, and that were refused because too many did. */
  waiting: number;
  waits: number;
  refusedFull: number;
  /** From a put to the start of its first try, wall ms. */
  bufferingMs: { p50: number | null; p99: number | null };
  /** What the producer allows itself of each shard, 0…1; falls with throttles. */
  shares: Record<string, number>;
}

/** Names come from the service; what goes beyond is counted as `other`. */
const ERROR_NAMES_MAX = 32;

export class Counters {
  written = 0;
  kinesisRecords = 0;
  calls = 0;
  callsFailed = 0;
  retried = 0;
  expired = 0;
  refused = 0;
  wrongShard = 0;
  refusedFull = 0;
  readonly errors: Record<string, number> = {};
  readonly buffering = new LatencyHistogram();

  countError(code: string): void {
    const isKnown = Object.hasOwn(this.errors, code) || Object.keys(this.errors).length < ERROR_NAMES_MAX;
    const name = isKnown ? code : 'other';
    this.errors[name] = (this.errors[name] ?? 0) + 1;
  }
}
