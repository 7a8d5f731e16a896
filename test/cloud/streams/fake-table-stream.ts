import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { awsError } from './fake-dynamodb.js';

interface FakeShard {
  parent?: string;
  records: { sequence: number; key: string; atMs: number }[];
  closed: boolean;
  /** Not listed, by no means. */
  hidden: boolean;
}

type Input = Record<string, unknown> & {
  ShardId?: string;
  ShardIterator?: string;
  ShardIteratorType?: string;
  SequenceNumber?: string;
  ExclusiveStartShardId?: string;
  ShardFilter?: { ShardId: string };
  Limit?: number;
};

/** A table's stream at the level of `send(command)`, with faults by hook. */
export class FakeTableStream {
  readonly shards = new Map<string, FakeShard>();
  readonly calls: { name: string; input: Input }[] = [];
  pageSize = 2;
  atMs = 1_000;
  status = 'ENABLED';
  /** Sequence numbers below it are trimmed. */
  horizon = 0;
  /** Throws in place of an answer. */
  fault: (name: string, input: Input) => void = () => {};
  #sequence = 0;

  constructor(shards: readonly string[] = ['s0']) {
    for (const shardId of shards) this.addShard(shardId);
  }

  get client(): DynamoDBStreamsClient {
    return { send: (command: object) => this.send(command) } as unknown as DynamoDBStreamsClient;
  }

  addShard(shardId: string, parent?: string, hidden = false): void {
    this.shards.set(shardId, { parent, records: [], closed: false, hidden });
  }

  put(shardId: string, key = 'car-1'): string {
    const sequence = ++this.#sequence;
    this.shards.get(shardId)!.records.push({ sequence, key, atMs: this.atMs });
    return String(sequence);
  }

  close(shardId: string): void {
    this.shards.get(shardId)!.closed = true;
  }

  iterators(): unknown[] {
    return this.calls
      .filter(({ name }) => name === 'GetShardIterator')
      .map(({ input }) => [input.ShardIteratorType, input.SequenceNumber]);
  }

  async send(command: object): Promise<unknown> {
    const name = command.constructor.name.replace('Command', '');
    const { input } = command as { input: Input };
    this.calls.push({ name, input });
    this.fault(name, input);
    if (name === 'DescribeStream') return { StreamDescription: this.#describe(input) };
    if (name === 'GetShardIterator') return { ShardIterator: `${input.ShardId}:${this.#start(input)}` };
    if (name === 'GetRecords') return this.#read(input);
    throw awsError('UnknownOperationException', 400);
  }

  #describe({ ExclusiveStartShardId: after = '', ShardFilter: filter }: Input): object {
    const listed = [...this.shards].filter(
      ([shardId, { hidden, parent }]) => !hidden && shardId > after && (!filter || parent === filter.ShardId),
    );
    const page = listed.slice(0, this.pageSize);
    return {
      StreamStatus: this.status,
      Shards: page.map(([ShardId, { parent }]) => ({ ShardId, ParentShardId: parent })),
      LastEvaluatedShardId: page.length < listed.length ? page.at(-1)![0] : undefined,
    };
  }

  #start({ ShardId, ShardIteratorType: type, SequenceNumber }: Input): number {
    const shard = this.#shard(ShardId!);
    if (type === 'LATEST') return this.#sequence + 1;
    if (type === 'TRIM_HORIZON') return this.horizon || (shard.records[0]?.sequence ?? 0);
    const next = Number(SequenceNumber) + (type === 'AFTER_SEQUENCE_NUMBER' ? 1 : 0);
    if (next < this.horizon) throw awsError('TrimmedDataAccessException', 400);
    return next;
  }

  #read({ ShardIterator, Limit }: Input): object {
    const [shardId, from] = ShardIterator!.split(':');
    const shard = this.#shard(shardId);
    if (Number(from) < this.horizon) throw awsError('TrimmedDataAccessException', 400);
    const left = shard.records.filter(({ sequence }) => sequence >= Number(from));
    const records = left.slice(0, Limit);
    const next = records.length > 0 ? records.at(-1)!.sequence + 1 : Number(from);
    return {
      Records: records.map(({ sequence, key, atMs }) => ({
        eventID: `event-${sequence}`,
        eventName: 'INSERT',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: new Date(Math.floor(atMs / 1_000) * 1_000),
          Keys: { pk: { S: key } },
          NewImage: { pk: { S: key }, raw: { B: Buffer.from([1, 2, 255]) } },
          SequenceNumber: String(sequence),
          SizeBytes: 20,
          StreamViewType: 'NEW_IMAGE',
        },
      })),
      NextShardIterator: shard.closed && left.length === records.length ? undefined : `${shardId}:${next}`,
    };
  }

  #shard(shardId: string): FakeShard {
    const shard = this.shards.get(shardId);
    if (!shard) throw awsError('ResourceNotFoundException', 400);
    return shard;
  }
}
