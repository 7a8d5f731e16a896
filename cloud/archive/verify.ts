import { sha256 } from '#cloud/sha256.js';
import { isPlaceAfter, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { readExports } from './export/exports-manifest.js';
import type { ArchivedShard, ArchiveObject, Manifest } from './manifest.js';
import type { ArchiveObjects } from './objects.js';
import { readAhead } from './read-ahead.js';
import { type ArchiveDamage, decodeObject } from './reader.js';

/** One thing that is wrong with the archive of a race. */
export interface ArchiveFinding {
  stream: string;
  shardId: string;
  /** The object's key; the manifest's own for what is wrong between objects. */
  key: string;
  part: ArchiveDamage['part'] | 'manifest';
  /** Byte in the object. */
  from: number;
  what: string;
  /** Records that cannot be read for it. */
  lost: number;
}

export interface VerifiedCounts {
  objects: number;
  bytes: number;
  records: number;
}

export interface VerifyOptions {
  objects: ArchiveObjects;
  manifest: Manifest;
  onFinding(finding: ArchiveFinding): void;
  /** After each object, with all so far. */
  onProgress?(counts: VerifiedCounts): void;
}

/**
 * Reads everything that a manifest names: SHA-256 of each object, CRC and order of each block, running numbers and sequence
 * numbers without a hole from the first object to the mark.
 */
export async function verifyRace(options: VerifyOptions): Promise<VerifiedCounts> {
  const counts: VerifiedCounts = { objects: 0, bytes: 0, records: 0 };
  for (const [stream, shards] of Object.entries(options.manifest.streams)) {
    for (const [shardId, shard] of Object.entries(shards)) await verifyShard(options, stream, shardId, shard, counts);
  }
  return counts;
}

export interface ExportsFinding {
  /** Of the exported file. */
  key: string;
  what: string;
}

/** Reads every file that a race's exports name: SHA-256 of each. Undefined when the race was not exported yet. */
export async function verifyExports(
  objects: ArchiveObjects,
  race: string,
  onFinding: (finding: ExportsFinding) => void,
): Promise<{ files: number; bytes: number } | undefined> {
  const exports = await readExports(objects, race);
  if (!exports) return undefined;
  for (const file of exports.files) {
    const bytes = await objects.get(file.key);
    if (!bytes) onFinding({ key: file.key, what: 'It is not there.' });
    else if (sha256(bytes) !== file.sha256) {
      onFinding({ key: file.key, what: `It has the SHA-256 ${sha256(bytes)}; ${file.sha256} was exported.` });
    }
  }
  return { files: exports.files.length, bytes: exports.files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function verifyShard(
  { objects, onFinding, onProgress }: VerifyOptions,
  stream: string,
  shardId: string,
  shard: ArchivedShard,
  counts: VerifiedCounts,
): Promise<void> {
  const tell = (key: string, what: string, part: ArchiveFinding['part'] = 'manifest') =>
    onFinding({ stream, shardId, key, part, from: 0, what, lost: 0 });
  let before: ArchiveObject | undefined;
  let place = shard.behind;
  for await (const { object, bytes } of readAhead(objects, shard.objects)) {
    const { key, runningFrom } = object;
    const due = before ? before.runningFrom + before.records : runningFrom;
    if (runningFrom !== due) tell(key, `It begins with record ${runningFrom}; ${due} was due.`);
    const damages: ArchiveDamage[] = [];
    let isOrdered = true;
    for await (const records of decodeObject(object, bytes, (damage) => damages.push(damage))) {
      counts.records += records.length;
      for (const record of records) {
        const { sequenceNumber, subSequenceNumber: sub } = record;
        const own = sub === undefined ? sequenceNumber : `${sequenceNumber}:${sub}`;
        if (place !== TRIM_HORIZON && !isPlaceAfter(own, place)) isOrdered = false;
        place = own;
      }
    }
    if (!isOrdered) tell(key, 'Its sequence numbers do not grow.', 'block');
    for (const { part, from, what, lost } of damages) onFinding({ stream, shardId, key, part, from, what, lost });
    if (damages.length === 0 && place !== object.lastSequence) {
      tell(key, `It ends at ${place}; the manifest says ${object.lastSequence}.`);
    }
    place = object.lastSequence;
    counts.objects++;
    counts.bytes += object.bytes;
    onProgress?.(counts);
    before = object;
  }
  if (before && before.lastSequence !== shard.mark) {
    tell(before.key, `The mark is ${shard.mark}; the last object ends at ${before.lastSequence}.`);
  }
}
