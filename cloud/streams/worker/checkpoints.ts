import { PitwallError } from '#wire/errors.js';
import type { Checkpoint } from '../leases/lease.js';
import { isSequenceNumber, placeOf, type ShardPosition } from '../shard-graph.js';
import type { StreamRecord } from '../source.js';

/** Decimal numbers of up to 128 bits as text: the longer is the greater. Sentinels come before every number. */
function comparePlaces(a: Checkpoint, b: Checkpoint): number {
  const [aNumber, bNumber] = [isSequenceNumber(a.position), isSequenceNumber(b.position)];
  if (!aNumber || !bNumber) return Number(aNumber) - Number(bNumber);
  if (a.position.length !== b.position.length) return a.position.length - b.position.length;
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return a.subSequenceNumber - b.subSequenceNumber;
}

/** The one that is further on: of a batch that comes again, a part may be committed. */
export function later(a: Checkpoint, b: Checkpoint): Checkpoint {
  return comparePlaces(a, b) < 0 ? b : a;
}

/** Raises PW-LEASE-CHECKPOINT unless last ≤ wanted ≤ delivered. */
export function checkPlace(shardId: string, wanted: Checkpoint, last: Checkpoint, delivered: Checkpoint): void {
  const told = ({ position, subSequenceNumber }: Checkpoint) => `${position}/${subSequenceNumber}`;
  if (comparePlaces(wanted, delivered) > 0) {
    throw new PitwallError('PW-LEASE-CHECKPOINT', {
      what: `Checkpoint ${told(wanted)} of ${shardId} is behind what was delivered, up to ${told(delivered)}.`,
    });
  }
  if (comparePlaces(wanted, last) < 0) {
    throw new PitwallError('PW-LEASE-CHECKPOINT', {
      what: `Checkpoint ${told(wanted)} of ${shardId} lies before the last one, ${told(last)}.`,
    });
  }
}

/** Everything up to a record is done. */
export function checkpointBehind({ sequenceNumber, subSequenceNumber = 0 }: StreamRecord): Checkpoint {
  return { position: sequenceNumber, subSequenceNumber };
}

/** Where a shard is opened to go on behind a checkpoint. */
export function positionOf({ position, subSequenceNumber }: Checkpoint): ShardPosition {
  return isSequenceNumber(position) ? `${position}:${subSequenceNumber}` : position;
}

/** A position as leases keep it: a whole record is one whose user records are all done, however many there are. */
export function checkpointAt(position: ShardPosition): Checkpoint {
  const place = placeOf(position);
  if (!place) return { position, subSequenceNumber: 0 };
  const { sequenceNumber, subSequenceNumber } = place;
  return { position: sequenceNumber, subSequenceNumber: Math.min(subSequenceNumber, Number.MAX_SAFE_INTEGER) };
}
