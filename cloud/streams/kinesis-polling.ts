import {
  type _Record,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type KinesisClient,
} from '@aws-sdk/client-kinesis';
import { PitwallError } from '#wire/errors.js';
import { fromChildShard, listShards } from './list-shards.js';
import { LATEST, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from './source.js';

export interface KinesisPollingOptions {
  client: KinesisClient;
  streamName: string;
  /** Records per poll, at most 10,000. Default 2,000. */
  maxRecords?: number;
}

/** Kinesis by GetRecords: five reads and 2 MB a second of each shard for all readers together. */
export function kinesisPolling({ client, streamName, maxRecords = 2_000 }: KinesisPollingOptions): ShardSource {
  return {
    name: streamName,
    polls: true,
    list: (signal) => listShards(client, streamName, signal),
    open: (shardId, position) => new PollingCursor({ client, streamName, maxRecords }, shardId, position),
  };
}

class PollingCursor implements ShardCursor {
  readonly #options: Required<KinesisPollingOptions>;
  readonly #shardId: string;
  readonly #position: ShardPosition;
  #iterator: string | undefined;

  constructor(options: Required<KinesisPollingOptions>, shardId: string, position: ShardPosition) {
    this.#options = options;
    this.#shardId = shardId;
    this.#position = position;
  }

  async next(abortSignal: AbortSignal): Promise<ShardRead> {
    const { client, maxRecords } = this.#options;
    this.#iterator ??= await this.#takeIterator(abortSignal);
    const input = { ShardIterator: this.#iterator, Limit: maxRecords };
    const answer = await client.send(new GetRecordsCommand(input), { abortSignal });
    this.#iterator = answer.NextShardIterator;
    const records = (answer.Records ?? []).map(fromRecord);
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
  if (position === TRIM_HORIZON || position === LATEST) return { ShardIteratorType: position };
  const ms = timestampOf(position);
  if (ms !== undefined) return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(ms) };
  return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position };
}

function fromRecord(record: _Record): StreamRecord {
  return {
    sequenceNumber: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    data: record.Data ?? new Uint8Array(0),
    arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  };
}
