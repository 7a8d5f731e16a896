import { type ChildShard, type KinesisClient, ListShardsCommand, type Shard } from '@aws-sdk/client-kinesis';
import type { ShardInfo } from './shard-graph.js';

/** Bound on a listing: 10,000 shards is UpdateShardCount's cap, a page holds at least 100. */
const MAX_PAGES = 100;

/** All shards of a stream, also closed ones that still hold records; every page of the listing. */
export async function listShards(client: KinesisClient, streamName: string, abortSignal?: AbortSignal) {
  const shards = new Map<string, ShardInfo>();
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    // With a NextToken the stream must not be named again (ListShards, "NextToken").
    const input = nextToken ? { NextToken: nextToken } : { StreamName: streamName };
    const answer = await client.send(new ListShardsCommand(input), { abortSignal });
    for (const shard of answer.Shards ?? []) {
      const info = fromShard(shard);
      shards.set(info.shardId, info);
    }
    nextToken = answer.NextToken;
    if (!nextToken) break;
  }
  return shards;
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
