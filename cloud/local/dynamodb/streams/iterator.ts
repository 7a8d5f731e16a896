/**
 * Shard iterators: where a reader is, and when it was told so. Opaque to clients.
 *
 *     <stream ARN>|1|base64url( shard index . number of the next record . issued, epoch ms of the race clock )
 */
export interface ShardIterator {
  streamArn: string;
  shardIndex: number;
  /** Lowest number that the next record can have. */
  next: number;
  issuedAtMs: number;
}

const SHAPE = /^([^|]{1,1024})\|1\|([\w-]{1,64})$/;
const POSITION = /^(\d{1,10})\.(\d{1,16})\.(\d{1,16})$/;

export function formatIterator({ streamArn, shardIndex, next, issuedAtMs }: ShardIterator): string {
  const position = [shardIndex, next, Math.floor(issuedAtMs)].join('.');
  return `${streamArn}|1|${Buffer.from(position, 'latin1').toString('base64url')}`;
}

/** Undefined when the text was not issued here. */
export function parseIterator(text: string): ShardIterator | undefined {
  const [, streamArn, encoded] = SHAPE.exec(text) ?? [];
  if (encoded === undefined) return undefined;
  const match = POSITION.exec(Buffer.from(encoded, 'base64url').toString('latin1'));
  if (match === null) return undefined;
  const [shardIndex, next, issuedAtMs] = match.slice(1).map(Number);
  const iterator = { streamArn, shardIndex, next, issuedAtMs };
  // Base64 decoding is lenient; only what we would write ourselves counts.
  return formatIterator(iterator) === text ? iterator : undefined;
}
