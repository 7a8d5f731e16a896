import { PitwallError } from '#wire/errors.js';
import { LATEST, placeOf, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';
import { unserved } from './trim-policy.js';

/** First what is archived, then what is live: refused until the archive stands. */
export const ARCHIVE_THEN_LIVE = 'ARCHIVE_THEN_LIVE';

/**
 * A position that a shard can be opened at. Raises PW-STREAM-UNSERVED for ARCHIVE_THEN_LIVE and PW-STREAM-POSITION for
 * what is no position, SHARD_END among it: nothing is behind an end.
 */
export function checkPosition(position: ShardPosition): ShardPosition {
  if (position === ARCHIVE_THEN_LIVE) throw unserved('The position ARCHIVE_THEN_LIVE');
  const isKnown = position === TRIM_HORIZON || position === LATEST || placeOf(position) !== undefined;
  if (isKnown || Number.isFinite(timestampOf(position))) return position;
  throw new PitwallError('PW-STREAM-POSITION', { what: `No shard can be read from ${JSON.stringify(position)} on.` });
}

/** Where a whole stream can be begun: a place is one shard's. Raises as `checkPosition` does. */
export function checkInitial(position: ShardPosition): ShardPosition {
  if (placeOf(position)) {
    throw new PitwallError('PW-STREAM-POSITION', {
      what: `A stream cannot be begun at the sequence number ${position}: it is of one shard.`,
      fix: 'Give it as the position of its shard.',
    });
  }
  return checkPosition(position);
}
