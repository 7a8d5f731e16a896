import type { KinesisClient } from '@aws-sdk/client-kinesis';
import {
  contains,
  type HashRange,
  hashKeyOf,
  parseHashKey,
  splitAt,
  splitEvenly,
  toDecimal,
  toHashKey,
} from '#cloud/streams/hash-range.js';
import { deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import { awsError } from '../fake-dynamodb.js';

interface PutRecord {
  PartitionKey: string;
  ExplicitHashKey?: string;
  Data: Uint8Array;
}

interface TwinShard {
  shardId: string;
  range: HashRange;
}

/** One stream as its writers see it: routed by hash, faults by hook, on whatever timers the test runs. */
export class StreamTwin {
  shards: TwinShard[];
  /** In the order in which they were taken. */
  readonly log: { shardId: string; record: PutRecord }[] = [];
  calls = 0;
  listings = 0;
  inFlightMax = 0;
  /** Throws in the place of the call. */
  before: () => void | Promise<void> = () => {};
  refuse: (record: PutRecord, shard: TwinShard) => boolean = () => false;
  /** Throws in the place of the answer; how often the call is carried out. */
  after: () => void | Promise<void> = () => {};
  copies: () => number = () => 1;
  #inFlight = 0;
  #nextShard: number;

  constructor(count = 1) {
    this.#nextShard = count;
    this.shards = splitEvenly(count).map((range, i) => ({ shardId: `shard-${i}`, range }));
  }

  get client(): KinesisClient {
    return { send: (command: object) => this.#send(command) } as unknown as KinesisClient;
  }

  shardOf(partitionKey: string): string {
    return this.#route(hashKeyOf(partitionKey)).shardId;
  }

  /** In half; both children are new. */
  split(shardId: string): void {
    const { range } = this.shards.find((shard) => shard.shardId === shardId)!;
    const middle = (BigInt(`0x${range.starting}`) + BigInt(`0x${range.ending}`)) / 2n + 1n;
    const children = splitAt(range, toHashKey(middle))!.map((half) => ({
      shardId: `shard-${this.#nextShard++}`,
      range: half,
    }));
    this.shards = [...this.shards.filter((shard) => shard.shardId !== shardId), ...children];
  }

  /** User records of each key as text (Latin-1), as they stand in the stream. */
  texts(): Map<string, string[]> {
    const texts = new Map<string, string[]>();
    for (const { record } of this.log) {
      const { users } = deaggregate({ partitionKey: record.PartitionKey, data: record.Data });
      for (const { partitionKey, data } of users) {
        const known = texts.get(partitionKey) ?? [];
        known.push(Buffer.from(data).toString('latin1'));
        texts.set(partitionKey, known);
      }
    }
    return texts;
  }

  async #send(command: object): Promise<unknown> {
    if (command.constructor.name === 'ListShardsCommand') {
      this.listings++;
      await this.before();
      return { Shards: this.shards.map(({ shardId, range }) => describe(shardId, range)) };
    }
    const { Records } = (command as { input: { Records: PutRecord[] } }).input;
    this.calls++;
    this.inFlightMax = Math.max(this.inFlightMax, ++this.#inFlight);
    try {
      if (Records.length > 500) throw awsError('InvalidArgumentException', 400);
      await this.before();
      let answer: object = {};
      for (let copies = this.copies(); copies > 0; copies--)
        answer = { Records: Records.map((one) => this.#take(one)) };
      await this.after();
      return answer;
    } finally {
      this.#inFlight--;
    }
  }

  #take(record: PutRecord): object {
    const explicit = record.ExplicitHashKey;
    const shard = this.#route(explicit === undefined ? hashKeyOf(record.PartitionKey) : parseHashKey(explicit)!);
    if (this.refuse(record, shard)) return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: '' };
    this.log.push({ shardId: shard.shardId, record });
    return { ShardId: shard.shardId, SequenceNumber: String(this.log.length) };
  }

  #route(hashKey: string): TwinShard {
    return this.shards.find(({ range }) => contains(range, hashKey))!;
  }
}

function describe(ShardId: string, { starting, ending }: HashRange): object {
  return { ShardId, HashKeyRange: { StartingHashKey: toDecimal(starting), EndingHashKey: toDecimal(ending) } };
}
