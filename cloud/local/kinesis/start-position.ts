import { AwsError } from '../aws-error.js';
import { oneOf, optionalTimestamp, text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { KinesisContext } from './context.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';

const SEQUENCE_NUMBER = { max: 129, pattern: /^(0|[1-9]\d{0,128})$/ };
const POSITIONS = ['TRIM_HORIZON', 'LATEST', 'AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER', 'AT_TIMESTAMP'] as const;

/** What the two operations that begin to read call the same thing. */
interface PositionMembers {
  type: string;
  sequenceNumber: string;
}

export const ITERATOR_MEMBERS: PositionMembers = {
  type: 'ShardIteratorType',
  sequenceNumber: 'StartingSequenceNumber',
};
export const STARTING_POSITION_MEMBERS: PositionMembers = { type: 'Type', sequenceNumber: 'SequenceNumber' };

/** Number of the first record that a reader is to get. LATEST is fixed here: what comes later is not missed. */
export function startOf(
  context: KinesisContext,
  stream: Stream,
  shard: Shard,
  input: JsonObject,
  { type, sequenceNumber }: PositionMembers,
): number {
  shard.expire(stream.trimHorizonMs(context.raceClock.nowMs()));
  switch (oneOf(input, type, POSITIONS)) {
    case 'TRIM_HORIZON':
      return shard.horizon;
    case 'LATEST':
      return shard.nextNumber;
    case 'AT_SEQUENCE_NUMBER':
      return numberIn(stream, shard, text(input, sequenceNumber, SEQUENCE_NUMBER), 0);
    case 'AFTER_SEQUENCE_NUMBER':
      return numberIn(stream, shard, text(input, sequenceNumber, SEQUENCE_NUMBER), 1);
    case 'AT_TIMESTAMP': {
      const atMs = optionalTimestamp(input, 'Timestamp');
      if (atMs === undefined) {
        throw new AwsError(
          'InvalidArgumentException',
          'Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP.',
        );
      }
      if (atMs > context.raceClock.nowMs()) {
        throw new AwsError(
          'InvalidArgumentException',
          `The timestampInMillis parameter cannot be greater than the current time: ${atMs}.`,
        );
      }
      return shard.seek(atMs);
    }
  }
}

function numberIn(stream: Stream, shard: Shard, sequence: string, offset: 0 | 1): number {
  const position = shard.sequence.parse(sequence);
  const end = shard.record.endNumber ?? Number.POSITIVE_INFINITY;
  if (position === undefined || position.number >= end || position.number > shard.nextNumber) {
    throw new AwsError(
      'InvalidArgumentException',
      `Sequence number ${sequence} to start from is none of shard ${shard.id} in stream ${stream.name}.`,
    );
  }
  return position.number + (position.behind ? 1 : offset);
}
