/** What to do about an error of a stream's API. The only thing that the readers and writers know about an error. */
export type ErrorAction =
  /** The iterator is too old (5 min): take a new one behind the last record delivered. */
  | 'renewIterator'
  /** Too fast: wait longer. */
  | 'slowDown'
  /** The shard or stream is not there. */
  | 'gone'
  /** The same call may succeed later. */
  | 'retry'
  /** It will not, until somebody changes something. */
  | 'giveUp';

const BY_NAME: Record<string, ErrorAction> = {
  ExpiredIteratorException: 'renewIterator',
  ProvisionedThroughputExceededException: 'slowDown',
  LimitExceededException: 'slowDown',
  KMSThrottlingException: 'slowDown',
  ThrottlingException: 'slowDown',
  RequestLimitExceeded: 'slowDown',
  ThroughputExceededException: 'slowDown',
  ResourceNotFoundException: 'gone',
  // The horizon moved while a shard was opened there; elsewhere a source's trim policy has it first.
  TrimmedDataAccessException: 'retry',
  // A stream that is being made or split answers so for a while.
  ResourceInUseException: 'retry',
  ExpiredNextTokenException: 'retry',
  InternalFailureException: 'retry',
  InternalServerError: 'retry',
  ServiceUnavailable: 'retry',
  TransactionInProgressException: 'retry',
  AbortError: 'retry',
  TimeoutError: 'retry',
};

/** What a defect of ours looks like; anything else without an answer is the network. */
const DEFECTS = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

/**
 * Classifies by name and HTTP status, never by message. Without an answer from the service (refused, reset, timed out)
 * the call may be repeated; an answer in the 4xx range that is not named above is final.
 */
export function actionFor(error: unknown): ErrorAction {
  const name = error instanceof Error ? error.name : '';
  const named = BY_NAME[name];
  if (named) return named;
  const status = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
  if (status === 429) return 'slowDown';
  if (status !== undefined) return status >= 500 ? 'retry' : 'giveUp';
  return DEFECTS.has(name) ? 'giveUp' : 'retry';
}
