import {
  type ChildShard,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
  type ShardFilter,
} from '@aws-sdk/client-kinesis';
import { type HashRange, toHashKey } from './hash-range.js';
import type { ShardInfo } from './shard-graph.js';

/** Bound on a listing: 10,000 shards is UpdateShardCount's cap, a page holds at least 100. */
const MAX_PAGES = 100;

/** All shards of a stream, also closed ones that still hold records; every page of the listing. */
export async function listShards(
  client: KinesisClient,
  streamName: string,
  abortSignal?: AbortSignal,
): Promise<Map<string, ShardInfo>> {
  const shards = await list(client, { StreamName: streamName }, abortSignal);
  return new Map(shards.map((shard) => [shard.ShardId ?? '', fromShard(shard)]));
}

/** The hash ranges of the shards that take records now. */
export async function listOpenShards(
  client: KinesisClient,
  streamName: string,
  abortSignal?: AbortSignal,
): Promise<Map<string, HashRange>> {
  const first = { StreamName: streamName, ShardFilter: { Type: 'AT_LATEST' } satisfies ShardFilter };
  const shards = await list(client, first, abortSignal);
  return new Map(shards.map((shard) => [shard.ShardId ?? '', rangeOf(shard)]));
}

async function list(
  client: KinesisClient,
  first: { StreamName: string; ShardFilter?: ShardFilter },
  abortSignal: AbortSignal | undefined,
): Promise<Shard[]> {
  const shards: Shard[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    // With a NextToken the stream must not be named again (ListShards, "NextToken").
    const input = nextToken ? { NextToken: nextToken } : first;
    const answer = await client.send(new ListShardsCommand(input), { abortSignal });
    shards.push(...(answer.Shards ?? []));
    nextToken = answer.NextToken;
    if (!nextToken) break;
  }
  return shards;
}

function rangeOf({ HashKeyRange: range }: Shard): HashRange {
  return {
    starting: toHashKey(BigInt(range?.StartingHashKey ?? 0)),
    ending: toHashKey(BigInt(range?.EndingHashKey ?? 0)),
  };
}

function fromShard(shard: Shard): ShardInfo {
  const parents: string[] = [];
  if (shard.ParentShardId) parents.push(shard.ParentShardId);
  if (shard.AdjacentParentShardId) parents.push(shard.AdjacentParentShardId);
  return {
    shardId: shard.ShardId ?? '',
    parents,
    startingHashKey: shard.HashKeyRange?.StartingHashKey ?? '0',
    endingHashKey: shard.HashKeyRange?.EndingHashKey ?? '0',
  };
}

/** What the last GetRecords of a shard says about its children: known before a listing shows them. */
export function fromChildShard(child: ChildShard): ShardInfo {
  return {
    shardId: child.ShardId ?? '',
    parents: child.ParentShards ?? [],
    startingHashKey: child.HashKeyRange?.StartingHashKey ?? '0',
    endingHashKey: child.HashKeyRange?.EndingHashKey ?? '0',
  };
}
