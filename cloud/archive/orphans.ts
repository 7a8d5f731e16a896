import { readExports } from './export/exports-manifest.js';
import type { ArchivedShard, Manifest } from './manifest.js';
import type { ArchiveObjects } from './objects.js';
import { archiveReader } from './reader.js';

/** An object that no manifest names: nothing reads it, and nothing is missing for it. */
export interface Orphan {
  key: string;
  bytes: number;
  /**
   * `uncommitted`: put by an archiver that ended before its commit; its records are in another object. `noRace`: committed,
   * or about to be, outside of every race's time. `export`: of an earlier export of the race, or one that was not finished.
   */
  why: 'uncommitted' | 'noRace' | 'export';
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
    for (const shardId of Object.keys(shards)) {
      const prefix = `segments/${stream}/${shardId}/`;
      for await (const { key, bytes } of objects.list(prefix)) {
        if (named.has(key)) continue;
        const running = Number.parseInt(key.slice(prefix.length), 10);
        const isWithin = (spans.get(prefix) ?? []).some(({ from, to }) => running >= from && running < to);
        yield { key, bytes, why: isWithin ? 'uncommitted' : 'noRace' };
      }
    }
  }
  const exports = await readExports(objects, manifest.race);
  const files = new Set(exports?.files.map(({ key }) => key));
  for await (const { key, bytes } of objects.list(`exports/${manifest.race}/`)) {
    if (!files.has(key) && !key.endsWith('/manifest.json')) yield { key, bytes, why: 'export' };
  }
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
