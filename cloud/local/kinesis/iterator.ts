/**
 * Shard iterators: where a reader is, and when it was told so. Opaque to clients.
 *
 *     base64url( 1 . stream id . shard index . number of the next record . issued, epoch ms of the race clock )
 */
export interface ShardIterator {
  /** Not the name: a stream created anew under an old name does not continue its readers. */
  streamId: number;
  shardIndex: number;
  /** Number of the first record to return. */
  next: number;
  issuedAtMs: number;
}

const VERSION = '1';
const SHAPE = /^1\.(\d{1,10})\.(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/;
/** AWS's bound on the length of an iterator. */
const LENGTH_MAX = 512;

export function formatIterator({ streamId, shardIndex, next, issuedAtMs }: ShardIterator): string {
  const text = [VERSION, streamId, shardIndex, next, Math.floor(issuedAtMs)].join('.');
  return Buffer.from(text, 'latin1').toString('base64url');
}

/** Undefined when the text was not issued here. */
export function parseIterator(text: string): ShardIterator | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const match = SHAPE.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (match === null) return undefined;
  const [, streamId, shardIndex, next, issuedAtMs] = match.map(Number);
  const iterator = { streamId, shardIndex, next, issuedAtMs };
  // Base64 decoding is lenient; only what we would write ourselves counts.
  return formatIterator(iterator) === text ? iterator : undefined;
}
