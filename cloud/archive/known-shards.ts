import type { ShardInfo } from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardSource } from '#cloud/streams/source.js';

/** A source that also remembers who descends from whom, as listings and ends of shards tell it. */
export interface KnownShardSource extends ShardSource {
  parentsOf(shardId: string): string[];
}

/** Shards that no listing has any more: some are read before their end and archived after it. The oldest go first. */
const FORGOTTEN_MAX = 10_000;

export function knownShards(source: ShardSource): KnownShardSource {
  let listed: ReadonlyMap<string, ShardInfo> = new Map();
  /** Named by the end of a shard before a listing had them, or by an earlier listing alone. */
  const others = new Map<string, ShardInfo>();
  const { name, polls, readBytesMax, trimPolicy } = source;
  const remember = (shard: ShardInfo) => {
    others.set(shard.shardId, shard);
    for (const shardId of others.keys()) {
      if (others.size <= FORGOTTEN_MAX) return;
      others.delete(shardId);
    }
  };
  return {
    name,
    polls,
    readBytesMax,
    trimPolicy,
    list: async (signal) => {
      const before = listed;
      listed = await source.list(signal);
      for (const shardId of listed.keys()) others.delete(shardId);
      for (const [shardId, shard] of before) if (!listed.has(shardId)) remember(shard);
      return new Map(listed);
    },
    open: (shardId, position): ShardCursor => {
      const cursor = source.open(shardId, position);
      return {
        next: async (signal) => {
          const read = await cursor.next(signal);
          for (const child of read.children) if (!listed.has(child.shardId)) remember(child);
          return read;
        },
        close: () => cursor.close(),
      };
    },
    parentsOf: (shardId) => (listed.get(shardId) ?? others.get(shardId))?.parents ?? [],
  };
}
