import { PitwallError } from '#wire/errors.js';
import type { Checkpoint } from '../leases/lease.js';
import { isSequenceNumber } from '../shard-graph.js';

/** Decimal numbers of up to 128 bits as text: the longer is the greater. Sentinels come before every number. */
export function comparePlaces(a: Checkpoint, b: Checkpoint): number {
  const [aNumber, bNumber] = [isSequenceNumber(a.position), isSequenceNumber(b.position)];
  if (!aNumber || !bNumber) return Number(aNumber) - Number(bNumber);
  if (a.position.length !== b.position.length) return a.position.length - b.position.length;
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return a.subSequenceNumber - b.subSequenceNumber;
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
