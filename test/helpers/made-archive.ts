/** An archive of a race in memory, in the real formats: segments and manifest, written by the test in the archiver's place. */
import { type ArchivedShard, countsOf, type Manifest, manifestKey } from '#cloud/archive/manifest.js';
import type { ArchiveObjects } from '#cloud/archive/objects.js';
import { type ArchiveReader, archiveReader } from '#cloud/archive/reader.js';
import { encodeSegment } from '#cloud/archive/segment.js';
import { sha256 } from '#cloud/sha256.js';
import { positionBehind, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';

export class MadeArchive {
  readonly objects = new Map<string, Buffer>();
  readonly reader: ArchiveReader;
  readonly #manifest: Manifest;

  constructor(race: string, fromMs = 0) {
    const counts = { objects: 0, bytes: 0, records: 0 };
    this.#manifest = {
      v: 1,
      race,
      version: 0,
      fence: 1,
      closed: false,
      fromMs,
      toMs: null,
      counts,
      tables: {},
      streams: {},
    };
    this.reader = archiveReader(this.#store());
    this.commit();
  }

  /** The shard's entry, made if there is none: to ask for it by a wrong descent would be to archive that. */
  shard(stream: string, shardId: string, parents: string[] = []): ArchivedShard {
    this.#manifest.streams[stream] ??= {};
    const shards = this.#manifest.streams[stream];
    shards[shardId] ??= { parents, behind: TRIM_HORIZON, mark: TRIM_HORIZON, ended: false, objects: [], gaps: [] };
    return shards[shardId];
  }

  /** Whether all of the shard is archived; false for one that the archive has not begun, and does not begin by the question. */
  hasEnded(stream: string, shardId: string): boolean {
    return this.#manifest.streams[stream]?.[shardId]?.ended ?? false;
  }

  /** One segment more. It is seen with the next `commit`. */
  async append(stream: string, shardId: string, records: readonly StreamRecord[], parents: string[] = []) {
    const shard = this.shard(stream, shardId, parents);
    const last = shard.objects.at(-1);
    const runningFrom = last ? last.runningFrom + last.records : 1;
    const [fromMs, toMs] = [records[0].arrivalMs, records[records.length - 1].arrivalMs];
    const about = { stream, shardId, parents, fence: 1, runningFrom, fromMs, toMs, tables: {} };
    const bytes = await encodeSegment(about, records);
    const key = `segments/${stream}/${shardId}/${runningFrom}`;
    this.objects.set(key, bytes);
    shard.objects.push({
      key,
      bytes: bytes.length,
      sha256: sha256(bytes),
      records: records.length,
      runningFrom,
      firstSequence: positionBehind(records[0]),
      lastSequence: positionBehind(records[records.length - 1]),
      fromMs,
      toMs,
    });
    shard.mark = positionBehind(records[records.length - 1]);
  }

  commit(): void {
    this.#manifest.version++;
    this.#manifest.counts = countsOf(this.#manifest.streams);
    this.objects.set(manifestKey(this.#manifest.race), Buffer.from(JSON.stringify(this.#manifest)));
  }

  #store(): ArchiveObjects {
    const list = async function* (this: MadeArchive, prefix: string) {
      for (const [key, { length }] of this.objects) if (key.startsWith(prefix)) yield { key, bytes: length };
    };
    return {
      get: async (key) => this.objects.get(key),
      list: list.bind(this),
    };
  }
}
