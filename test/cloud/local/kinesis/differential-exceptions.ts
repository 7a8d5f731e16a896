import { NO_SHARDS } from './differential-calls.js';
import type { Answer, Call, Operation } from './differential-party.js';

export type PeerName = 'kinesalite' | 'kinesis-local';

/** A call, our answer, and the peer's. */
interface Step {
  call: Call;
  ours: Answer;
  theirs: Answer;
}

/** Where a peer is wrong. */
export interface Exception {
  peer: PeerName;
  /** What it does. */
  name: string;
  /** Why that is wrong: the operation's page of AWS's API reference and its service model, unless said otherwise. */
  why: string;
  /**
   * Our answer as this peer gives it; `lost` = it has done something else to the stream, which is not compared from here on;
   * undefined = this is not the exception.
   */
  adjust?(step: Step): Answer | 'lost' | undefined;
  /** Calls that it is not asked, as it would never answer, or not live. */
  spares?(call: Call): boolean;
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    peer: 'kinesalite',
    name: 'knows no stream modes',
    why: 'StreamModeDetails came in 2021, StreamSummaries in 2022; its last release is of 2020.',
    adjust: ({ ours }) => {
      for (const member of ['StreamDescription', 'StreamDescriptionSummary']) {
        const less = ours[member] && without(ours[member] as Answer, 'StreamModeDetails');
        if (less) return { ...ours, [member]: less };
      }
      return 'HasMoreStreams' in ours ? without(ours, 'StreamSummaries', 'NextToken') : undefined;
    },
  },
  {
    peer: 'kinesalite',
    name: 'lists all shards at once',
    why: 'Limit and ExclusiveStartShardId of DescribeStream, MaxResults and ShardFilter of ListShards; local-aws.md §2.',
    adjust: (step) =>
      isOf(step, 'DescribeStream', 'ListShards') && !step.theirs.error && Object.keys(step.call.input).length > 1
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'dies of a NextToken',
    why: 'ListShards pages; local-aws.md §2.',
    spares: ({ operation, input }) => operation === 'ListShards' && 'NextToken' in input,
  },
  {
    peer: 'kinesalite',
    name: 'never answers AT_TIMESTAMP when there is no later record',
    why: 'GetShardIterator: then the iterator is at the next record to come.',
    spares: ({ operation, input }) =>
      operation === 'GetShardIterator' &&
      input.ShardIteratorType === 'AT_TIMESTAMP' &&
      input.Timestamp instanceof Date &&
      input.Timestamp.getTime() <= Date.now(),
  },
  {
    peer: 'kinesalite',
    name: 'is never behind',
    why: 'MillisBehindLatest of GetRecords; local-aws.md §2: always 0.',
    adjust: ({ ours, theirs }) =>
      ours.MillisBehindLatest === 'some' && theirs.MillisBehindLatest === 0
        ? { ...ours, MillisBehindLatest: 0 }
        : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'tells no children',
    why: 'ChildShards of GetRecords, since 2020.',
    adjust: ({ ours }) => without(ours, 'ChildShards'),
  },
  {
    peer: 'kinesalite',
    name: 'tells the end of a shard late, as time behind',
    why: 'GetRecords: no NextShardIterator once a closed shard is read; MillisBehindLatest 0 = at the tip.',
    adjust: ({ ours, theirs, call }) =>
      call.operation === 'GetRecords' && !ours.error && !ours.NextShardIterator
        ? {
            ...ours,
            ...(theirs.NextShardIterator !== undefined && { NextShardIterator: theirs.NextShardIterator }),
            MillisBehindLatest: theirs.MillisBehindLatest,
          }
        : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'cannot scale',
    why: 'UpdateShardCount; local-aws.md §2.',
    adjust: (step) => (step.theirs.error === 'UnknownOperationException' ? changed(step) : undefined),
  },
  {
    peer: 'kinesalite',
    name: 'merges the lower shard first only',
    why: 'MergeShards asks for two adjacent shards, in no order.',
    adjust: (step) =>
      isOf(step, 'MergeShards') && /eligible for merging$/.test(step.theirs.message ?? '') ? changed(step) : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'splits and merges closed shards again',
    why: 'A shard has one end: SplitShard and MergeShards are for open ones.',
    adjust: (step) =>
      isOf(step, 'SplitShard', 'MergeShards') && step.ours.error && !step.theirs.error ? 'lost' : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'bounds retention by 1 and 168 hours',
    why: 'Up to 8,760 hours since 2020; the model has no bounds, so that less than 24 is an invalid argument.',
    adjust: (step) =>
      isOf(step, 'IncreaseStreamRetentionPeriod', 'DecreaseStreamRetentionPeriod') &&
      step.theirs.error === 'ValidationException'
        ? changed(step)
        : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'anchors one half of a pattern only',
    why: '0|([1-9]\\d{0,128}) and 0|([1-9]\\d{0,38}) are meant for the whole value.',
    adjust: (step) =>
      step.ours.error === 'ValidationException' && /pattern: 0\|/.test(step.ours.message!) ? changed(step) : undefined,
  },
  {
    peer: 'kinesalite',
    name: 'gives numbers of the near future in new children',
    why: 'SequenceNumberForOrdering takes any number that a put has answered.',
    adjust: (step) =>
      isOf(step, 'PutRecord') && /^ExclusiveMinimumSequenceNumber/.test(step.theirs.message ?? '') ? 'lost' : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'knows no ValidationException',
    why: 'What breaks the model of a member is one.',
    adjust: ({ ours, theirs }) =>
      ours.error === 'ValidationException' && theirs.error !== undefined ? theirs : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'says Unknown',
    why: 'An iterator that is none is an InvalidArgumentException; local-aws.md §2.',
    adjust: ({ theirs, ours }) => (ours.error && theirs.error === 'Unknown' ? theirs : undefined),
  },
  {
    peer: 'kinesis-local',
    name: 'tells EncryptionType of every put',
    why: 'PutRecord and PutRecords tell it when a record is encrypted.',
    adjust: ({ ours, call }) =>
      /^PutRecord/.test(call.operation) && !ours.error ? { ...ours, EncryptionType: 'NONE' } : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'lists no summaries',
    why: 'StreamSummaries of ListStreams, since 2022.',
    adjust: ({ ours }) => ('HasMoreStreams' in ours ? without(ours, 'StreamSummaries', 'NextToken') : undefined),
  },
  {
    peer: 'kinesis-local',
    name: 'divides 2^128 - 1 keys',
    why: 'A shard of two ends at 2^127 - 1, as the examples of DescribeStream show.',
    adjust: ({ ours, theirs }) => nearly(ours, theirs),
  },
  {
    peer: 'kinesis-local',
    name: 'merges the higher shard first never',
    why: 'MergeShards asks for two adjacent shards, in no order.',
    adjust: (step) =>
      isOf(step, 'MergeShards') && !step.ours.error && step.theirs.error === 'InvalidArgumentException'
        ? 'lost'
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'lists from the start again',
    why: 'ListStreams begins after ExclusiveStartStreamName, DescribeStream and ListShards after ExclusiveStartShardId.',
    adjust: (step) =>
      (isOf(step, 'ListStreams') && step.call.input.ExclusiveStartStreamName && !step.ours.error) ||
      (isOf(step, 'DescribeStream', 'ListShards') && NO_SHARDS.includes(String(step.call.input.ExclusiveStartShardId)))
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'scales without an ARN, by steps of its own, even to nothing',
    why: 'StreamARN of UpdateShardCount; TargetShardCount is at least 1. The steps are not documented: ids differ from there on.',
    adjust: (step) => (isOf(step, 'UpdateShardCount') && !step.theirs.error ? 'lost' : undefined),
  },
  {
    peer: 'kinesis-local',
    name: 'says that a scaling out of bounds is an invalid argument',
    why: 'AWS: LimitExceededException "cannot scale up over double your current open shard count".',
    adjust: (step) =>
      isOf(step, 'UpdateShardCount') && step.ours.error === 'LimitExceededException' && step.theirs.error
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'mixes up what is not found and what is invalid',
    why: 'AWS: InvalidArgumentException "used in GetShardIterator … is invalid"; the shard is looked up first.',
    adjust: (step) => {
      const names = [step.ours.error, step.theirs.error].sort().join();
      return isOf(step, 'GetShardIterator') && names === 'InvalidArgumentException,ResourceNotFoundException'
        ? step.theirs
        : undefined;
    },
  },
  {
    peer: 'kinesis-local',
    name: 'ignores a number that its iterator type does not take',
    why: 'AWS: "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) …".',
    adjust: (step) =>
      isOf(step, 'GetShardIterator') && step.call.input.StartingSequenceNumber && step.ours.error && !step.theirs.error
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'puts as many records as are given',
    why: 'PutRecords takes 1 to 500; local-aws.md §2.',
    adjust: (step) =>
      isOf(step, 'PutRecords') && step.ours.error === 'ValidationException' && !step.theirs.error ? 'lost' : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'orders after any number',
    why: 'AWS: "ExclusiveMinimumSequenceNumber … used in PutRecord on stream … is invalid".',
    adjust: (step) => (isOf(step, 'PutRecord') && step.ours.error && !step.theirs.error ? 'lost' : undefined),
  },
  {
    peer: 'kinesis-local',
    name: 'lists pages of any size',
    why: 'MaxResults, at most 10,000.',
    adjust: (step) =>
      isOf(step, 'ListShards') && step.ours.error === 'ValidationException' && !step.theirs.error
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'splits at the edges of a range',
    why: 'AWS: "is not both greater than one plus the StartingHashKey and less than the EndingHashKey".',
    adjust: (step) =>
      isOf(step, 'SplitShard') && step.ours.error === 'InvalidArgumentException' && !step.theirs.error
        ? 'lost'
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'says that a closed shard is in use',
    why: 'AWS: InvalidArgumentException "has already been merged or split".',
    adjust: (step) =>
      isOf(step, 'SplitShard', 'MergeShards') && step.ours.error && step.theirs.error === 'ResourceInUseException'
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'is not behind records of the same millisecond',
    why: 'MillisBehindLatest is 0 at the tip only; it measures from the last record read to the last there is.',
    adjust: ({ ours, theirs }) =>
      ours.MillisBehindLatest === 'some' && theirs.MillisBehindLatest === 0
        ? { ...ours, MillisBehindLatest: 0 }
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'lists later shards at the trim horizon',
    why: 'ShardFilter AT_TRIM_HORIZON: the shards that were open at that time.',
    adjust: (step) =>
      (step.call.input.ShardFilter as { Type: string } | undefined)?.Type === 'AT_TRIM_HORIZON' && !step.ours.error
        ? step.theirs
        : undefined,
  },
  {
    peer: 'kinesis-local',
    name: 'takes a time to come',
    why: 'AWS: "timestampInMillis parameter cannot be greater than the currentTimestampInMillis".',
    adjust: (step) =>
      isOf(step, 'GetShardIterator') && step.call.input.Timestamp && step.ours.error && !step.theirs.error
        ? step.theirs
        : undefined,
  },
];

const isOf = ({ call }: Step, ...operations: Operation[]): boolean => operations.includes(call.operation);

/** Its answer; the stream is lost when one of the two has done what the other has refused. */
const changed = ({ ours, theirs }: Step): Answer | 'lost' => (!ours.error === !theirs.error ? theirs : 'lost');

/** An answer without members that it has. */
function without(answer: Answer, ...members: string[]): Answer | undefined {
  const left = Object.fromEntries(Object.entries(answer).filter(([name]) => !members.includes(name)));
  return Object.keys(left).length === Object.keys(answer).length ? undefined : left;
}

const OFF_BY = 16n;

/** Our answer with the peer's hash keys, where these are off by a little. */
function nearly<Value>(ours: Value, theirs: unknown): Value {
  if (typeof ours === 'string' && typeof theirs === 'string' && /^\d{20,39}$/.test(ours) && /^\d+$/.test(theirs)) {
    const distance = BigInt(ours) - BigInt(theirs);
    return (-OFF_BY <= distance && distance <= OFF_BY ? theirs : ours) as Value;
  }
  if (typeof ours !== 'object' || ours === null || typeof theirs !== 'object' || theirs === null) return ours;
  if (Array.isArray(ours)) return ours.map((each, i) => nearly(each, (theirs as unknown[])[i])) as Value;
  const entries = Object.entries(ours).map(([name, each]) => [name, nearly(each, (theirs as Answer)[name])]);
  return Object.fromEntries(entries) as Value;
}
