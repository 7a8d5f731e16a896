import { isAfter, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { ArchivedShard, ArchiveGap, Manifest } from './manifest.js';
import type { ArchiveDamage, ArchiveReader } from './reader.js';
import type { ArchivedBatch, HeldShard, StreamArchive } from './stream-archive.js';

export interface RaceArchiveOptions {
  reader: ArchiveReader;
  race: string;
  /** The stream's name. */
  stream: string;
  /** Told of damaged objects; the records that they cost are a hole that turbo fills or tells. */
  onDamage?(damage: ArchiveDamage): void;
}

/**
 * One stream of an archived race. A look is the manifest, read anew; raises PW-ARCHIVE-NO-RACE and PW-ARCHIVE-DAMAGED.
 *
 * @example
 * const archive = raceArchive({ reader: createArchiveReader({ s3, bucket }), race, stream: 'pitwall-race' });
 */
export function raceArchive(options: RaceArchiveOptions): StreamArchive {
  const { reader, race, stream } = options;
  return {
    name: stream,
    shards: async () => {
      const manifest = await reader.manifest(race);
      const shards = Object.entries(manifest.streams[stream] ?? {});
      return new Map(shards.map(([shardId, shard]) => [shardId, heldShard(options, manifest, shardId, shard)]));
    },
  };
}

function heldShard(options: RaceArchiveOptions, manifest: Manifest, shardId: string, shard: ArchivedShard): HeldShard {
  const { parents, mark, ended, objects, gaps } = shard;
  return {
    shardId,
    parents,
    mark: objects.length > 0 ? mark : undefined,
    // An end that the archiver did not see itself is no end to be sure of.
    ended: ended && gaps.every(({ upTo }) => upTo !== null),
    read: (after, signal) => readHeld(options, { manifest, shardId, shard, after, signal }),
  };
}

interface HeldRead {
  manifest: Manifest;
  shardId: string;
  shard: ArchivedShard;
  after: ShardPosition | undefined;
  signal: AbortSignal;
}

async function* readHeld(
  { reader, stream, onDamage }: RaceArchiveOptions,
  { manifest, shardId, shard, after, signal }: HeldRead,
): AsyncGenerator<ArchivedBatch> {
  // The manifest begins behind a reader that has not read what earlier races' manifests have.
  let isBehindHole = after !== undefined && isHoleBefore(shard, after);
  const tell = (damage: ArchiveDamage) => {
    if (damage.lost > 0) isBehindHole = true;
    onDamage?.(damage);
  };
  const request = { manifest, stream, shardId, after: after ?? TRIM_HORIZON, onDamage: tell, signal };
  let place = after;
  for await (const records of reader.read(request)) {
    for (const part of splitAtGaps(records, place, shard.gaps)) {
      yield { ...part, isBehindHole: isBehindHole || part.isBehindHole };
      isBehindHole = false;
    }
    place = records[records.length - 1].sequenceNumber;
  }
}

function isHoleBefore({ behind }: ArchivedShard, after: ShardPosition): boolean {
  const [sequenceNumber] = behind.split(':');
  return behind !== TRIM_HORIZON && isAfter({ sequenceNumber }, after);
}

/** The records in parts, each behind one of the gaps that the archiver told; `place` is that of the record before them. */
function splitAtGaps(
  records: readonly StreamRecord[],
  place: ShardPosition | undefined,
  gaps: readonly ArchiveGap[],
): ArchivedBatch[] {
  const parts: ArchivedBatch[] = [];
  let from = 0;
  let isBehindHole = false;
  for (const { upTo } of gaps) {
    if (upTo === null || (place !== undefined && !isAfter({ sequenceNumber: upTo }, place))) continue;
    const at = records.findIndex(({ sequenceNumber }) => sequenceNumber === upTo);
    if (at === -1) continue;
    if (at > from) parts.push({ records: records.slice(from, at), isBehindHole });
    from = at;
    isBehindHole = true;
  }
  return [...parts, { records: records.slice(from), isBehindHole }];
}
