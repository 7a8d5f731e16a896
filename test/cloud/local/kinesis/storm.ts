import {
  type _Record,
  type ChildShard,
  DeregisterStreamConsumerCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  type Shard,
  SplitShardCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis';
import { KINESIS_LIMITS, type KinesisLimits } from '#cloud/local/kinesis/limits.js';
import { pause } from '#cloud/streams/back-off.js';
import type { Random } from '#wire/random.js';
import { credentials, region } from '../local-aws.js';
import { arnOf } from './harness.js';

/** A storm asks for more than AWS allows: it is about order, not about rates. */
export const STORM_LIMITS: KinesisLimits = {
  ...KINESIS_LIMITS,
  writeBytesPerSecond: 1e9,
  writeRecordsPerSecond: 1e6,
  readBytesPerSecond: 1e9,
  readCallsPerSecond: 1e6,
  iteratorsPerSecond: 1e6,
  subscriptionBytesPerSecond: 1e9,
  callRates: {},
};

const WRITERS = 4;
const KEYS_OF_A_WRITER = 10;
const OPEN_SHARDS_MAX = 8;
const POLL_MS = 20;
const LATE_MS = 50;
const HASH_KEYS = 1n << 128n;

/** Numbers by partition key, as written and acknowledged, or as read: 0, 1, 2, … when nothing is lost or out of order. */
export type Numbers = Map<string, number[]>;

/**
 * Writes numbered records under many keys, one call at a time for each key, until told to stop or a call fails; `written`
 * has what was acknowledged by then.
 */
export async function write(
  client: KinesisClient,
  StreamName: string,
  isOver: () => boolean,
  written: Numbers = new Map(),
  pauseMs = 0,
): Promise<Numbers> {
  const writer = async (id: number) => {
    const keys = Array.from({ length: KEYS_OF_A_WRITER }, (_, i) => `key-${id}-${i}`);
    for (const key of keys) written.set(key, []);
    for (let number = 0; !isOver(); number++) {
      const Data = Buffer.from(String(number));
      const Records = keys.map((PartitionKey) => ({ PartitionKey, Data }));
      const answer = await client.send(new PutRecordsCommand({ StreamName, Records }));
      if (answer.FailedRecordCount !== 0) throw new Error('A record was refused.');
      for (const key of keys) written.get(key)!.push(number);
      if (pauseMs > 0) await pause(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, id) => writer(id)));
  return written;
}

/** Splits and merges at random, one after the other. */
export async function reshard(
  client: KinesisClient,
  StreamName: string,
  operations: number,
  random: Random,
): Promise<void> {
  for (let operation = 0; operation < operations; operation++) {
    let open = await openShards(client, StreamName);
    for (; !isWhole(open); open = await openShards(client, StreamName)) await pause(LATE_MS);
    const i = Math.floor(random() * open.length);
    const { id, start, end } = open[i];
    const canSplit = open.length < OPEN_SHARDS_MAX && end - start > 2n;
    if (open.length === 1 || (canSplit && random() < 0.5)) {
      const at = start + 1n + (BigInt(Math.floor(random() * 1e9)) * (end - start)) / 1_000_000_000n;
      const NewStartingHashKey = (at > end ? end : at).toString();
      await client.send(new SplitShardCommand({ StreamName, ShardToSplit: id, NewStartingHashKey }));
    } else {
      const neighbour = open[i === 0 ? 1 : i - 1];
      const input = { StreamName, ShardToMerge: id, AdjacentShardToMerge: neighbour.id };
      await client.send(new MergeShardsCommand(input));
    }
  }
}

function rangeOf({ ShardId, HashKeyRange: range }: Shard) {
  return { id: ShardId!, start: BigInt(range!.StartingHashKey!), end: BigInt(range!.EndingHashKey!) };
}

/** By their hash keys; a listing may lack the youngest. */
async function openShards(client: KinesisClient, StreamName: string) {
  const { Shards } = await client.send(
    new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' }, MaxResults: 1_000 }),
  );
  return Shards!.map(rangeOf).sort((a, b) => (a.start < b.start ? -1 : 1));
}

function isWhole(open: readonly { start: bigint; end: bigint }[]): boolean {
  const isJoined = open.every(({ end }, i) => end + 1n === (open[i + 1]?.start ?? HASH_KEYS));
  return open[0]?.start === 0n && isJoined;
}

/** Whether the open shards hold every hash key once. */
export async function coversAll(client: KinesisClient, StreamName: string): Promise<boolean> {
  return isWhole(await openShards(client, StreamName));
}

/** Reads one shard to its end and answers its children; undefined when it was told to stop at the tip of an open one. */
type ReadShard = (shardId: string, take: (records: readonly _Record[]) => void) => Promise<ChildShard[] | undefined>;

/** Follows the lineage: a shard is read when all its parents have ended. Throws when a key's numbers do not rise. */
export async function follow(client: KinesisClient, StreamName: string, readShard: ReadShard): Promise<Numbers> {
  const read: Numbers = new Map();
  const last = new Map<string, bigint>();
  const ended = new Set<string>();
  const waiting = new Map<string, string[]>();
  const take = (records: readonly _Record[]) => {
    for (const { PartitionKey, SequenceNumber, Data } of records) {
      const sequence = BigInt(SequenceNumber!);
      if (sequence <= (last.get(PartitionKey!) ?? 0n)) throw new Error(`${PartitionKey} went back to ${sequence}`);
      last.set(PartitionKey!, sequence);
      const numbers = read.get(PartitionKey!) ?? [];
      numbers.push(Number(Buffer.from(Data!).toString()));
      read.set(PartitionKey!, numbers);
    }
  };
  const run = async (shardId: string): Promise<void> => {
    const children = await readShard(shardId, take);
    if (children === undefined) return;
    ended.add(shardId);
    for (const { ShardId, ParentShards } of children) waiting.set(ShardId!, ParentShards!);
    const ready = [...waiting].filter(([, parents]) => parents.every((parent) => ended.has(parent)));
    for (const [id] of ready) waiting.delete(id);
    await Promise.all(ready.map(([id]) => run(id)));
  };
  const { Shards } = await client.send(new ListShardsCommand({ StreamName, MaxResults: 1_000 }));
  await Promise.all(Shards!.filter((shard) => !shard.ParentShardId).map((shard) => run(shard.ShardId!)));
  return read;
}

/** By GetRecords; `isOver` = nothing more is written. */
export function polling(client: KinesisClient, StreamName: string, isOver: () => boolean): ReadShard {
  return async (ShardId, take) => {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    for (;;) {
      const isLast = isOver();
      const answer = await client.send(new GetRecordsCommand({ ShardIterator }));
      take(answer.Records!);
      if (answer.NextShardIterator === undefined) return answer.ChildShards!;
      ShardIterator = answer.NextShardIterator;
      const isAtTip = answer.Records!.length === 0 && answer.MillisBehindLatest === 0;
      if (isLast && isAtTip) return undefined;
      if (isAtTip) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
}

/** By SubscribeToShard, a session for each shard; `stop` ends those at the tip of open shards, by the server. */
export async function pushing(
  client: KinesisClient,
  url: string,
  StreamName: string,
): Promise<{ readShard: ReadShard; stop(): Promise<void> }> {
  const { Consumer } = await client.send(
    new RegisterStreamConsumerCommand({ StreamARN: arnOf(StreamName), ConsumerName: 'storm' }),
  );
  const { ConsumerARN } = Consumer!;
  let isStopping = false;
  const readShard: ReadShard = async (ShardId, take) => {
    const own = new KinesisClient({ region, credentials, endpoint: url, maxAttempts: 1 });
    try {
      const StartingPosition = { Type: 'TRIM_HORIZON' as const };
      const { EventStream } = await own.send(new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition }));
      for await (const { SubscribeToShardEvent: event } of EventStream!) {
        take(event!.Records!);
        if (event!.ChildShards) return event!.ChildShards;
      }
    } catch (error) {
      if (!isStopping) throw error;
    } finally {
      own.destroy();
    }
    return undefined;
  };
  const stop = async () => {
    isStopping = true;
    await client.send(new DeregisterStreamConsumerCommand({ ConsumerARN }));
  };
  return { readShard, stop };
}
