import { atTimestamp, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardSource } from '#cloud/streams/source.js';

/**
 * The same stream, as if there were nothing in it from before `startMs` (race-clock epoch). Shards are still read parents
 * first, also those that were closed by then.
 */
export function startingAt(source: ShardSource, startMs: number): ShardSource {
  return {
    ...source,
    open: (shardId, position) => source.open(shardId, position === TRIM_HORIZON ? atTimestamp(startMs) : position),
  };
}
