/**
 * Which shards may be read now. Pure: a listing and a progress in, shard ids out. Order per key across a split or merge
 * is kept by one rule: parents are read to their end before their children are begun.
 */
export interface ShardInfo {
  shardId: string;
  /** One parent after a split, two after a merge, none at the stream's birth. */
  parents: string[];
  /** 128-bit bounds of the hash range, decimal text as the API has them; absent for a table's stream. */
  startingHashKey?: string;
  endingHashKey?: string;
}

/**
 * A place in a shard, or one of the sentinels, named as KCL names them:
 *
 *     123      behind record 123
 *     123:4    behind user record 4 inside the aggregate 123
 *     123:-1   at record 123
 */
export type ShardPosition = string;
export const TRIM_HORIZON = 'TRIM_HORIZON';
export const LATEST = 'LATEST';
export const SHARD_END = 'SHARD_END';
const AT_TIMESTAMP = 'AT_TIMESTAMP:';

const PLACE = /^(\d+)(?::(-1|\d{1,16}))?$/;

export interface Place {
  sequenceNumber: string;
  /** Of the user records inside it, the last that is done; -1 = none, Infinity = all. */
  subSequenceNumber: number;
}

/** Undefined for a sentinel. */
export function placeOf(position: ShardPosition): Place | undefined {
  const [, sequenceNumber, sub] = PLACE.exec(position) ?? [];
  if (sequenceNumber === undefined) return undefined;
  return { sequenceNumber, subSequenceNumber: sub === undefined ? Number.POSITIVE_INFINITY : Number(sub) };
}

/** From this record on: AT_SEQUENCE_NUMBER. */
export function atSequenceNumber(sequenceNumber: string): ShardPosition {
  return `${sequenceNumber}:-1`;
}

/** Behind a record as it was delivered: inside an aggregate, when it came out of one. */
export function positionBehind(record: { sequenceNumber: string; subSequenceNumber?: number }): ShardPosition {
  const { sequenceNumber, subSequenceNumber } = record;
  return subSequenceNumber === undefined ? sequenceNumber : `${sequenceNumber}:${subSequenceNumber}`;
}

/** True for a whole sequence number, false for a sentinel. */
export function isSequenceNumber(position: ShardPosition): boolean {
  return /^\d+$/.test(position);
}

/** From the first record that arrived at or after `ms` (race-clock epoch). */
export function atTimestamp(ms: number): ShardPosition {
  return AT_TIMESTAMP + ms;
}

/** The time of an `atTimestamp` position; undefined for any other. */
export function timestampOf(position: ShardPosition): number | undefined {
  return position.startsWith(AT_TIMESTAMP) ? Number(position.slice(AT_TIMESTAMP.length)) : undefined;
}

/**
 * Shards to begin with: known, not ended, not being read, and every parent that is still listed has ended. A parent that
 * is no longer listed was trimmed: nothing of it is left to wait for. A shard with a stored place was begun before, so its
 * parents were done; one at LATEST waits for nobody.
 *
 * @example
 * readableShards(shards, { 'shardId-000000000000': 'SHARD_END' }, new Set()); // its children
 */
export function readableShards(
  shards: ReadonlyMap<string, ShardInfo>,
  positions: Readonly<Record<string, ShardPosition>>,
  reading: ReadonlySet<string>,
): string[] {
  const readable: string[] = [];
  for (const { shardId, parents } of shards.values()) {
    const position = positions[shardId];
    if (position === SHARD_END || reading.has(shardId)) continue;
    const begun = position !== undefined && (position === LATEST || placeOf(position) !== undefined);
    if (begun || parents.every((parent) => !shards.has(parent) || positions[parent] === SHARD_END)) {
      readable.push(shardId);
    }
  }
  return readable;
}

/** Shards that nobody in the listing descends from: what a reader that starts at LATEST begins with. */
export function leafShards(shards: ReadonlyMap<string, ShardInfo>): string[] {
  const parents = new Set([...shards.values()].flatMap((shard) => shard.parents));
  return [...shards.keys()].filter((shardId) => !parents.has(shardId));
}
