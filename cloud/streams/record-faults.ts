import { PitwallError } from '#wire/errors.js';

/** What a service says of a request that its content makes wrong. */
const CONTENT = new Set([
  'ValidationException',
  'ValidationError',
  'InvalidArgumentException',
  'SerializationException',
  'ConditionalCheckFailedException',
  'ItemCollectionSizeLimitExceededException',
]);

/** Of ours: about the owner of a shard or its state, never about a record. */
const OWNERS = new Set([
  'PW-LEASE-LOST',
  'PW-LEASE-CHECKPOINT',
  'PW-STATE-FENCED',
  'PW-STATE-WRITE',
  'PW-STREAM-CLOSED',
]);

const NETWORK = /^(E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_)|ENOTFOUND|UND_ERR_)/;
/** The machine's, not the record's: no space, no descriptors, no memory. */
const MACHINE = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM', 'EIO', 'EDQUOT']);

/**
 * Whether processing failed for the records' own fault. In doubt it did not, when a service was asked: a permission that
 * is missing must not empty a stream into the dead letters. An error of plain code is the records'.
 */
export function isRecordsFault(error: unknown): boolean {
  if (error instanceof PitwallError) return !error.retriable && !OWNERS.has(error.code);
  if (!(error instanceof Error)) return true;
  if (CONTENT.has(error.name)) return true;
  if ('$metadata' in error || error.name === 'AbortError' || error.name === 'TimeoutError') return false;
  const code = (error as { code?: unknown }).code;
  return !(typeof code === 'string' && (NETWORK.test(code) || MACHINE.has(code)));
}
