import type { ShardInfo } from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardSource } from '#cloud/streams/source.js';

/** A source that also remembers who descends from whom, as listings and ends of shards tell it. */
export interface KnownShardSource extends ShardSource {
  parentsOf(shardId: string): string[];
}

export function knownShards(source: ShardSource): KnownShardSource {
  let listed: ReadonlyMap<string, ShardInfo> = new Map();
  /** Named by the end of a shard, until a listing has them. */
  const told = new Map<string, ShardInfo>();
  const { name, polls, readBytesMax, trimPolicy } = source;
  return {
    name,
    polls,
    readBytesMax,
    trimPolicy,
    list: async (signal) => {
      listed = await source.list(signal);
      for (const shardId of listed.keys()) told.delete(shardId);
      return new Map(listed);
    },
    open: (shardId, position): ShardCursor => {
      const cursor = source.open(shardId, position);
      return {
        next: async (signal) => {
          const read = await cursor.next(signal);
          for (const child of read.children) if (!listed.has(child.shardId)) told.set(child.shardId, child);
          return read;
        },
        close: () => cursor.close(),
      };
    },
    parentsOf: (shardId) => (listed.get(shardId) ?? told.get(shardId))?.parents ?? [],
  };
}
