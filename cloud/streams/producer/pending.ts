import { type ErrorDetails, PitwallError } from '#wire/errors.js';

/** One try to write a Kinesis record; all user records in it share it. */
export interface Attempt {
  /** Wall clock, epoch ms. */
  startMs: number;
  endMs: number;
  /** Kinesis's word for why it failed; absent = it was written. */
  errorCode?: string;
  shardId?: string;
  sequenceNumber?: string;
}

export interface PutResult {
  shardId: string;
  sequenceNumber: string;
  /** Its place inside the aggregate; absent when it travelled alone. */
  subSequenceNumber?: number;
  /** In all. */
  tries: number;
  /** The last of them, oldest first; at most `ATTEMPTS_KEPT`. */
  attempts: readonly Attempt[];
}

/** PW-STREAM-PUT, with what was tried. An attempt that ended without an answer may have written the record. */
export class PutError extends PitwallError {
  readonly tries: number;
  readonly attempts: readonly Attempt[];

  constructor(details: ErrorDetails, { tries, attempts }: Pick<Pending, 'tries' | 'attempts'>) {
    super('PW-STREAM-PUT', details);
    this.tries = tries;
    this.attempts = attempts;
  }
}

const ATTEMPTS_KEPT = 32;

/** A user record that was put and whose promise is not settled yet. */
export interface Pending {
  readonly partitionKey: string;
  /** Decimal. */
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
  /** What it weighs while it is in hand. */
  readonly bytes: number;
  readonly putMs: number;
  readonly deadlineMs: number;
  /** Grows with every put of the producer. */
  readonly ordinal: number;
  readonly attempts: Attempt[];
  tries: number;
  resolve(result: PutResult): void;
  reject(error: PitwallError): void;
}

export function noteAttempt(pending: Pending, attempt: Attempt): void {
  pending.tries++;
  pending.attempts.push(attempt);
  if (pending.attempts.length > ATTEMPTS_KEPT) pending.attempts.shift();
}
