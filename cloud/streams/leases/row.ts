import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { numberOf } from '../item.js';
import { atTimestamp, type ShardPosition, timestampOf } from '../shard-graph.js';
import type { Checkpoint, LeaseRow } from './lease.js';

/**
 * KCL's attributes (DynamoDBLeaseSerializer): its tools read our tables and we read its. `fence` is ours; a row that KCL
 * wrote has none, which is fence 0.
 */
export const KEY = 'leaseKey';

/** KCL keeps the time of AT_TIMESTAMP as the sub-sequence number. */
const AT_TIMESTAMP = 'AT_TIMESTAMP';

function toCheckpoint(checkpoint: string, subSequenceNumber: number): Checkpoint {
  if (checkpoint === AT_TIMESTAMP) return { position: atTimestamp(subSequenceNumber), subSequenceNumber: 0 };
  return { position: checkpoint, subSequenceNumber };
}

/** The two attributes of a checkpoint, in KCL's order. */
export function fromCheckpoint({ position, subSequenceNumber }: Checkpoint): [checkpoint: ShardPosition, sub: number] {
  const ms = timestampOf(position);
  return ms === undefined ? [position, subSequenceNumber] : [AT_TIMESTAMP, ms];
}

export function toLeaseRow(item: Record<string, AttributeValue>): LeaseRow {
  return {
    leaseKey: item[KEY]?.S ?? '',
    leaseOwner: item.leaseOwner?.S,
    checkpointOwner: item.checkpointOwner?.S,
    leaseCounter: numberOf(item, 'leaseCounter'),
    ownerSwitchesSinceCheckpoint: numberOf(item, 'ownerSwitchesSinceCheckpoint'),
    checkpoint: toCheckpoint(item.checkpoint?.S ?? '', numberOf(item, 'checkpointSubSequenceNumber')),
    parentShardIds: item.parentShardId?.SS ?? [],
    childShardIds: item.childShardIds?.SS ?? [],
    startingHashKey: item.startingHashKey?.S,
    endingHashKey: item.endingHashKey?.S,
    throughputKBps: numberOf(item, 'throughputKBps'),
    fence: numberOf(item, 'fence'),
  };
}
