import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { pause } from '#cloud/streams/back-off.js';
import { awsError } from './fake-dynamodb.js';

export interface FakeRecord {
  sequence: number;
  key: string;
  data: Uint8Array;
  arrivalMs: number;
}

interface FakeShard {
  parents: string[];
  records: FakeRecord[];
  /** Index of the first record that is not trimmed. */
  horizon: number;
  closed: boolean;
  /** Children are visible in listings only after `reveal`. */
  hidden: boolean;
}

type Input = Record<string, unknown> & {
  ShardIterator?: string;
  ShardId?: string;
  ShardIteratorType?: string;
  StartingSequenceNumber?: string;
  StartingPosition?: { Type: string; SequenceNumber?: string };
  StreamName?: string;
  StreamARN?: string;
  NextToken?: string;
  Limit?: number;
  PartitionKey?: string;
  Data?: Uint8Array;
  Records?: { PartitionKey: string; Data: Uint8Array }[];
};

/** A stream at the level of `send(command)`: enough of Kinesis for one consumer and one producer, with faults by hook. */
export class FakeKinesis {
  readonly shards = new Map<string, FakeShard>();
  readonly calls: string[] = [];
  pageSize = 2;
  arrivalMs = 1_000;
  /** Throws in place of an answer, or returns false to let the call through. */
  fault: (name: string, input: Input) => void | Promise<void> = () => {};
  #sequence = 0;

  constructor(shards: readonly string[] = ['s0']) {
    for (const shardId of shards) this.addShard(shardId);
  }

  get client(): KinesisClient {
    return { send: (command: object, options?: object) => this.send(command, options) } as unknown as KinesisClient;
  }

  addShard(shardId: string, parents: string[] = [], hidden = false): void {
    this.shards.set(shardId, { parents, records: [], horizon: 0, closed: false, hidden });
  }

  put(shardId: string, key: string, data: Uint8Array | object): string {
    const sequence = ++this.#sequence;
    const bytes = data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data));
    this.shards.get(shardId)!.records.push({ sequence, key, data: bytes, arrivalMs: this.arrivalMs });
    return String(sequence);
  }

  /** What the shard holds up to a record is gone. */
  trim(shardId: string, upTo: number): void {
    const shard = this.shards.get(shardId)!;
    shard.horizon = Math.max(shard.horizon, shard.records.filter(({ sequence }) => sequence <= upTo).length);
  }

  close(shardId: string): void {
    this.shards.get(shardId)!.closed = true;
  }

  async send(command: object, options: { abortSignal?: AbortSignal } = {}): Promise<unknown> {
    const name = command.constructor.name.replace('Command', '');
    const input = (command as { input: Input }).input;
    this.calls.push(name);
    await this.fault(name, input);
    if (options.abortSignal?.aborted) throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    switch (name) {
      case 'ListShards':
        return this.#list(input);
      case 'GetShardIterator':
        return { ShardIterator: `${input.ShardId}:${this.#start(input)}` };
      case 'GetRecords':
        return this.#read(input);
      case 'PutRecords':
        return { Records: input.Records!.map((record) => this.#accept(record.PartitionKey, record.Data)) };
      case 'PutRecord':
        return this.#accept(input.PartitionKey!, input.Data!);
      case 'DescribeStreamSummary':
        return { StreamDescriptionSummary: { StreamARN: input.StreamName } };
      case 'DescribeStreamConsumer':
        return { ConsumerDescription: { ConsumerARN: input.StreamARN, ConsumerStatus: 'ACTIVE' } };
      case 'SubscribeToShard':
        return { EventStream: this.#push(input, options.abortSignal) };
      default:
        throw awsError('UnknownOperationException', 400);
    }
  }

  #accept(key: string, data: Uint8Array): object {
    const [shardId] = this.shards.keys();
    return { ShardId: shardId, SequenceNumber: this.put(shardId, key, data) };
  }

  #list({ NextToken }: Input): object {
    const all = [...this.shards].filter(([, shard]) => !shard.hidden);
    const from = NextToken ? Number(NextToken) : 0;
    const page = all.slice(from, from + this.pageSize);
    return {
      Shards: page.map(([ShardId, { parents }]) => ({
        ShardId,
        ParentShardId: parents[0],
        AdjacentParentShardId: parents[1],
        HashKeyRange: { StartingHashKey: '0', EndingHashKey: '1' },
        SequenceNumberRange: { StartingSequenceNumber: '0' },
      })),
      NextToken: from + this.pageSize < all.length ? String(from + this.pageSize) : undefined,
    };
  }

  #start({ ShardId, ShardIteratorType, StartingSequenceNumber }: Input): number {
    const shard = this.shards.get(ShardId!);
    if (!shard) throw awsError('ResourceNotFoundException', 400);
    if (ShardIteratorType === 'LATEST') return shard.records.length;
    if (!StartingSequenceNumber) return shard.horizon;
    const done = Number(StartingSequenceNumber) - (ShardIteratorType === 'AT_SEQUENCE_NUMBER' ? 1 : 0);
    return Math.max(shard.horizon, shard.records.filter(({ sequence }) => sequence <= done).length);
  }

  /** A fault of `Push` is one inside the subscription. */
  async *#push({ ShardId, StartingPosition }: Input, signal?: AbortSignal) {
    const { Type, SequenceNumber } = StartingPosition!;
    const start = { ShardId, ShardIteratorType: Type, StartingSequenceNumber: SequenceNumber };
    for (let iterator = `${ShardId}:${this.#start(start)}`; !signal?.aborted; ) {
      await this.fault('Push', { ShardId });
      const { Records, NextShardIterator, ...rest } = this.#read({ ShardIterator: iterator, Limit: 1_000 });
      const last = Records.at(-1)?.SequenceNumber;
      if (last !== undefined) {
        yield { SubscribeToShardEvent: { Records, ContinuationSequenceNumber: last, MillisBehindLatest: 0 } };
      }
      if (NextShardIterator === undefined) {
        yield { SubscribeToShardEvent: { Records: [], ...rest } };
        return;
      }
      iterator = NextShardIterator;
      if (last === undefined) await pause(5, signal);
    }
  }

  #read({ ShardIterator, Limit }: Input) {
    const [shardId, at] = ShardIterator!.split(':');
    const shard = this.shards.get(shardId);
    if (!shard) throw awsError('ResourceNotFoundException', 400);
    const from = Math.max(Number(at), shard.horizon);
    const records = shard.records.slice(from, from + Limit!);
    const next = from + records.length;
    const ended = shard.closed && next === shard.records.length;
    const children = [...this.shards].filter(([, { parents }]) => parents.includes(shardId));
    return {
      Records: records.map(({ sequence, key, data, arrivalMs }) => ({
        SequenceNumber: String(sequence),
        PartitionKey: key,
        Data: data,
        ApproximateArrivalTimestamp: new Date(arrivalMs),
      })),
      MillisBehindLatest: next < shard.records.length ? 1 : 0,
      NextShardIterator: ended ? undefined : `${shardId}:${next}`,
      ChildShards: ended ? children.map(([ShardId, { parents }]) => ({ ShardId, ParentShards: parents })) : undefined,
    };
  }
}
