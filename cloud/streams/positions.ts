import { PitwallError } from '#wire/errors.js';
import { LATEST, placeOf, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';
import { withoutArchive } from './trim-policy.js';

/** First what is archived, then what is live. */
export const ARCHIVE_THEN_LIVE = 'ARCHIVE_THEN_LIVE';

/**
 * A position that a shard can be opened at. Raises PW-STREAM-UNSERVED for ARCHIVE_THEN_LIVE of a source without an archive,
 * and PW-STREAM-POSITION for what is no position, SHARD_END among it: nothing is behind an end.
 */
export function checkPosition(position: ShardPosition, hasArchive = false): ShardPosition {
  if (position === ARCHIVE_THEN_LIVE) {
    if (hasArchive) return position;
    throw withoutArchive('The position ARCHIVE_THEN_LIVE');
  }
  const isKnown = position === TRIM_HORIZON || position === LATEST || placeOf(position) !== undefined;
  if (isKnown || Number.isFinite(timestampOf(position))) return position;
  throw new PitwallError('PW-STREAM-POSITION', { what: `No shard can be read from ${JSON.stringify(position)} on.` });
}

/** Where a whole stream can be begun: a place is one shard's. Raises as `checkPosition` does. */
export function checkInitial(position: ShardPosition, hasArchive = false): ShardPosition {
  if (placeOf(position)) {
    throw new PitwallError('PW-STREAM-POSITION', {
      what: `A stream cannot be begun at the sequence number ${position}: it is of one shard.`,
      fix: 'Give it as the position of its shard.',
    });
  }
  return checkPosition(position, hasArchive);
}
