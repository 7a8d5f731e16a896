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

/** Whether a record comes behind a position: decimal numbers as text, the longer is the greater. */
export function isAfter(
  record: { sequenceNumber: string; subSequenceNumber?: number },
  position: ShardPosition,
): boolean {
  if (position === SHARD_END) return false;
  const place = placeOf(position);
  if (!place) return true;
  const { sequenceNumber, subSequenceNumber = 0 } = record;
  if (sequenceNumber === place.sequenceNumber) return subSequenceNumber > place.subSequenceNumber;
  const longer = sequenceNumber.length - place.sequenceNumber.length;
  return longer === 0 ? sequenceNumber > place.sequenceNumber : longer > 0;
}

/** Whether a place, as `positionBehind` writes it, comes behind a position. A sentinel is no place, and comes behind none. */
export function isPlaceAfter(place: ShardPosition, position: ShardPosition): boolean {
  const [sequenceNumber, sub] = place.split(':');
  if (!isSequenceNumber(sequenceNumber)) return false;
  return isAfter({ sequenceNumber, subSequenceNumber: sub === undefined ? undefined : Number(sub) }, position);
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
 * Shards to begin with: known, not ended, not being read, and every parent has ended. A parent that is not known was
 * trimmed, and nothing of it is left to wait for; or it is the child of a shard that is still read, and not seen yet:
 * then the shard waits. A shard with a stored place was begun before, so its parents were done; one at LATEST waits for
 * nobody.
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
  for (const shard of shards.values()) {
    const { shardId, parents } = shard;
    const position = positions[shardId];
    if (position === SHARD_END || reading.has(shardId)) continue;
    const begun = position !== undefined && (position === LATEST || placeOf(position) !== undefined);
    const isDone = (parent: string) =>
      shards.has(parent) ? positions[parent] === SHARD_END : !hasElderAtWork(shard, shards, positions);
    if (begun || parents.every(isDone)) readable.push(shardId);
  }
  return readable;
}

/** A shard of the same hash keys that is older (ids grow with birth) and not read to its end: an ancestor. */
function hasElderAtWork(
  shard: ShardInfo,
  shards: ReadonlyMap<string, ShardInfo>,
  positions: Readonly<Record<string, ShardPosition>>,
): boolean {
  for (const other of shards.values()) {
    if (other.shardId < shard.shardId && positions[other.shardId] !== SHARD_END && share(shard, other)) return true;
  }
  return false;
}

/** Whether two hash ranges have a key in common; shards of table streams have none. */
function share(a: ShardInfo, b: ShardInfo): boolean {
  if (!a.startingHashKey || !a.endingHashKey || !b.startingHashKey || !b.endingHashKey) return false;
  return BigInt(a.startingHashKey) <= BigInt(b.endingHashKey) && BigInt(b.startingHashKey) <= BigInt(a.endingHashKey);
}

/** Shards that nobody in the listing descends from: what a reader that starts at LATEST begins with. */
export function leafShards(shards: ReadonlyMap<string, ShardInfo>): string[] {
  const parents = new Set([...shards.values()].flatMap((shard) => shard.parents));
  return [...shards.keys()].filter((shardId) => !parents.has(shardId));
}
