import { AwsError } from '../aws-error.js';
import { oneOf, optionalText, optionalTimestamp } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { KinesisContext } from './context.js';
import { SEQUENCE_NUMBER } from './members.js';
import { isSequenceNumber, shardIndexOf } from './sequence.js';
import { type Shard, shardIdOf } from './shard.js';
import type { Stream } from './stream.js';

/** In the order in which AWS's messages list them. */
const POSITIONS = ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'] as const;

type PositionType = (typeof POSITIONS)[number];

/** What the two operations that begin to read call the same thing. */
interface PositionMembers {
  operation: string;
  type: string;
  sequenceNumber: string;
}

export const ITERATOR_MEMBERS: PositionMembers = {
  operation: 'GetShardIterator',
  type: 'ShardIteratorType',
  sequenceNumber: 'StartingSequenceNumber',
};
export const STARTING_POSITION_MEMBERS: PositionMembers = {
  operation: 'SubscribeToShard',
  type: 'Type',
  sequenceNumber: 'SequenceNumber',
};

/** Where to begin, as it was asked for: well formed, not yet looked up. */
export interface StartPosition {
  operation: string;
  type: PositionType;
  sequenceNumber: string | undefined;
  atMs: number | undefined;
}

export function readPosition(input: JsonObject, members: PositionMembers): StartPosition {
  return {
    operation: members.operation,
    type: oneOf(input, members.type, POSITIONS),
    sequenceNumber: optionalText(input, members.sequenceNumber, SEQUENCE_NUMBER),
    atMs: optionalTimestamp(input, 'Timestamp'),
  };
}

/** Number of the first record that a reader is to get. LATEST is fixed here: what comes later is not missed. */
export function startOf(context: KinesisContext, stream: Stream, shard: Shard, position: StartPosition): number {
  const { type, sequenceNumber, atMs } = position;
  const nowMs = context.raceClock.nowMs();
  shard.expire(stream.trimHorizonMs(nowMs));
  if ((sequenceNumber !== undefined) !== type.endsWith('SEQUENCE_NUMBER')) {
    const given = sequenceNumber === undefined ? 'no' : 'also a';
    throw refused(
      `Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and ${given} StartingSequenceNumber.`,
    );
  }
  switch (type) {
    case 'TRIM_HORIZON':
      return shard.horizon;
    case 'LATEST':
      return shard.nextNumber;
    case 'AT_SEQUENCE_NUMBER':
      return numberIn(context, stream, shard, position, 0);
    case 'AFTER_SEQUENCE_NUMBER':
      return numberIn(context, stream, shard, position, 1);
    case 'AT_TIMESTAMP':
      if (atMs === undefined) {
        throw refused(
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.',
        );
      }
      if (atMs > nowMs) {
        throw refused(
          `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${atMs}, currentTimestampInMillis: ${Math.floor(nowMs)}`,
        );
      }
      return shard.seek(atMs);
  }
}

function numberIn(
  { accountId }: KinesisContext,
  stream: Stream,
  shard: Shard,
  { operation, sequenceNumber: sequence = '' }: StartPosition,
  offset: 0 | 1,
): number {
  const used = `StartingSequenceNumber ${sequence} used in ${operation} on shard ${shard.id} in stream ${stream.name} under account ${accountId} is invalid`;
  if (!isSequenceNumber(sequence)) throw refused(`${used}.`);
  if (shardIndexOf(sequence) !== shard.record.index) {
    throw refused(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(shardIndexOf(sequence))}, while it was used in a call to a shard with ${shard.id}`,
    );
  }
  const position = shard.sequence.parse(sequence);
  const end = shard.record.endNumber ?? Number.POSITIVE_INFINITY;
  if (position === undefined || position.number >= end || position.number > shard.nextNumber) {
    throw refused(`${used} because it did not come from this stream.`);
  }
  return position.number + (position.behind ? 1 : offset);
}

const refused = (message: string) => new AwsError('InvalidArgumentException', message);
