import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { readExports } from './export/exports-manifest.js';
import type { ArchivedShard, Manifest } from './manifest.js';
import type { ArchiveObjects } from './objects.js';
import { archiveReader } from './reader.js';

/** An object that no manifest names: nothing reads it, and nothing is missing for it. */
export interface Orphan {
  key: string;
  bytes: number;
  /**
   * `uncommitted`: put by an archiver that ended before its commit; its records are in another object. `notYet`: behind the
   * last one that a manifest names; while an archiver runs, its commit or the next manifest takes it in. `noRace`: before or
   * between races. `export`: of an earlier export of the race, or one that was not finished.
   */
  why: 'uncommitted' | 'notYet' | 'noRace' | 'export';
}

interface Span {
  from: number;
  /** Behind the last record. */
  to: number;
}

/**
 * Objects beside those of a race: segments in the shards that its manifest names, and files below its exports, which no
 * manifest of any race names.
 */
export async function* orphansOf(objects: ArchiveObjects, manifest: Manifest): AsyncGenerator<Orphan> {
  const { named, spans } = await everyRace(objects);
  for (const [stream, shards] of Object.entries(manifest.streams)) {
    for (const [shardId, shard] of Object.entries(shards)) {
      const prefix = `segments/${stream}/${shardId}/`;
      for await (const { key, bytes } of objects.list(prefix)) {
        if (named.has(key)) continue;
        const running = Number.parseInt(key.slice(prefix.length), 10);
        yield { key, bytes, why: whyUnnamed(running, spans.get(prefix) ?? [], shard) };
      }
    }
  }
  const exports = await readExports(objects, manifest.race);
  const files = new Set(exports?.files.map(({ key }) => key));
  for await (const { key, bytes } of objects.list(`exports/${manifest.race}/`)) {
    if (!files.has(key) && !key.endsWith('/manifest.json')) yield { key, bytes, why: 'export' };
  }
}

/** `running`: number of its first record. */
function whyUnnamed(running: number, spans: readonly Span[], { behind }: ArchivedShard): Orphan['why'] {
  if (spans.some(({ from, to }) => running >= from && running < to)) return 'uncommitted';
  // Of a shard that no manifest names an object of, what is archived before the race is known by `behind` alone.
  const isNewer = spans.length > 0 ? spans.every(({ to }) => running >= to) : behind === TRIM_HORIZON;
  return isNewer ? 'notYet' : 'noRace';
}

/** What all manifests together name, and which records of a shard, by the prefix of its segments, they hold. */
async function everyRace(objects: ArchiveObjects): Promise<{ named: Set<string>; spans: Map<string, Span[]> }> {
  const reader = archiveReader(objects);
  const named = new Set<string>();
  const spans = new Map<string, Span[]>();
  for (const race of await reader.races()) {
    for (const [stream, shards] of Object.entries((await reader.manifest(race)).streams)) {
      for (const [shardId, shard] of Object.entries(shards)) {
        for (const { key } of shard.objects) named.add(key);
        const span = spanOf(shard);
        const prefix = `segments/${stream}/${shardId}/`;
        if (span) spans.set(prefix, [...(spans.get(prefix) ?? []), span]);
      }
    }
  }
  return { named, spans };
}

function spanOf({ objects }: ArchivedShard): Span | undefined {
  const last = objects.at(-1);
  return last && { from: objects[0].runningFrom, to: last.runningFrom + last.records };
}
