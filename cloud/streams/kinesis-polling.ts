import {
  type _Record,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type KinesisClient,
  type StartingPosition,
} from '@aws-sdk/client-kinesis';
import { PitwallError } from '#wire/errors.js';
import { fromChildShard, listShards } from './list-shards.js';
import { checkPosition } from './positions.js';
import type { ReadBudget, ReadBudgets } from './read-budget.js';
import { LATEST, placeOf, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';
import { bytesOf } from './shard-reads.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from './source.js';

export interface KinesisPollingOptions {
  client: KinesisClient;
  streamName: string;
  /** Records per poll, at most 10,000. Default 2,000. */
  maxRecords?: number;
  /**
   * What the shards grant, shared with whoever else reads them in this process (`kinesisBudgets`). Without it every read is
   * tried at once and the service throttles.
   */
  budgets?: ReadBudgets;
}

/** An answer's data is no longer than that (GetRecords). */
const READ_BYTES_MAX = 10 * 1_048_576;

/** Kinesis by GetRecords: five reads and 2 MB a second of each shard for all readers together. */
export function kinesisPolling(options: KinesisPollingOptions): ShardSource {
  const { client, streamName } = options;
  return {
    name: streamName,
    polls: true,
    readBytesMax: READ_BYTES_MAX,
    list: (signal) => listShards(client, streamName, signal),
    open: (shardId, position) => new PollingCursor(options, shardId, position),
  };
}

class PollingCursor implements ShardCursor {
  readonly #options: KinesisPollingOptions;
  readonly #budget: ReadBudget | undefined;
  readonly #shardId: string;
  readonly #position: ShardPosition;
  #iterator: string | undefined;

  constructor(options: KinesisPollingOptions, shardId: string, position: ShardPosition) {
    this.#options = options;
    this.#budget = options.budgets?.of(options.streamName, shardId);
    this.#shardId = shardId;
    this.#position = position;
  }

  async next(abortSignal: AbortSignal): Promise<ShardRead> {
    const { client, maxRecords = 2_000 } = this.#options;
    this.#iterator ??= await this.#takeIterator(abortSignal);
    await this.#budget?.take(abortSignal);
    const input = { ShardIterator: this.#iterator, Limit: maxRecords };
    const answer = await client.send(new GetRecordsCommand(input), { abortSignal });
    this.#iterator = answer.NextShardIterator;
    const records = (answer.Records ?? []).map(fromRecord);
    if (this.#budget) this.#budget.charge(bytesOf(records));
    return {
      records,
      // A full answer has more behind it, whatever the service says of its age.
      millisBehindLatest: Math.max(answer.MillisBehindLatest ?? 0, records.length >= maxRecords ? 1 : 0),
      ended: !answer.NextShardIterator,
      children: (answer.ChildShards ?? []).map(fromChildShard),
    };
  }

  close(): void {
    this.#iterator = undefined;
  }

  async #takeIterator(abortSignal: AbortSignal): Promise<string> {
    const { client, streamName } = this.#options;
    const input: GetShardIteratorInput = {
      StreamName: streamName,
      ShardId: this.#shardId,
      ...iteratorType(this.#position),
    };
    const answer = await client.send(new GetShardIteratorCommand(input), { abortSignal });
    if (!answer.ShardIterator) {
      throw new PitwallError('PW-STREAM-READ', {
        what: `No iterator was given for ${this.#shardId} of ${streamName}.`,
      });
    }
    return answer.ShardIterator;
  }
}

function iteratorType(
  position: ShardPosition,
): Pick<GetShardIteratorInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'> {
  const { Type, SequenceNumber, Timestamp } = startingPosition(position);
  return { ShardIteratorType: Type, StartingSequenceNumber: SequenceNumber, Timestamp };
}

/** A position as SubscribeToShard has it. Raises as `checkPosition` does. */
export function startingPosition(position: ShardPosition): StartingPosition {
  const place = placeOf(checkPosition(position));
  if (place) {
    const Type = place.subSequenceNumber < 0 ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER';
    return { Type, SequenceNumber: place.sequenceNumber };
  }
  const ms = timestampOf(position);
  if (ms !== undefined) return { Type: 'AT_TIMESTAMP', Timestamp: new Date(ms) };
  return { Type: position === LATEST ? LATEST : TRIM_HORIZON };
}

export function fromRecord(record: _Record): StreamRecord {
  return {
    sequenceNumber: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    data: record.Data ?? new Uint8Array(0),
    arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  };
}
