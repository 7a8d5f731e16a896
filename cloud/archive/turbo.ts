import type { ShardInfo } from '#cloud/streams/shard-graph.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import type { Random } from '#wire/random.js';
import type { HeldShard, StreamArchive } from './stream-archive.js';
import { TurboCursor } from './turbo-cursor.js';

export interface TurboOptions {
  archive: StreamArchive;
  /** What is live, aggregates opened as in the archive. Without it a shard ends where its archive does. */
  live?: ShardSource;
  /** What to do about records that neither side has any more: go on and tell the gap (`archive`, the default), or `fail`. */
  trimPolicy?: 'archive' | 'fail';
  /**
   * How often the archive is looked at, with growing waits, until it has what live shows to have gone by. Default 8, some
   * 5 s: an archiver commits as often.
   */
  fillTries?: number;
  /** The clock that the stream stamps arrivals with: how far behind is derived from it. */
  raceClock: Clock;
  random: Random;
}

export interface TurboCounters {
  fromArchive: number;
  fromLive: number;
  /** Shards that went over from archive to live with no record between. */
  handovers: number;
  /** Times that live had gone on without us and the archive had what was between. */
  refills: number;
  /** Records that neither side has. */
  gaps: number;
}

export interface TurboSource extends ShardSource {
  readonly counters: Readonly<TurboCounters>;
}

/** Bytes of a read from the archive: a batch of it is a block of a segment. */
const ARCHIVE_READ_BYTES = 16 * 1_048_576;
/** All of them together stay below a read's watchdog. */
const FILL_TRIES = 8;

/**
 * Turbo mode: one stream out of its archive first and then live, each shard joined where the archive ends. To whoever
 * reads it is a source as any other; TRIM_HORIZON and ARCHIVE_THEN_LIVE are the oldest record that the archive has.
 *
 *     archive  ───────────────●  mark
 *     live              ······●───────────────▶   opened AT the mark: the record there again proves that none is between
 *
 * Where live has lost the mark, the archive is read anew and once more up to its new mark; what neither has is a gap with
 * its bounds. Shards whose records only the archive has are listed, too, so that children come after them.
 *
 * @example
 * const source = turbo({ archive: raceArchive({ reader, race, stream: 'pitwall-race' }), live, raceClock, random });
 * startConsumer({ source, initial: ARCHIVE_THEN_LIVE, positions: {}, … });
 */
export function turbo(options: TurboOptions): TurboSource {
  const { archive, live, trimPolicy = 'archive', fillTries = FILL_TRIES } = options;
  const counters: TurboCounters = { fromArchive: 0, fromLive: 0, handovers: 0, refills: 0, gaps: 0 };
  let archived: ReadonlyMap<string, HeldShard> = new Map();
  let known = new Map<string, ShardInfo>();
  const look = async (signal: AbortSignal) => {
    archived = await archive.shards(signal);
    return archived;
  };
  const context = {
    ...options,
    trimPolicy,
    fillTries,
    counters,
    look,
    find: async (shardId: string, signal: AbortSignal) => archived.get(shardId) ?? (await look(signal)).get(shardId),
    childrenOf: (shardId: string) =>
      [...new Map([...archived, ...known]).values()].filter(({ parents }) => parents.includes(shardId)),
  };
  return {
    name: live?.name ?? archive.name,
    polls: live?.polls ?? true,
    readBytesMax: Math.max(ARCHIVE_READ_BYTES, live?.readBytesMax ?? 0),
    trimPolicy,
    hasArchive: true,
    counters,
    list: async (signal) => {
      const [, listed] = await Promise.all([look(signal), live?.list(signal)]);
      known = new Map([...archived].map(([shardId, shard]) => [shardId, infoOf(shard)]));
      for (const [shardId, shard] of listed ?? []) known.set(shardId, shard);
      return new Map(known);
    },
    open: (shardId, position) => new TurboCursor(context, shardId, position),
  };
}

function infoOf({ shardId, parents, startingHashKey, endingHashKey }: HeldShard): ShardInfo {
  return { shardId, parents, startingHashKey, endingHashKey };
}
