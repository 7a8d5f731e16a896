import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import type { ChannelSpec } from '#wire/messages.js';

/**
 * One segment in the bucket. Written once, never changed. Segments of a shard follow each other without a hole:
 * `runningFrom + records` is the next one's `runningFrom`.
 */
export interface ArchiveObject {
  key: string;
  bytes: number;
  /** Of the whole object, hex. */
  sha256: string;
  records: number;
  /** Running number of its first record; every shard counts from 1. */
  runningFrom: number;
  /** `positionBehind` of its first and last record: `123`, or `123:4` out of an aggregate. */
  firstSequence: ShardPosition;
  lastSequence: ShardPosition;
  /** Event times of its records, race-clock epoch ms; arrival where a record has none. */
  fromMs: number;
  toMs: number;
}

/** Records that the stream had trimmed before they could be archived. */
export interface ArchiveGap {
  behind: ShardPosition;
  /** The first record after it; null when nothing of the shard was left. */
  upTo: string | null;
}

export interface ArchivedShard {
  parents: string[];
  /** What comes before `objects`: TRIM_HORIZON, or a place, up to which earlier races' manifests have the shard. */
  behind: ShardPosition;
  /** The contiguous mark: everything behind `behind` and up to it is in `objects`. TRIM_HORIZON before the first record. */
  mark: ShardPosition;
  /** The shard was read to its end: nothing will ever come behind `mark`. */
  ended: boolean;
  /** Ascending, contiguous. */
  objects: ArchiveObject[];
  gaps: ArchiveGap[];
}

export interface ManifestCounts {
  objects: number;
  bytes: number;
  records: number;
}

/**
 * What the archive has of one race: a view of the ledger, `races/<race>/manifest.json` in the bucket. It begins before the
 * session was opened (agents that had booted by then, their channel tables) and goes on after it was closed with what came
 * late, until the next session is opened; so two races' manifests may name the same object.
 */
export interface Manifest {
  v: 1;
  race: string;
  /** Grows with every write. */
  version: number;
  /** Of the archiver that wrote it. */
  fence: number;
  /** The session's close is archived. */
  closed: boolean;
  fromMs: number;
  toMs: number | null;
  counts: ManifestCounts;
  /** Every channel table that the frames of the race may name, by hash. */
  tables: Record<string, readonly ChannelSpec[]>;
  /** By stream name, then by shard id. */
  streams: Record<string, Record<string, ArchivedShard>>;
}

export function manifestKey(race: string): string {
  return `races/${race}/manifest.json`;
}

/** The race of a manifest's key; undefined for any other key. */
export function raceOfKey(key: string): string | undefined {
  return /^races\/([^/]+)\/manifest\.json$/.exec(key)?.[1];
}

export function countsOf(streams: Manifest['streams']): ManifestCounts {
  const counts: ManifestCounts = { objects: 0, bytes: 0, records: 0 };
  for (const shards of Object.values(streams)) {
    for (const { objects } of Object.values(shards)) {
      counts.objects += objects.length;
      for (const { bytes, records } of objects) {
        counts.bytes += bytes;
        counts.records += records;
      }
    }
  }
  return counts;
}
