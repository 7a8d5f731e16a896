/** What lanes work with: records as a function meets them, and batches of them. */

/** A record of a stream, ready to be handed to a function. */
export interface SourceRecord {
  sequenceNumber: string;
  /** What order is kept for: the partition key, or the keys of an item. */
  orderKey: string;
  /** When the stream took it, race-clock epoch ms. */
  arrivalMs: number;
  /** The element of `Records`: JSON. */
  event: string;
  /** Of `event`, UTF-8. */
  bytes: number;
}

/** A record that no filter matches: its place counts, it does not. */
export interface SkippedRecord {
  sequenceNumber: string;
  skipped: true;
}

/** One invocation's worth, while it is tried. */
export interface Batch {
  /** In the shard's order; empty only in the final invocation of a window. */
  records: readonly SourceRecord[];
  /** Failures that count against the retry attempts. */
  failures: number;
  /** Tries since the batch took its present shape, those that did not reach the function included: what back-off grows by. */
  tries: number;
  /** Times that the function was called with these records, in this batch or in a larger one. */
  invocations: number;
  /** The last invocation ended with an error, not with an answer. */
  isUnhandled: boolean;
  window?: BatchWindow;
}

/** What an invocation is told of its tumbling window. */
export interface BatchWindow {
  startMs: number;
  endMs: number;
  /** As the last invocation gave it back: JSON of an object. */
  state: string;
  isFinal: boolean;
  isTerminatedEarly: boolean;
}

/** How an invocation ended. */
export type Outcome =
  /** `failedFrom`: index of the first record that is to come again; absent: all went well. */
  | { kind: 'ok'; failedFrom?: number; state?: string }
  /** The function raised, took too long, or gave an answer that says nothing. */
  | { kind: 'failed' }
  /** The function was not called: throttled, or not there. Does not count against the retry attempts. */
  | { kind: 'notReached' };

/** Why records are given up; AWS's words, as an on-failure record has them in `condition`. */
export type DiscardReason = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'PayloadSizeExceeded';

export type LaneWork =
  | { kind: 'invoke'; batch: Batch }
  /** To be told to the on-failure destination; the lane goes on when that is done. */
  | { kind: 'discard'; batch: Batch; reason: DiscardReason };

/** Lambda takes 6 MB in a request. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;
/** What is around the records: window, state (1 MB at most) and ARNs are counted apart. */
export const ENVELOPE_BYTES = 1_024;
